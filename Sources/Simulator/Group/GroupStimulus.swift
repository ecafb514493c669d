package import SchedulerCore
package import ServingModel

/// What the world outside does to a server of several models.
package struct GroupStimulus: Sendable, Equatable {
    /// The kinds of stimulus.
    package enum Kind: Sendable, Equatable {
        /// A request for a model comes.
        case arrive(ModelIndex, Arrival)
        /// A client gives up.
        case cancel(ModelIndex, RequestID)
        /// A device is taken out of service.
        case lose(DeviceIndex)
        /// A device comes back.
        case restore(DeviceIndex)
        /// The server stops taking requests.
        case drain
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

    /// The stimulus, whose arrival announces another one only if `next` is one of the same instant.
    func truthful(before next: GroupStimulus?) -> GroupStimulus {
        guard case .arrive(let model, var arrival) = kind, arrival.isFollowed else { return self }
        if let next, case .arrive = next.kind, next.at == at { return self }
        arrival.isFollowed = false
        return GroupStimulus(at: at, .arrive(model, arrival))
    }
}

/// The traffic of several models, one stream each, merged in order of time; of one instant, the model
/// with the lower number comes first.
package struct MergedTraffic: Sequence, IteratorProtocol {
    private var streams: [AnyIterator<Stimulus>]
    private var heads: [Stimulus?]
    private var others: ArraySlice<GroupStimulus>

    /// Merges one stream for each model, and what happens to the devices, in order of time. Stimuli of a
    /// stream other than arrivals and cancels are left out: they speak of one model's instances.
    package init(_ streams: [AnyIterator<Stimulus>], beside others: [GroupStimulus] = []) {
        self.streams = streams
        self.others = others[...]
        heads = streams.map { $0.next() }
    }

    /// The next stimulus of any model.
    package mutating func next() -> GroupStimulus? {
        while true {
            var earliest: Int?
            for index in heads.indices {
                guard let head = heads[index] else { continue }
                if let best = earliest, let other = heads[best], other.at <= head.at { continue }
                earliest = index
            }
            guard let earliest, let stimulus = heads[earliest] else { return others.popFirst() }
            if let other = others.first, other.at <= stimulus.at { return others.popFirst() }
            heads[earliest] = streams[earliest].next()
            let model = ModelIndex(earliest)
            switch stimulus.kind {
            case .arrive(let arrival):
                return GroupStimulus(at: stimulus.at, .arrive(model, arrival))
            case .cancel(let id): return GroupStimulus(at: stimulus.at, .cancel(model, id))
            case .lose, .restore, .probe, .drain, .limit, .limitQueue, .prefer, .variant, .hold:
                continue
            }
        }
    }
}
