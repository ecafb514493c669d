internal import ControlCore
internal import ServingModel

/// The default policy: decodes first, then as much prefill as the tightest promise leaves time for.
extension GenerationScheduler {
    mutating func planBySlack(
        within longest: Interval, at now: Instant, into actions: inout GenerationActions
    ) {
        shed(at: now, into: &actions)
        secureDecodes(at: now, into: &actions)
        var limit = patience
        for place in table.running where table[place].isDecode {
            let allowance = allowance(of: table[place], at: now)
            limit = min(limit, allowance)
            board(place, 1, at: now, into: &actions)
        }
        var room = StepRoom(cost, draft, tokens: stepLimit)
        if draft.decodes == 0 { room.tokens = min(room.tokens, Self.mostTokensWithoutDecodes) }
        draft.limit = min(limit, longest)
        // Prompts that take longer than predicted get as much less of the step.
        room.milliseconds =
            (draft.limit.milliseconds / cost.margin - room.milliseconds) / pace.factor
        room.leastChunk = max(Int(Double(Self.leastChunk) / pace.factor), 1)
        draft.budget = draft.decodes + room.most(from: 0, isFirst: true)
        fill(&room, at: now, into: &actions)
    }

    /// Tokens of a step in which nobody waits for the next token.
    private static let mostTokensWithoutDecodes = 4_096

    /// Nobody boards a step that runs, so none takes more than a quarter of the shortest time to the first
    /// token that a class promises: a long prompt that has the device for itself would otherwise be one
    /// step, and whoever came during it too late.
    private var patience: Interval {
        configuration.classes.reduce(.never) { min($0, $1.defaultDeadline) } / 4
    }

    /// Time that a decode leaves a step: until its next token is promised, at least the promised time of
    /// one token, at most of one and a half, so that tokens that were early are not spent at once and no gap is
    /// much longer than promised.
    private func allowance(of entry: GenerationEntry, at now: Instant) -> Interval {
        let slack = now.interval(to: entry.due)
        let clamped = min(max(slack, entry.perToken), entry.perToken * 3 / 2)
        return Interval(nanoseconds: clamped.nanoseconds / 10 * 9)
    }

    /// Has memory for one more token of each decode, by taking the slots of others if need be.
    private mutating func secureDecodes(at now: Instant, into actions: inout GenerationActions) {
        while true {
            var decodes = 0
            for place in table.running where table[place].isDecode { decodes += 1 }
            guard decodes > freeableTokens, let victim = leastWorthy() else { return }
            preempt(victim, into: &actions)
        }
    }

    // MARK: Prefill

    /// Offers what is left of the step to prompts, in order of rank.
    ///
    /// Memory may keep out a request and let a smaller one pass, but none of a lesser class, and one of its own
    /// class only when that cannot wait any longer: what the smaller one takes would be missing for as long
    /// as it runs, and a large prompt would never see room while small ones keep coming.
    private mutating func fill(
        _ room: inout StepRoom, at now: Instant, into actions: inout GenerationActions
    ) {
        refreshHits()
        rank(at: now)
        var blocked = 0
        var blockedClass = Int.max
        while blocked < Self.mostBlocked, let candidate = candidates.popFirst() {
            let place = candidate.place
            if !table[place].isRunning {
                // Even if the cache had nearly all of it, it must get a token.
                let isFirst = draft.prefillTokens == 0
                guard room.most(from: table[place].target, isFirst: isFirst) >= 1 else { break }
                let priorityClass = table[place].priorityClass
                guard
                    priorityClass < blockedClass
                        || priorityClass == blockedClass && isPressed(table[place], at: now),
                    admit(place, .predictedPeak, at: now, into: &actions)
                else {
                    blocked += 1
                    blockedClass = min(blockedClass, priorityClass)
                    continue
                }
                sortByRest()
            }
            feed(place, &room, at: now, into: &actions)
        }
        // Prompts that have begun hold memory: they go on behind those that memory keeps out.
        for place in table.running where !table[place].isDecode && table[place].riding == 0 {
            feed(place, &room, at: now, into: &actions)
        }
    }

    /// Whether of the time to its first token, what feeding it takes left out, a quarter is left or less.
    private func isPressed(_ entry: GenerationEntry, at now: Instant) -> Bool {
        let feeding = Interval(
            milliseconds: cost.perToken * Self.prefillShare * Double(entry.expectedNeed))
        let promise = entry.arrival.interval(to: entry.due)
        return now + feeding + promise / 4 >= entry.due
    }

    private mutating func feed(
        _ place: Int32, _ room: inout StepRoom, at now: Instant,
        into actions: inout GenerationActions
    ) {
        let entry = table[place]
        let most = room.most(from: entry.length, isFirst: draft.prefillTokens == 0)
        let count = min(entry.need, most, freeableTokens)
        guard count >= 1 else { return }
        room.take(count, from: entry.length)
        board(place, count, at: now, into: &actions)
    }

    /// Requests that memory keeps out before the rest of the queue is not asked any more.
    private static let mostBlocked = 8

    /// Orders the prompts that run and wait.
    ///
    /// As long as there is time for everybody, by the slack to the first token's deadline. Once there is not,
    /// the most important class first, by slack as long as there is time for that class; then whoever brings
    /// most weight for what it takes of the device, prompt and predicted answer together, because that keeps
    /// most. Prompts that have begun go first: they hold memory.
    private mutating func rank(at now: Instant) {
        candidates.removeAll()
        sortByRest()
        let pressure = pressure()
        let admits = !freeSlots.isEmpty && !draft.hasPreempted
        for place in table.running where !table[place].isDecode {
            candidates.append(candidate(place, pressure))
        }
        if admits || table.running.isEmpty {
            for place in table.waiting { candidates.append(candidate(place, pressure)) }
        }
        candidates.order()
    }

    /// For whom there is not time enough.
    private struct Pressure {
        /// The most important class present.
        var top = Int.max
        /// Whether all prompts together take too long, and whether those of the most important class do.
        var isOnAll = false
        var isOnTop = false
    }

    /// Whether feeding prompts takes more than half of the time to the first token that the most important
    /// class present promises.
    private func pressure() -> Pressure {
        var pressure = Pressure()
        var tokens = 0
        var topTokens = 0
        var tightest = Interval.never
        func look(_ entry: GenerationEntry) {
            var need = 0
            if entry.firstToken == nil || !entry.isRunning {
                need = entry.expectedNeed
            } else if !entry.isDecode {
                need = entry.need
            }
            tokens += need
            guard entry.firstTokenDeadline != .distantFuture, entry.priorityClass <= pressure.top
            else { return }
            let promise = entry.arrival.interval(to: entry.firstTokenDeadline)
            let isFirst = entry.priorityClass < pressure.top
            tightest = isFirst ? promise : min(tightest, promise)
            topTokens = isFirst ? need : topTokens + need
            pressure.top = entry.priorityClass
        }
        for place in table.running { look(table[place]) }
        for place in table.waiting { look(table[place]) }
        let unit = cost.perToken * Self.prefillShare
        pressure.isOnAll = unit * Double(tokens) > tightest.milliseconds / 2
        pressure.isOnTop = unit * Double(topTokens) > tightest.milliseconds / 2
        return pressure
    }

    private func candidate(_ place: Int32, _ pressure: Pressure) -> CandidateHeap.Candidate {
        let entry = table[place]
        // What was pre-empted has begun, too.
        let hasBegun = entry.isRunning || entry.generated > 0
        let isTop = entry.priorityClass <= pressure.top
        var candidate = CandidateHeap.Candidate(
            group: hasBegun ? 0 : 1, value: 0, sequence: entry.sequence, place: place)
        candidate.fairness = counters?.rank(entry.account) ?? 0
        if pressure.isOnAll, !isTop { candidate.group += 2 }
        if isTop ? pressure.isOnTop : pressure.isOnAll {
            let weight = Double(max(configuration.classes[entry.priorityClass].weight, 1))
            candidate.value =
                Interval(milliseconds: remainingTime(of: entry) / weight).nanoseconds
        } else {
            let need = Interval(milliseconds: cost.perToken * Double(entry.expectedNeed))
            candidate.value = (entry.due - need).nanoseconds
        }
        return candidate
    }

    /// Milliseconds of the device that a request will yet take for itself: to feed its prompt, and to make
    /// its answer over a context that grows. What a step costs without it is not counted.
    private func remainingTime(of entry: GenerationEntry) -> Double {
        let rest = Double(predictor.rest(entry))
        let context = Double(entry.target) + rest / 2
        return cost.perToken * (Double(entry.expectedNeed) + rest)
            + cost.perKeyValueToken * context * rest
    }
}

/// What is left of a step: tokens, and time without the margin.
struct StepRoom {
    var tokens: Int
    var milliseconds: Double
    /// Tokens that the first prompt gets whatever time is left.
    var leastChunk = GenerationScheduler.leastChunk
    private let perToken: Double
    private let perKeyValueToken: Double

    /// The room beside `draft`; `milliseconds` is at first the time that the draft itself takes.
    init(_ cost: StepCostModel, _ draft: StepDraft, tokens: Int) {
        self.tokens = max(tokens - draft.tokens, 0)
        perToken = cost.perToken
        perKeyValueToken = cost.perKeyValueToken
        milliseconds = cost.mean(tokens: draft.tokens, keyValueTokens: draft.keyValueTokens)
    }

    /// Most tokens that a prompt of which `start` are fed may feed. The first prompt of a step always gets
    /// its least chunk.
    func most(from start: Int, isFirst: Bool) -> Int {
        let rest = milliseconds - perKeyValueToken * Double(start)
        let byTime = Int(min(max(rest / (perToken + perKeyValueToken), 0), 1e9))
        return min(isFirst ? max(byTime, leastChunk) : byTime, tokens)
    }

    mutating func take(_ count: Int, from start: Int) {
        tokens -= count
        milliseconds -= perToken * Double(count) + perKeyValueToken * Double(start + count)
    }
}
