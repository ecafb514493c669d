package import ServingModel

/// What a ``GenerationScheduler`` wants done, to be carried out in order.
///
/// Every request ends exactly once: by the event ``GenerationEvent/finished(_:)``, or in one of the actions
/// ``reject(_:_:retryAfter:)`` and ``cancelled(_:)``.
package enum GenerationAction: Sendable, Equatable {
    /// Forget what the slot holds.
    case release(SlotID)

    /// The first `tokens` tokens of a slot, or of a cache slot, are from now on also held by the empty cache
    /// slot `entry`. The cells are shared: nothing is copied.
    case retain(SlotID, entry: SlotID, tokens: Int)

    /// The first `tokens` tokens of a cache slot become the start of an empty slot, sharing the cells.
    case reuse(entry: SlotID, slot: SlotID, tokens: Int)

    /// Forget what the cache slot holds; slots and cache slots that share its cells keep them.
    case evict(SlotID)

    /// Save all that the slot holds in host memory, and empty the slot.
    case swapOut(RequestID, SlotID)

    /// Bring back what was saved, into an empty slot, and forget the saved copy.
    case swapIn(RequestID, SlotID)

    /// The request lost its slot and waits again. Unless it was swapped out, its prompt is from now on the
    /// prompt and what it has produced, and is fed from position 0 or from a reused prefix.
    case preempted(RequestID)

    /// Run one step now, and answer with ``GenerationEvent/stepped(_:)``.
    case step(StepPlan)

    /// End a request without a further token; `retryAfter` estimates when the backlog will have passed.
    case reject(RequestID, RejectReason, retryAfter: Interval)

    /// The request ended at its client's wish.
    case cancelled(RequestID)
}

/// One pass of the model over tokens of several requests.
package struct StepPlan: Sendable, Equatable {
    /// Number of the step, starting at 1.
    package var number: UInt64
    /// Where its items stand in ``GenerationActions/items``.
    package var items: Range<Int>
    /// Items that feed just the token that their request has produced last.
    package var decodes: Int
    /// Tokens of all other items.
    package var prefillTokens: Int
    /// Context read, the second feature of the cost: the sum of each item's end.
    package var keyValueTokens: Int
    /// The promised duration.
    package var predicted: Interval
    /// Most tokens that the policy allowed the step.
    package var tokenBudget: Int

    /// Makes a plan; see the properties.
    package init(
        number: UInt64, items: Range<Int>, decodes: Int, prefillTokens: Int, keyValueTokens: Int,
        predicted: Interval, tokenBudget: Int
    ) {
        self.number = number
        self.items = items
        self.decodes = decodes
        self.prefillTokens = prefillTokens
        self.keyValueTokens = keyValueTokens
        self.predicted = predicted
        self.tokenBudget = tokenBudget
    }
}

/// The part that one request has in a step.
package struct StepItem: Sendable, Equatable {
    /// The request.
    package var request: RequestID
    /// The slot that it runs in, the same from its admission to its end or pre-emption.
    package var slot: SlotID
    /// Position of the first token fed: the number of tokens that the slot holds.
    package var start: Int
    /// Tokens fed, at least 1.
    package var count: Int
    /// Whether the logits after the last token fed are sampled.
    package var producesToken: Bool

    /// Makes an item; see the properties.
    package init(request: RequestID, slot: SlotID, start: Int, count: Int, producesToken: Bool) {
        self.request = request
        self.slot = slot
        self.start = start
        self.count = count
        self.producesToken = producesToken
    }

    /// The position after the last token fed.
    package var end: Int { start + count }
}

/// Actions of one or more events, in order; reused by the shell so that an event allocates nothing.
package struct GenerationActions: Sendable, Equatable {
    /// The actions, in the order in which they were decided.
    package private(set) var actions: [GenerationAction] = []

    /// The items of all steps; each ``StepPlan`` names its part.
    package private(set) var items: [StepItem] = []

    /// An empty buffer.
    package init() {}

    /// The items of `plan`.
    package func items(of plan: StepPlan) -> ArraySlice<StepItem> {
        items[plan.items]
    }

    /// Empties the buffer and keeps its memory.
    package mutating func removeAll() {
        actions.removeAll(keepingCapacity: true)
        items.removeAll(keepingCapacity: true)
    }

    mutating func append(_ action: GenerationAction) { actions.append(action) }

    mutating func board(_ item: StepItem) { items.append(item) }
}
