internal import ControlCore
internal import ServingModel

/// Requests lose their slots because memory is short.
extension GenerationScheduler {
    /// Takes the slot of a request that does not ride the step in flight: it waits again, with what it held
    /// swapped out if copying it twice is quicker than computing it again.
    mutating func preempt(_ place: Int32, into actions: inout GenerationActions) {
        unboard(place)
        let entry = table[place]
        draft.hasPreempted = true
        preemptions += 1
        let isKept = isWorthSwapping(entry)
        if isKept {
            actions.append(.swapOut(entry.id, SlotID(Int(entry.slot))))
            vacate(place)
        } else {
            release(place, into: &actions)
        }
        table[place].isRetained = false
        table.suspend(place)
        if isKept, let swap = configuration.swap {
            table.setLength(entry.length, ofWaiting: place)
            table[place].isSwapped = true
            hostTokens += entry.length
            draft.copying = draft.copying + swap.time(tokens: entry.length)
        }
        actions.append(.preempted(entry.id))
    }

    /// What somebody held of a request is lost. It is computed again, as if it had been pre-empted; one that
    /// rides as soon as its step comes back.
    mutating func forget(_ id: RequestID, into actions: inout GenerationActions) {
        guard let place = table.place(of: id) else { return }
        let entry = table[place]
        if entry.riding > 0 {
            table[place].isLost = true
        } else if entry.isRunning {
            drop(place, into: &actions)
        } else if entry.isSwapped {
            hostTokens -= entry.length
            table[place].isSwapped = false
            table.setLength(0, ofWaiting: place)
        }
    }

    /// Takes the slot of a request that has to be computed again; it does not ride.
    mutating func drop(_ place: Int32, into actions: inout GenerationActions) {
        preemptions += 1
        release(place, into: &actions)
        table[place].isRetained = false
        table.suspend(place)
        actions.append(.preempted(table[place].id))
    }

    private func isWorthSwapping(_ entry: GenerationEntry) -> Bool {
        guard let swap = configuration.swap, entry.length > 0,
            hostTokens + entry.length <= swap.maxTokens
        else { return false }
        let recompute = Interval(milliseconds: cost.perToken * Double(entry.length - entry.shared))
        return swap.time(tokens: entry.length) * 2 < recompute
    }

    /// Who loses its slot first, by the policy; `nil` when nobody runs.
    func leastWorthy() -> Int32? {
        switch configuration.policy {
        case .slackAware: longestOfLeastClass()
        case .vllmPriority: lastOfLeastClass()
        default: table.running.last
        }
    }

    /// The request of the least class with the longest rest: it would hold its memory longest.
    private func longestOfLeastClass() -> Int32? {
        var worst: Int32?
        var worstKey = (0, 0, UInt64(0))
        for place in table.running {
            let entry = table[place]
            let key = (entry.priorityClass, predictor.rest(entry), entry.sequence)
            if worst == nil || key > worstKey {
                worst = place
                worstKey = key
            }
        }
        return worst
    }

    private func lastOfLeastClass() -> Int32? {
        table.running.max {
            (table[$0].priorityClass, table[$0].sequence)
                < (table[$1].priorityClass, table[$1].sequence)
        }
    }
}
