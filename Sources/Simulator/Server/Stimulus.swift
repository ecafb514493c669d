package import SchedulerCore
package import ServingModel

/// What the world outside does to a server, as opposed to what its devices answer.
package struct Stimulus: Sendable, Equatable {
    /// The kinds of stimulus.
    package enum Kind: Sendable, Equatable {
        /// A request comes.
        case arrive(Arrival)
        /// A client gives up.
        case cancel(RequestID)
        /// An instance is taken out of service.
        case lose(InstanceID)
        /// An instance comes back.
        case restore(InstanceID)
        /// What an idle instance computes with leaves memory, and is expected back.
        case hold(InstanceID, until: Instant)
        /// An instance that went may show with one request whether it works again.
        case probe(InstanceID)
        /// The server stops taking requests.
        case drain
        /// Batches get a limit of rows.
        case limit(rows: Int)
        /// The queue gets a limit of requests.
        case limitQueue(requests: Int)
        /// Batches begin the ladder of variants here.
        case prefer(VariantIndex)
        /// A cheaper variant is loaded or unloaded.
        case variant(VariantIndex, isResident: Bool)
    }

    /// When it happens.
    package var at: Instant

    /// What happens.
    package var kind: Kind

    /// Makes a stimulus.
    package init(at: Instant, _ kind: Kind) {
        self.at = at
        self.kind = kind
    }

    /// The stimulus, whose arrival announces another one only if `next` is one of the same instant:
    /// a list of stimuli stays valid when some are taken out of it.
    func truthful(before next: Stimulus?) -> Stimulus {
        guard case .arrive(var arrival) = kind, arrival.isFollowed else { return self }
        if let next, case .arrive = next.kind, next.at == at { return self }
        arrival.isFollowed = false
        return Stimulus(at: at, .arrive(arrival))
    }
}
