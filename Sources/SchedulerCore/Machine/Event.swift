package import ServingModel

/// Everything that can happen to a scheduler. Payload-free: ids, sizes, classes and times only.
package enum Event: Sendable, Equatable {
    /// A request came in. Its arrival time is the time of the event.
    case arrived(Arrival)

    /// The client gave up. Ignored when the request is no longer waiting.
    case cancelled(RequestID)

    /// An instance finished its batch and is idle.
    case completed(InstanceID, BatchResult)

    /// An instance is ready for work, for the first time or again.
    case instanceReady(InstanceID)

    /// An instance will take no more work. A batch that it runs still completes.
    case instanceLost(InstanceID)

    /// An instance that was lost may serve one request alone, to show whether it works again. Afterwards
    /// it is lost as before, unless it reports ready meanwhile. Ignored while it still runs a batch.
    case probe(InstanceID)

    /// The wake-up asked for by ``Scheduler/nextWakeup``.
    case timerFired

    /// The shell turned requests of a class away because ``Scheduler/earliestDeadline(of:at:)`` told that
    /// they would be late. They never arrived, but they are traffic.
    case turnedAway(ClassIndex, rows: Int)

    /// No further arrivals are accepted; what waits is still served.
    case draining

    /// An instance of an arbitrated scheduler may start one batch now; see ``DeviceGroup``.
    case granted(InstanceID, Grant)

    /// An instance is expected to be granted, or ready, at `until` and not earlier. One that is idle is kept
    /// from working until it reports ready: what it computes with is not in memory. Requests are judged by
    /// that time and wait. Ignored while it runs a batch, and where it is lost.
    case held(InstanceID, until: Instant)

    /// From now on a batch has at most so many rows, because more do not fit the memory; no more than
    /// the scheduler was built for. A request that is larger rides alone.
    case limited(rows: Int)

    /// From now on at most so many requests may wait, because the memory is short; no more than the
    /// scheduler was built for. Those beyond are refused, the lightest and latest due first.
    case queueLimited(requests: Int)

    /// From now on batches are computed by this variant or a cheaper one, where their requests allow it
    /// and it is loaded; the full model for no preference.
    case preferred(VariantIndex)

    /// A cheaper variant was loaded, and batches may use it, or unloaded. The full model is never
    /// spoken of.
    case variant(VariantIndex, isResident: Bool)
}

/// A request as it enters the machine.
package struct Arrival: Sendable, Equatable {
    /// The shell's name for the request; unique among those that wait or run.
    package var id: RequestID
    /// Priority class; beyond the table means the last class.
    package var priorityClass: ClassIndex
    /// When the answer must be ready; ``Instant/distantFuture`` when the client set no limit.
    package var deadline: Instant
    /// Rows it adds to a batch, at least 1.
    package var rows: Int
    /// Payload bytes held while it waits.
    package var bytes: Int
    /// Only requests of equal shape share a batch.
    package var shape: ShapeID
    /// Whether another arrival of the same instant follows: batches form after the last of them, so
    /// that requests which came in together can ride together.
    package var isFollowed: Bool
    /// On whose behalf it is made; matters where ``SchedulerConfiguration/tenants`` is set.
    package var tenant: TenantID
    /// Units that one of its rows is long before padding, such as tokens; 0 when the model does not pad.
    /// Matters where ``SchedulerConfiguration/lengths`` is set.
    package var length: Int
    /// What it is about: it ends a waiting request of the same tenant and key, and is ended by the next.
    package var supersedes: SupersedeKey?
    /// Whether a cheaper variant of the model will do when there is too much work for the full one.
    package var allowsCheaperVariant: Bool
    /// What kind of input it is; matters where ``SchedulerConfiguration/modalities`` is set.
    package var modality: ModalityIndex

    /// Makes an arrival; see the properties.
    package init(
        id: RequestID, priorityClass: ClassIndex, deadline: Instant, rows: Int = 1, bytes: Int = 0,
        shape: ShapeID = ShapeID(0), isFollowed: Bool = false, tenant: TenantID = .none,
        length: Int = 0, supersedes: SupersedeKey? = nil, allowsCheaperVariant: Bool = true,
        modality: ModalityIndex = ModalityIndex(0)
    ) {
        self.id = id
        self.priorityClass = priorityClass
        self.deadline = deadline
        self.rows = rows
        self.bytes = bytes
        self.shape = shape
        self.isFollowed = isFollowed
        self.tenant = tenant
        self.length = length
        self.supersedes = supersedes
        self.allowsCheaperVariant = allowsCheaperVariant
        self.modality = modality
    }
}

/// The shell's number for one combination of input shapes, batch dimension excluded.
package struct ShapeID: Hashable, Sendable {
    /// The number.
    package var rawValue: UInt64

    /// Wraps a number.
    package init(_ rawValue: UInt64) {
        self.rawValue = rawValue
    }
}

/// How a batch ended, as far as the latency model is concerned.
package enum BatchResult: Sendable, Equatable {
    /// It ran; its duration is a sample.
    case success
    /// It failed; its duration says nothing about the device.
    case failure
}
