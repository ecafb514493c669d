package import ServingModel

/// What a scheduler wants done. Every accepted request appears in exactly one terminal action: as a
/// member of one launch, in one reject, or in one cancellation.
package enum Action: Sendable, Equatable {
    /// Run a batch on an idle instance.
    case launch(Launch)

    /// End a request without running it; `retryAfter` estimates when the backlog will have passed.
    case reject(RequestID, RejectReason, retryAfter: Interval)

    /// A waiting request was taken out at its client's wish.
    case cancelled(RequestID)
}

/// A batch that starts now.
package struct Launch: Sendable, Equatable {
    /// The instance that runs it, idle until now.
    package var instance: InstanceID
    /// Number of the batch.
    package var batch: BatchID
    /// Where the members' ids stand in ``ActionBuffer/members``.
    package var members: Range<Int>
    /// Rows of all members together.
    package var rows: Int
    /// The promised duration.
    package var predicted: Interval
    /// The variant of the model that computes it.
    package var variant: VariantIndex
    /// Units that every row is padded to; 0 when the model does not pad.
    package var paddedLength: Int

    /// Makes a launch; see the properties.
    package init(
        instance: InstanceID, batch: BatchID, members: Range<Int>, rows: Int, predicted: Interval,
        variant: VariantIndex = .full, paddedLength: Int = 0
    ) {
        self.instance = instance
        self.batch = batch
        self.members = members
        self.rows = rows
        self.predicted = predicted
        self.variant = variant
        self.paddedLength = paddedLength
    }
}

/// Actions of one or more steps, in order; reused by the shell so that a step allocates nothing.
package struct ActionBuffer: Sendable, Equatable {
    /// The actions, in the order in which they were decided.
    package private(set) var actions: [Action] = []

    /// Ids of all launched requests; each ``Launch`` names its part.
    package private(set) var members: [RequestID] = []

    /// Which rule sized each launch, in the order of the launches.
    package private(set) var rules: [LaunchRule] = []

    /// An empty buffer.
    package init() {}

    /// The ids that ride in `launch`.
    package func members(of launch: Launch) -> ArraySlice<RequestID> {
        members[launch.members]
    }

    /// Empties the buffer and keeps its memory.
    package mutating func removeAll() {
        actions.removeAll(keepingCapacity: true)
        members.removeAll(keepingCapacity: true)
        rules.removeAll(keepingCapacity: true)
    }

    mutating func append(_ action: Action) { actions.append(action) }

    mutating func append(_ launch: Launch, by rule: LaunchRule) {
        actions.append(.launch(launch))
        rules.append(rule)
    }

    /// Empties the list of actions alone, after somebody has passed them on.
    mutating func removeActions() {
        actions.removeAll(keepingCapacity: true)
        rules.removeAll(keepingCapacity: true)
    }

    mutating func board(_ id: RequestID) { members.append(id) }
}
