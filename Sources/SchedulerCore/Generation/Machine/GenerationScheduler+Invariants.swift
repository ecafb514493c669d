internal import ServingModel

extension GenerationScheduler {
    /// Traps when an invariant does not hold; see ``GenerationScheduler``. O(waiting + running + nodes).
    package func checkInvariants() {
        checkConservation()
        checkMemory()
        checkSlots()
        checkStep()
        cache.checkInvariants()
    }

    private func checkConservation() {
        precondition(
            table.count == table.waiting.count + table.running.count, "a request is nowhere")
        if device == .idle, !configuration.isArbitrated {
            precondition(table.count == 0, "N1: the device idles beside \(table.count) requests")
        }
        if device == .absent { precondition(table.running.isEmpty, "N3: a slot of no device") }
        if let counters {
            precondition(counters.active == table.count, "a tenant's requests were lost")
        }
    }

    private func checkMemory() {
        var slots = 0
        var references = 0
        for place in table.running {
            let entry = table[place]
            slots += entry.own + entry.riding
            if entry.node == PrefixCache.none {
                precondition(entry.shared == 0, "N2: \(entry.id) shares tokens with nobody")
            } else {
                references += 1
                precondition(
                    entry.shared == cache.end(of: entry.node),
                    "N2: \(entry.id) shares \(entry.shared) tokens, not \(cache.end(of: entry.node))"
                )
            }
        }
        precondition(slots == slotTokens, "N2: slots hold \(slots) tokens, not \(slotTokens)")
        precondition(
            keyValueTokens <= configuration.keyValueTokens,
            "N2: \(keyValueTokens) tokens in room for \(configuration.keyValueTokens)")
        if device == .stepping, table.running.count > 1 {
            precondition(
                keyValueTokens <= room.tokens,
                "N2: a step of \(keyValueTokens) tokens where the engine"
                    + " has room for \(room.tokens)")
        }
        let held = cache.nodes.reduce(0) { $0 + $1.references }
        precondition(held == references, "N2: the cache is held \(held) times, not \(references)")
        var host = 0
        var waiting = 0
        for place in table.waiting {
            let entry = table[place]
            waiting += entry.need
            host += entry.length
            precondition(
                entry.isSwapped ? entry.length > 0 : entry.length == 0,
                "N3: \(entry.id) waits with \(entry.length) tokens")
        }
        precondition(host == hostTokens, "the host keeps \(host) tokens, not \(hostTokens)")
        precondition(host <= configuration.swap?.maxTokens ?? 0, "the host's memory is full")
        precondition(waiting == table.waitingTokens, "N5: \(waiting) tokens wait")
    }

    private func checkSlots() {
        var isTaken = ContiguousArray(repeating: false, count: configuration.slots)
        func take(_ slot: Int32) {
            precondition(!isTaken[Int(slot)], "N3: slot \(slot) is taken twice")
            isTaken[Int(slot)] = true
        }
        for place in table.running { take(table[place].slot) }
        for slot in freeSlots { take(slot) }
        precondition(isTaken.allSatisfy { $0 }, "N3: a slot was lost")
        precondition(byRest.count == table.running.count, "N3: the order of those that run")
        for place in table.waiting {
            let entry = table[place]
            precondition(
                !entry.isRunning && entry.node == PrefixCache.none && entry.riding == 0,
                "N3: \(entry.id) waits and runs")
        }
    }

    private func checkStep() {
        guard device == .stepping else {
            precondition(draft.riders.isEmpty, "a step of nobody is in flight")
            return
        }
        var tokens = 0
        for place in table.running { tokens += table[place].riding }
        precondition(tokens == draft.tokens, "\(tokens) tokens ride, not \(draft.tokens)")
        precondition(tokens <= configuration.maxStepTokens, "N4: a step of \(tokens) tokens")
        guard configuration.policy == .slackAware else { return }
        for place in table.running where table[place].isDecode {
            precondition(table[place].riding == 1, "N4: the decode \(table[place].id) is left out")
        }
    }
}
