internal import ServingModel

/// The rules of other servers, over the same machine.
extension GenerationScheduler {
    // MARK: vLLM

    /// vLLM's scheduler since version 1 (`vllm/v1/core/sched/scheduler.py`): there are no phases; who runs
    /// goes first, in order of admission, then who waits, under one budget of tokens. Who finds no room
    /// takes the slot of the last; nobody is admitted in a step that has done so.
    mutating func planAsVLLM(at now: Instant, into actions: inout GenerationActions) {
        draft.budget = min(2_048, stepLimit)
        var index = 0
        while index < table.running.count, draft.tokens < draft.budget {
            let place = table.running[index]
            let count = min(table[place].need, draft.budget - draft.tokens)
            while freeableTokens < count, let victim = leastWorthy() {
                // Those before the victim keep their place, those after it move up.
                if let at = table.running.firstIndex(of: victim), at < index { index -= 1 }
                preempt(victim, into: &actions)
                if victim == place { break }
            }
            guard table[place].isRunning else { break }
            board(place, count, at: now, into: &actions)
            index += 1
        }
        guard !draft.hasPreempted || table.running.isEmpty else { return }
        rankByArrival()
        while draft.tokens < draft.budget, let candidate = candidates.popFirst() {
            let place = candidate.place
            let rest = draft.budget - draft.tokens
            guard admit(place, .tokens(rest, spare: 0), at: now, into: &actions) else { return }
            board(place, min(table[place].need, rest), at: now, into: &actions)
        }
    }

    /// vLLM's first scheduler: whole prompts as long as there are any with room, else decodes. A hundredth
    /// of the memory stays free at admission.
    mutating func planAsVLLM0(at now: Instant, into actions: inout GenerationActions) {
        draft.budget = min(2_048, stepLimit)
        feedPrompts(upTo: stepLimit, at: now, into: &actions)
        if draft.riders.isEmpty {
            rankByArrival()
            let watermark = configuration.keyValueTokens / 100
            while let candidate = candidates.popFirst() {
                let place = candidate.place
                let need = table[place].need
                guard draft.riders.isEmpty || draft.tokens + need <= draft.budget,
                    admit(place, .tokens(need, spare: watermark), at: now, into: &actions)
                else { break }
                board(
                    place, min(table[place].need, stepLimit - draft.tokens), at: now,
                    into: &actions)
                guard draft.tokens < draft.budget else { break }
            }
        }
        guard draft.riders.isEmpty else { return }
        decode(at: now, into: &actions)
    }

    // MARK: Sarathi

    /// Sarathi-Serve: decodes, then prompts that have begun, then new ones in order of arrival, up to a
    /// fixed number of tokens; stops at the first whose prompt finds no room.
    mutating func planAsSarathi(
        chunk: Int, at now: Instant, into actions: inout GenerationActions
    ) {
        draft.budget = min(chunk, stepLimit)
        decode(at: now, into: &actions)
        feedPrompts(upTo: draft.budget, at: now, into: &actions)
        guard !draft.hasPreempted || table.running.isEmpty else { return }
        rankByArrival()
        while draft.tokens < draft.budget, let candidate = candidates.popFirst() {
            let place = candidate.place
            guard admit(place, .prompt, at: now, into: &actions) else { return }
            board(
                place, min(table[place].need, draft.budget - draft.tokens), at: now,
                into: &actions)
        }
    }

    // MARK: Orca and static batches

    /// Orca: everybody who runs rides; who waits enters in order of arrival while prompt and most new
    /// tokens of all can be reserved.
    mutating func planAsOrca(at now: Instant, into actions: inout GenerationActions) {
        enter(most: configuration.slots, at: now, into: &actions)
        draft.budget = stepLimit
        decode(at: now, into: &actions)
        feedPrompts(upTo: draft.budget, at: now, into: &actions)
    }

    /// Batches of requests: as many as there are, up to `size`, once all of the last have left.
    mutating func planAsStatic(
        size: Int, at now: Instant, into actions: inout GenerationActions
    ) {
        if table.running.isEmpty { enter(most: size, at: now, into: &actions) }
        draft.budget = stepLimit
        decode(at: now, into: &actions)
        feedPrompts(upTo: draft.budget, at: now, into: &actions)
    }

    private mutating func enter(
        most: Int, at now: Instant, into actions: inout GenerationActions
    ) {
        rankByArrival()
        while table.running.count < most, let candidate = candidates.popFirst(),
            admit(candidate.place, .most, at: now, into: &actions)
        {}
    }

    // MARK: Parts

    /// Lets everybody decode who does, the last admitted losing their slots if memory is short.
    private mutating func decode(at now: Instant, into actions: inout GenerationActions) {
        var index = 0
        while index < table.running.count {
            let place = table.running[index]
            index += 1
            guard table[place].isDecode else { continue }
            while freeableTokens < 1, let victim = leastWorthy() {
                preempt(victim, into: &actions)
                if victim == place { return }
            }
            board(place, 1, at: now, into: &actions)
        }
    }

    /// Feeds prompts that have begun, in order of admission.
    private mutating func feedPrompts(
        upTo budget: Int, at now: Instant, into actions: inout GenerationActions
    ) {
        for place in table.running where !table[place].isDecode && table[place].riding == 0 {
            let count = min(table[place].need, budget - draft.tokens, freeableTokens)
            guard count >= 1 else { return }
            board(place, count, at: now, into: &actions)
        }
    }

    /// Orders those that wait by arrival, by class first where the policy has classes. What was pre-empted
    /// keeps its place: it arrived earlier.
    private mutating func rankByArrival() {
        candidates.removeAll()
        guard !freeSlots.isEmpty else { return }
        let hasClasses = configuration.policy == .vllmPriority
        for place in table.waiting {
            let entry = table[place]
            candidates.append(
                CandidateHeap.Candidate(
                    group: hasClasses ? UInt64(entry.priorityClass) : 0, value: 0,
                    sequence: entry.sequence, place: place))
        }
        candidates.order()
    }
}
