internal import ControlCore
internal import ServingModel

/// Requests come, and give up.
extension GenerationScheduler {
    mutating func arrive(
        _ arrival: GenerationArrival, at now: Instant, into actions: inout GenerationActions
    ) {
        precondition(
            arrival.promptTokens >= 1 && arrival.maxNewTokens >= 1,
            "request \(arrival.id) has \(arrival.promptTokens) + \(arrival.maxNewTokens) tokens")
        var entry = entry(of: arrival, at: now)
        if let reason = refusal(&entry, arrival, at: now, into: &actions) {
            reject(entry.id, reason, into: &actions)
            return
        }
        entry.account = counters?.enter(arrival.tenant, at: now) ?? 0
        table.add(entry, arrival.prefix)
        note(hopelessAt: hopeless(entry))
    }

    private mutating func entry(of arrival: GenerationArrival, at now: Instant) -> GenerationEntry {
        let priorityClass = min(
            max(arrival.priorityClass.rawValue, 0), configuration.classes.count - 1)
        let most = arrival.maxNewTokens
        let expected =
            arrival.predictedNewTokens.map { Double(min(max($0, 1), most)) }
            ?? predictor.guess(of: priorityClass, most: most)
        return GenerationEntry(
            id: arrival.id, priorityClass: priorityClass, arrival: now,
            sequence: table.takeSequence(), promptTokens: arrival.promptTokens,
            maxNewTokens: most, firstTokenDeadline: arrival.firstTokenDeadline,
            perToken: arrival.perToken, expectedTokens: expected,
            isHinted: arrival.predictedNewTokens != nil, account: 0)
    }

    /// Why a request cannot be taken; makes room in the queue by giving up less important work.
    private mutating func refusal(
        _ entry: inout GenerationEntry, _ arrival: GenerationArrival, at now: Instant,
        into actions: inout GenerationActions
    ) -> RejectReason? {
        guard !isDraining else { return .draining }
        guard entry.most <= min(configuration.maxContext, configuration.keyValueTokens) else {
            return .memoryExceeded
        }
        entry.hit = hit(arrival.prefix, limit: entry.target - 1)
        if configuration.policy.shedsHopeless {
            let start = device == .stepping ? max(draft.predictedEnd, now) : now
            if start + timeToFirstToken(entry) > entry.firstTokenDeadline {
                return .deadlineUnreachable
            }
        }
        while isFull(for: entry) {
            guard let place = displaceable(by: entry) else { return .queueFull }
            let id = table[place].id
            end(place, at: now)
            reject(id, .displaced, into: &actions)
        }
        return nil
    }

    private func isFull(for entry: GenerationEntry) -> Bool {
        table.waiting.count >= configuration.maxQueuedRequests
            || table.waitingTokens + entry.need > configuration.maxQueuedTokens
    }

    /// The newest of the lightest requests that wait for their first slot, if it is lighter than `entry`.
    private func displaceable(by entry: GenerationEntry) -> Int32? {
        var lightest: Int32?
        for place in table.waiting where table[place].generated == 0 && !table[place].isSwapped {
            guard let best = lightest else {
                lightest = place
                continue
            }
            let weights = (weight(table[place]), weight(table[best]))
            let isLighter =
                weights.0 != weights.1
                ? weights.0 < weights.1 : table[place].sequence > table[best].sequence
            if isLighter { lightest = place }
        }
        guard let lightest, weight(table[lightest]) < weight(entry) else { return nil }
        return lightest
    }

    private func weight(_ entry: GenerationEntry) -> Int {
        configuration.classes[entry.priorityClass].weight
    }

    mutating func reject(
        _ id: RequestID, _ reason: RejectReason, into actions: inout GenerationActions
    ) {
        let backlog = Interval(
            milliseconds: Self.prefillShare * cost.perToken * Double(queuedTokens))
        actions.append(.reject(id, reason, retryAfter: backlog))
    }

    /// How much longer prefill takes because decodes run beside it.
    static let prefillShare = 1.6

    // MARK: Hopeless requests

    /// Time from the start of a step to the first token of a request that gets all of it.
    func timeToFirstToken(_ entry: GenerationEntry) -> Interval {
        cost.duration(tokens: entry.expectedNeed, keyValueTokens: 0)
    }

    /// From when on a request that waits cannot have its first token in time; `nil` when it has no
    /// deadline or has had its first token.
    func hopeless(_ entry: GenerationEntry) -> Instant? {
        guard entry.generated == 0, entry.firstTokenDeadline != .distantFuture else { return nil }
        return entry.firstTokenDeadline - timeToFirstToken(entry) + Interval(nanoseconds: 1)
    }

    private mutating func note(hopelessAt instant: Instant?) {
        guard let instant else { return }
        earliestHopeless = min(earliestHopeless ?? instant, instant)
    }

    /// Gives up those that wait in vain.
    mutating func shed(at now: Instant, into actions: inout GenerationActions) {
        guard configuration.policy.shedsHopeless else { return }
        earliestHopeless = nil
        // From the end, because removal moves the last into the gap.
        for index in table.waiting.indices.reversed() {
            let place = table.waiting[index]
            guard let instant = hopeless(table[place]) else { continue }
            if now < instant {
                note(hopelessAt: instant)
            } else {
                let id = table[place].id
                end(place, at: now)
                reject(id, .deadlineMissed, into: &actions)
            }
        }
    }

    // MARK: The end of requests

    mutating func cancel(_ id: RequestID, at now: Instant, into actions: inout GenerationActions) {
        guard let place = table.place(of: id), table[place].ending == .none else { return }
        if table[place].riding > 0 {
            table[place].ending = .cancelled
            return
        }
        release(place, into: &actions)
        end(place, at: now)
        actions.append(.cancelled(id))
    }

    mutating func finish(_ id: RequestID, at now: Instant, into actions: inout GenerationActions) {
        guard let place = table.place(of: id) else { return }
        if table[place].riding > 0 {
            table[place].ending = .finished
            return
        }
        retainAnswer(place, at: now, into: &actions)
        release(place, into: &actions)
        end(place, at: now)
    }

    /// Empties the slot of a request that runs, and lets its part of the cache go.
    mutating func release(_ place: Int32, into actions: inout GenerationActions) {
        guard table[place].isRunning else { return }
        actions.append(.release(SlotID(Int(table[place].slot))))
        vacate(place)
    }

    /// Takes the slot of a request that runs out of the books.
    mutating func vacate(_ place: Int32) {
        slotTokens -= table[place].own + table[place].riding
        freeSlots.append(table[place].slot)
        if let index = byRest.firstIndex(of: place) { byRest.remove(at: index) }
        cache.release(table[place].node)
        table[place].node = PrefixCache.none
        table[place].shared = 0
        table[place].length = 0
        table[place].riding = 0
    }

    /// Forgets a request whose slot, if it had one, is vacated.
    mutating func end(_ place: Int32, at now: Instant) {
        let entry = table[place]
        counters?.leave(entry.account, at: now)
        if entry.isSwapped { hostTokens -= entry.length }
        if entry.isRunning { table.removeRunning(place) } else { table.removeWaiting(place) }
        if table.count == 0 { room.forget() }
    }
}
