internal import ControlCore
internal import ServingModel

/// A step comes back.
extension GenerationScheduler {
    mutating func stepped(
        _ result: StepResult, at now: Instant, into actions: inout GenerationActions
    ) {
        precondition(device == .stepping, "a step came back that was not in flight")
        device = .idle
        switch result {
        case .success:
            failures = 0
            squeezes = 0
            room.grow(held: keyValueTokens)
            let took = draft.started.interval(to: now) - draft.copying
            let others = cost.mean(
                tokens: draft.decodes,
                keyValueTokens: draft.keyValueTokens - draft.promptContext)
            let all = cost.mean(tokens: draft.tokens, keyValueTokens: draft.keyValueTokens)
            pace.observe(took: took, others: others, prompts: all - others)
            cost.observe(
                tokens: draft.tokens, keyValueTokens: draft.keyValueTokens, took: took)
            for place in draft.riders { commit(place, at: now, into: &actions) }
        case .failure:
            if !undo(at: now, into: &actions) { failures += 1 }
            if failures >= Self.mostFailures { giveUpRiders(at: now, into: &actions) }
        case .outOfMemory:
            room.shrink(held: keyValueTokens - draft.tokens, fed: draft.tokens)
            _ = undo(at: now, into: &actions)
            squeezes += 1
            squeeze(at: now, into: &actions)
        }
        draft.clear()
    }

    /// Steps that may fail in a row before their requests are given up.
    static let mostFailures = 3

    /// Books what a request has fed and produced.
    private mutating func commit(
        _ place: Int32, at now: Instant, into actions: inout GenerationActions
    ) {
        precondition(!table[place].isLost, "request \(table[place].id) fed what was lost")
        table[place].length += table[place].riding
        table[place].riding = 0
        if table[place].need == 0 {
            table[place].generated += 1
            if table[place].firstToken == nil { table[place].firstToken = now }
            counters?.chargeOutput(table[place].account)
        }
        if table[place].length >= table[place].promptTokens {
            retain(place, at: now, into: &actions)
        }
        guard !settle(place, at: now, into: &actions) else { return }
        precondition(
            table[place].generated < table[place].maxNewTokens,
            "request \(table[place].id) has produced all its tokens and was not finished")
    }

    /// Ends a request that was waiting for the step to end; `false` when it goes on.
    @discardableResult
    private mutating func settle(
        _ place: Int32, at now: Instant, into actions: inout GenerationActions
    ) -> Bool {
        let entry = table[place]
        guard entry.ending != .none else { return false }
        if entry.ending == .finished {
            predictor.note(entry)
            retainAnswer(place, at: now, into: &actions)
        }
        release(place, into: &actions)
        end(place, at: now)
        if entry.ending == .cancelled { actions.append(.cancelled(entry.id)) }
        return true
    }

    /// Takes back a step in which nothing was fed. Those who have ended leave it, and those who have lost what
    /// they held; answers whether there were any of the latter.
    private mutating func undo(at now: Instant, into actions: inout GenerationActions) -> Bool {
        var hasLost = false
        for place in draft.riders {
            slotTokens -= table[place].riding
            table[place].riding = 0
        }
        for index in draft.riders.indices.reversed() {
            let place = draft.riders[index]
            if settle(place, at: now, into: &actions) {
                draft.riders.remove(at: index)
            } else if table[place].isLost {
                hasLost = true
                draft.riders.remove(at: index)
                drop(place, into: &actions)
            }
        }
        return hasLost
    }

    /// The device cannot compute these requests: they end.
    private mutating func giveUpRiders(at now: Instant, into actions: inout GenerationActions) {
        failures = 0
        for place in draft.riders { giveUp(place, .noInstance, at: now, into: &actions) }
    }

    private mutating func giveUp(
        _ place: Int32, _ reason: RejectReason, at now: Instant,
        into actions: inout GenerationActions
    ) {
        let id = table[place].id
        release(place, into: &actions)
        end(place, at: now)
        reject(id, reason, into: &actions)
    }

    /// The engine had no room for a step that the books had room for. The room that was learnt from it makes
    /// the next step smaller, and the cache or the request that is worth least leaves for it. Where that does
    /// not help, all of the cache goes, then requests, down to the last one.
    private mutating func squeeze(at now: Instant, into actions: inout GenerationActions) {
        guard squeezes > 1 else { return }
        if cache.idleTokens > 0 {
            while let node = cache.leastValuable(at: now) { evict(node, into: &actions) }
        } else if table.running.count > 1, let victim = leastWorthy() {
            preempt(victim, into: &actions)
        } else if let last = table.running.first {
            giveUp(last, .memoryExceeded, at: now, into: &actions)
        }
    }

    // MARK: The device

    /// All that slots and cache held is gone; who ran waits again.
    mutating func loseDevice(at now: Instant, into actions: inout GenerationActions) {
        guard device != .absent else { return }
        device = .absent
        while let place = table.running.last {
            let entry = table[place]
            vacate(place)
            table[place].isRetained = false
            if entry.ending == .none {
                table.suspend(place)
                actions.append(.preempted(entry.id))
            } else {
                end(place, at: now)
                if entry.ending == .cancelled { actions.append(.cancelled(entry.id)) }
            }
        }
        cache.removeAll()
        room.forget()
        draft.clear()
    }
}
