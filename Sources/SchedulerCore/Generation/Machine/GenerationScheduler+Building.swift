internal import ControlCore
internal import ServingModel

/// Puts a step together. Policies choose; what they choose goes through here.
extension GenerationScheduler {
    /// Starts a step if the device is idle and anything can run.
    mutating func launch(
        within longest: Interval, at now: Instant, into actions: inout GenerationActions
    ) {
        guard device == .idle, table.count > 0 else { return }
        draft.clear()
        plan(within: longest, at: now, into: &actions)
        // Requests that hold all the memory but cannot feed a token are in each other's way.
        while draft.riders.isEmpty, let victim = leastWorthy() {
            preempt(victim, into: &actions)
            plan(within: longest, at: now, into: &actions)
        }
        guard !draft.riders.isEmpty else { return }
        let first = actions.items.count
        for place in draft.riders {
            let entry = table[place]
            actions.board(
                StepItem(
                    request: entry.id, slot: SlotID(Int(entry.slot)), start: entry.length,
                    count: entry.riding, producesToken: entry.riding == entry.need))
        }
        steps += 1
        device = .stepping
        let predicted =
            cost.duration(tokens: draft.tokens, keyValueTokens: draft.keyValueTokens)
            + draft.copying
        draft.started = now
        draft.predictedEnd = now + predicted
        actions.append(
            .step(
                StepPlan(
                    number: steps, items: first..<actions.items.count, decodes: draft.decodes,
                    prefillTokens: draft.prefillTokens, keyValueTokens: draft.keyValueTokens,
                    predicted: predicted, tokenBudget: max(draft.budget, draft.tokens))))
    }

    private mutating func plan(
        within longest: Interval, at now: Instant, into actions: inout GenerationActions
    ) {
        switch configuration.policy {
        case .slackAware: planBySlack(within: longest, at: now, into: &actions)
        case .vllmV0: planAsVLLM0(at: now, into: &actions)
        case .vllmFCFS, .vllmPriority: planAsVLLM(at: now, into: &actions)
        case .sarathi(let chunk): planAsSarathi(chunk: chunk, at: now, into: &actions)
        case .orca: planAsOrca(at: now, into: &actions)
        case .staticBatch(let size): planAsStatic(size: size, at: now, into: &actions)
        }
    }

    /// Lets a request that runs feed `count` tokens; the memory must be freeable.
    mutating func board(
        _ place: Int32, _ count: Int, at now: Instant, into actions: inout GenerationActions
    ) {
        precondition(
            count >= 1 && count <= table[place].need && table[place].riding == 0,
            "request \(table[place].id) cannot feed \(count) tokens")
        if table[place].isDecode {
            draft.decodes += 1
        } else {
            draft.prefillTokens += count
            draft.promptContext += table[place].length + count
        }
        makeRoom(for: count, at: now, into: &actions)
        slotTokens += count
        table[place].riding = count
        draft.keyValueTokens += table[place].length + count
        draft.riders.append(place)
    }

    /// Takes a request off the step again.
    mutating func unboard(_ place: Int32) {
        guard let index = draft.riders.firstIndex(of: place) else { return }
        draft.riders.remove(at: index)
        let count = table[place].riding
        if table[place].isDecode {
            draft.decodes -= 1
        } else {
            draft.prefillTokens -= count
            draft.promptContext -= table[place].length + count
        }
        draft.keyValueTokens -= table[place].length + count
        slotTokens -= count
        table[place].riding = 0
    }

    // MARK: Admission

    /// What memory a request must find to be admitted.
    enum Admission {
        /// Room for its next tokens, up to so many, and some to spare.
        case tokens(Int, spare: Int)
        /// Room for its prompt beside those that are being fed.
        case prompt
        /// Room for its prompt and all it may produce, beside the same of those that run.
        case most
        /// Room for the most that it and those that run are predicted to hold together.
        case predictedPeak
    }

    /// Gives a request that waits a slot and what the cache has of it, if there is room. The request runs
    /// afterwards, or it waits as before.
    mutating func admit(
        _ place: Int32, _ admission: Admission, at now: Instant,
        into actions: inout GenerationActions
    ) -> Bool {
        // While the engine finds no room, everybody runs alone.
        guard !freeSlots.isEmpty, squeezes == 0 || table.running.isEmpty else { return false }
        let freeable = freeableTokens(running: table.running.count + 1)
        if table[place].isSwapped {
            guard freeable > table[place].length, hasRoom(admission, place, shared: 0) else {
                return false
            }
            swapIn(place, at: now, into: &actions)
            return true
        }
        let found = adopt(place, at: now, into: &actions)
        let shared = found == PrefixCache.none ? 0 : cache.end(of: found)
        cache.acquire(found)
        guard freeableTokens(running: table.running.count + 1) >= 1,
            hasRoom(admission, place, shared: shared)
        else {
            cache.release(found)
            return false
        }
        let slot = freeSlots.removeLast()
        table.run(place, in: slot)
        byRest.append(place)
        table[place].node = found
        table[place].shared = shared
        table[place].length = shared
        if shared > 0 {
            cache.touch(found, table[place].priorityClass, at: now)
            actions.append(
                .reuse(entry: cacheSlot(found), slot: SlotID(Int(slot)), tokens: shared))
        }
        if table[place].firstToken == nil {
            counters?.chargePrompt(table[place].account, table[place].need)
        }
        return true
    }

    /// Whether a request that holds `shared` pinned tokens of the cache finds its memory. Alone it always
    /// does: what cannot fit alone was refused at arrival.
    private func hasRoom(_ admission: Admission, _ place: Int32, shared: Int) -> Bool {
        guard !table.running.isEmpty else { return true }
        let entry = table[place]
        let held = entry.isSwapped ? entry.length : 0
        let freeable = freeableTokens(running: table.running.count + 1)
        switch admission {
        case .tokens(let count, let spare):
            let next = min(entry.target - max(shared, held), count)
            return held + next + spare <= freeable
        case .prompt:
            return prefillingTokens + entry.target - shared <= freeable
        case .most:
            var reserved = entry.most
            for other in table.running { reserved += table[other].most }
            return reserved <= room.tokens
        case .predictedPeak:
            return fitsPeak(place, shared: shared)
        }
    }

    private mutating func swapIn(
        _ place: Int32, at now: Instant, into actions: inout GenerationActions
    ) {
        let slot = freeSlots.removeLast()
        let tokens = table[place].length
        table.run(place, in: slot)
        byRest.append(place)
        table[place].isSwapped = false
        hostTokens -= tokens
        makeRoom(for: tokens, at: now, into: &actions)
        slotTokens += tokens
        if let swap = configuration.swap {
            draft.copying = draft.copying + swap.time(tokens: tokens)
        }
        actions.append(.swapIn(table[place].id, SlotID(Int(slot))))
    }
}
