internal import ControlCore
internal import SchedulerCore
internal import ServingModel

/// What each action needs to be allowed.
extension GenerationChecker {
    mutating func check(
        _ action: GenerationAction, _ answer: GenerationActions, at now: Instant,
        cost: StepCostModel
    ) throws(Unmet) {
        switch action {
        case .release(let slot):
            // A request that was admitted and has not ridden yet has a slot that nobody has seen.
            if owners[slot] == nil, store.length(slot) == 0 { return }
            let id = try vacate(slot)
            store.clear(slot)
            if requests[id]?.isFinished == true { requests[id] = nil }
        case .retain(let slot, let entry, let tokens):
            try retain(slot, entry, tokens)
        case .reuse(let entry, let slot, let tokens):
            try require(cached.contains(entry), "\(entry) is not in the cache")
            try require(isSlot(slot) && store.length(slot) == 0, "slot \(slot) is not empty")
            try require(store.length(entry) >= tokens, "\(entry) has fewer than \(tokens) tokens")
            store.share(entry, with: slot, tokens: tokens)
            reusedTokens += tokens
        case .evict(let entry):
            try require(cached.remove(entry) != nil, "\(entry) is not in the cache")
            store.clear(entry)
        case .swapOut(let id, let slot):
            let owner = try vacate(slot)
            try require(owner == id, "slot \(slot) belongs to \(owner), not \(id)")
            requests[id]?.saved = store.tokens(slot)
            store.clear(slot)
            swapped += 1
        case .swapIn(let id, let slot):
            try swapIn(id, slot)
        case .preempted(let id):
            try require(requests[id]?.slot == nil, "\(id) was pre-empted and has a slot")
            requests[id]?.isVerified = false
            preempted += 1
        case .step(let plan):
            try step(plan, Array(answer.items(of: plan)), at: now, cost: cost)
        case .reject(let id, let reason, _):
            try end(id)
            rejected += 1
            try require(reason != .draining || isDraining, "\(id) was refused as if draining")
        case .cancelled(let id):
            try require(requests[id]?.isCancelled == true, "\(id) was not cancelled")
            try end(id)
        }
    }

    private func isSlot(_ slot: SlotID) -> Bool {
        (0..<configuration.slots).contains(slot.rawValue)
    }

    private func isEntry(_ slot: SlotID) -> Bool {
        (configuration.slots..<configuration.slots + configuration.cacheSlots)
            .contains(slot.rawValue)
    }

    private mutating func end(_ id: RequestID) throws(Unmet) {
        guard let request = requests.removeValue(forKey: id) else {
            throw Unmet(description: "\(id) ended twice")
        }
        try require(request.slot == nil, "\(id) ended with a slot")
        ended += 1
    }

    /// Takes a slot from its owner.
    private mutating func vacate(_ slot: SlotID) throws(Unmet) -> RequestID {
        guard let id = owners.removeValue(forKey: slot) else {
            throw Unmet(description: "slot \(slot) belongs to nobody")
        }
        try require(
            flight?.contains { $0.slot == slot } != true, "slot \(slot) is taken from a step")
        requests[id]?.slot = nil
        return id
    }

    private mutating func retain(_ slot: SlotID, _ entry: SlotID, _ tokens: Int) throws(Unmet) {
        try require(isEntry(entry), "\(entry) is no cache slot")
        try require(!cached.contains(entry), "\(entry) is taken")
        try require(isSlot(slot) || cached.contains(slot), "\(slot) holds nothing to retain")
        try require(tokens > 0 && store.length(slot) >= tokens, "\(slot) has fewer than \(tokens)")
        cached.insert(entry)
        store.share(slot, with: entry, tokens: tokens)
    }

    private mutating func swapIn(_ id: RequestID, _ slot: SlotID) throws(Unmet) {
        guard let saved = requests[id]?.saved else {
            throw Unmet(description: "\(id) was not swapped out")
        }
        try require(isSlot(slot) && store.length(slot) == 0, "slot \(slot) is not empty")
        store.append(saved, to: slot)
        requests[id]?.saved = nil
    }

    // MARK: Steps

    private mutating func step(
        _ plan: StepPlan, _ items: [StepItem], at now: Instant, cost: StepCostModel
    ) throws(Unmet) {
        try require(isPresent && flight == nil, "a step that the device cannot run")
        try require(!items.isEmpty, "a step of nobody")
        try check(promiseOf: plan, items, at: now, cost: cost)
        for item in items { try board(item) }
        try require(Set(items.map(\.request)).count == items.count, "a request rides twice")
        flight = items
        steps += 1
        if configuration.policy == .slackAware {
            for (id, request) in requests where request.slot != nil && request.produced > 0 {
                let isIn = items.contains { $0.request == id }
                let isDecode = request.slot.map { store.length($0) == target(request) - 1 }
                try require(isIn || isDecode != true, "the decode \(id) was left out")
            }
        }
    }

    private func target(_ request: Request) -> Int {
        request.arrival.promptTokens + request.produced
    }

    private mutating func board(_ item: StepItem) throws(Unmet) {
        guard var request = requests[item.request] else {
            throw Unmet(description: "\(item.request) rides and is not there")
        }
        try require(isSlot(item.slot), "\(item.slot) is no slot")
        try require(request.saved == nil, "\(item.request) rides without what was swapped out")
        if let slot = request.slot {
            try require(slot == item.slot, "\(item.request) changed its slot")
        } else {
            try require(owners[item.slot] == nil, "slot \(item.slot) is shared")
            owners[item.slot] = item.request
            request.slot = item.slot
        }
        try require(store.length(item.slot) == item.start, "\(item) does not follow")
        let tokens = tokens(of: request)
        if !request.isVerified {
            try require(
                store.tokens(item.slot) == Array(tokens[..<item.start]),
                "slot \(item.slot) holds other tokens than those of \(item.request)")
            request.isVerified = true
        }
        try require(item.count >= 1 && item.end <= tokens.count, "\(item) feeds too much")
        try require(
            item.producesToken == (item.end == tokens.count), "\(item) has its logits wrong")
        store.append(tokens[item.start..<item.end], to: item.slot)
        requests[item.request] = request
    }

    /// Numbers that stand for the tokens of a request, prompt and what it has produced: equal for equal
    /// blocks, else its own.
    private func tokens(of request: Request) -> [UInt64] {
        let arrival = request.arrival
        var tokens: [UInt64] = []
        for position in 0..<target(request) {
            let block = position / configuration.blockTokens
            let isShared = block < arrival.prefix.blocks.count
            let name = isShared ? arrival.prefix.blocks[block] : ~arrival.id.rawValue
            tokens.append(name &* 0x9E37_79B9_7F4A_7C15 &+ UInt64(position))
        }
        return tokens
    }

    // MARK: I14

    /// The step's figures are those of its items, and under the default policy it is promised to take no
    /// longer than the tightest of its decodes allows, nor than a quarter of the shortest promise of a first
    /// token, and one least chunk more, whatever the decodes themselves take.
    private func check(
        promiseOf plan: StepPlan, _ items: [StepItem], at now: Instant, cost: StepCostModel
    ) throws(Unmet) {
        var decodes = 0
        var prefill = 0
        var ends = 0
        var decodeEnds = 0
        var longestPrefill = 0
        let promises = configuration.classes.map(\.defaultDeadline.milliseconds)
        var allowed = (promises.min() ?? .infinity) / 4
        for item in items {
            guard let request = requests[item.request] else { continue }
            ends += item.end
            if request.produced > 0, item.start == target(request) - 1 {
                decodes += 1
                decodeEnds += item.end
                let due =
                    (request.firstToken ?? now)
                    + request.arrival.perToken * UInt64(request.produced)
                let own = request.arrival.perToken.milliseconds
                // One that joins in this step, swapped in, limits the next.
                guard request.slot != nil else { continue }
                allowed = min(
                    allowed,
                    0.9 * min(max(now.interval(to: due).milliseconds, own), 1.5 * own))
            } else {
                prefill += item.count
                longestPrefill = max(longestPrefill, item.end)
            }
        }
        try require(
            plan.decodes == decodes && plan.prefillTokens == prefill
                && plan.keyValueTokens == ends,
            "the plan \(plan) does not count \(decodes) decodes, \(prefill) tokens of \(ends)")
        let predicted = cost.duration(tokens: decodes + prefill, keyValueTokens: ends)
        try require(plan.predicted >= predicted, "\(plan) promises less than \(predicted)")
        try require(
            plan.tokenBudget >= decodes + prefill, "\(plan) feeds more than its budget")
        guard configuration.policy == .slackAware, prefill > 0 else { return }
        let alone = cost.mean(tokens: decodes, keyValueTokens: decodeEnds)
        let room = max(allowed / cost.margin, alone)
        let chunk =
            cost.perToken * 64 + cost.perKeyValueToken * Double(longestPrefill)
        let needed = cost.mean(tokens: decodes + prefill, keyValueTokens: ends)
        try require(
            needed <= (room + chunk) * (1 + 1e-9) + 1e-6,
            "a step of \(needed) ms where \(room) and a chunk of \(chunk) are allowed")
    }
}
