package import ServingModel

/// Everything that can happen to a ``DeviceGroup``.
package enum GroupEvent: Sendable, Equatable {
    /// A request for a model came in. A following arrival of the same instant may be for another model.
    case arrived(ModelIndex, Arrival)

    /// The client of a request gave up. Ignored when the request is no longer waiting.
    case cancelled(ModelIndex, RequestID)

    /// An instance finished its batch; its devices are free.
    case completed(ModelIndex, InstanceID, BatchResult)

    /// An instance is in the memory of its devices, as ordered by ``GroupAction/load(_:_:)``.
    case loaded(ModelIndex, InstanceID)

    /// An instance could not be loaded; it is tried again later.
    case loadFailed(ModelIndex, InstanceID)

    /// A device is ready for work, for the first time or again.
    case deviceReady(DeviceIndex)

    /// A device will take no more work; what was in its memory is gone. A batch that it runs completes.
    case deviceLost(DeviceIndex)

    /// The wake-up asked for by ``DeviceGroup/nextWakeup``.
    case timerFired

    /// Requests that the shell turned away unseen, because of ``DeviceGroup/earliestDeadline(of:_:at:)``.
    case turnedAway(ModelIndex, ClassIndex, rows: Int)

    /// No further arrivals are accepted; what waits is still served.
    case draining
}

/// What a ``DeviceGroup`` wants done, to be carried out in order: the memory of an unload is free before
/// what follows it begins.
package enum GroupAction: Sendable, Equatable {
    /// What a model's scheduler decided: to launch a batch, which occupies all devices of its instance,
    /// to reject a request, or to take one out.
    case model(ModelIndex, Action)

    /// Bring an instance into the memory of its devices and report ``GroupEvent/loaded(_:_:)``.
    case load(ModelIndex, InstanceID)

    /// Take an idle instance out of the memory of its devices.
    case unload(ModelIndex, InstanceID)
}

/// Actions of one or more steps, in order; reused by the shell so that a step allocates nothing.
package struct GroupActionBuffer: Sendable, Equatable {
    /// The actions, in the order in which they were decided.
    package private(set) var actions: [GroupAction] = []

    /// Decisions of the model that is being told something, and the members of all launches.
    var inner = ActionBuffer()

    /// An empty buffer.
    package init() {}

    /// Ids of all launched requests; each launch names its part.
    package var members: [RequestID] { inner.members }

    /// The ids that ride in `launch`.
    package func members(of launch: Launch) -> ArraySlice<RequestID> {
        inner.members(of: launch)
    }

    /// Empties the buffer and keeps its memory.
    package mutating func removeAll() {
        actions.removeAll(keepingCapacity: true)
        inner.removeAll()
    }

    mutating func append(_ action: GroupAction) { actions.append(action) }
}
