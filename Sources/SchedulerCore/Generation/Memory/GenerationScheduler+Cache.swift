internal import ServingModel

/// Prefixes that requests share.
extension GenerationScheduler {
    /// The engine's name of a node of the cache.
    func cacheSlot(_ node: Int32) -> SlotID { SlotID(configuration.slots + Int(node)) }

    /// Tokens that the cache holds of a prompt, of which at most `limit` may be taken.
    func hit(_ chain: PrefixChain, limit: Int) -> Int {
        guard cache.tokens > 0 else { return 0 }
        let blocks = min(chain.blocks.count, limit / configuration.blockTokens)
        return cache.match(chain, limit: blocks).blocks * configuration.blockTokens
    }

    /// The node that a request begins with: the longest known beginning that leaves it a token to feed.
    /// A node of which it shares only a part is split, if a slot can be had for the other part.
    mutating func adopt(
        _ place: Int32, at now: Instant, into actions: inout GenerationActions
    ) -> Int32 {
        guard cache.tokens > 0 else { return PrefixCache.none }
        let chain = table.chain(place)
        let limit = min(
            chain.blocks.count, (table[place].target - 1) / configuration.blockTokens)
        let match = cache.match(chain, limit: limit)
        table[place].hit = match.blocks * configuration.blockTokens
        guard match.node != PrefixCache.none, match.blocks < cache.nodes[Int(match.node)].end else {
            return match.node
        }
        guard freeCacheSlot(sparing: match.node, at: now, into: &actions) else {
            return cache.nodes[Int(match.node)].parent
        }
        let upper = cache.split(match.node, at: match.blocks)
        actions.append(
            .retain(cacheSlot(match.node), entry: cacheSlot(upper), tokens: cache.end(of: upper)))
        return upper
    }

    /// Offers the prompt of a request that has just been fed whole to the cache.
    ///
    /// Only where its own cells begin at the end of what the tree holds of it: had another request with
    /// the same beginning been quicker, the tree would hold the same tokens twice.
    mutating func retain(
        _ place: Int32, at now: Instant, into actions: inout GenerationActions
    ) {
        guard !table[place].isRetained, !cache.nodes.isEmpty else { return }
        table[place].isRetained = true
        let chain = table.chain(place)
        let entry = table[place]
        let end = min(chain.blocks.count, entry.promptTokens / configuration.blockTokens)
        guard isNew(chain, end: end, to: entry) else { return }
        keep(place, end: end, at: now, into: &actions)
    }

    /// Offers all that a request holds to the cache as it ends, prompt and answer, for the next turn of a
    /// conversation.
    ///
    /// The node of its own prompt gives way where nobody else has found it, so that a conversation is one
    /// node and not one for each turn.
    mutating func retainAnswer(
        _ place: Int32, at now: Instant, into actions: inout GenerationActions
    ) {
        let entry = table[place]
        let chain = table.chain(place)
        guard entry.isRunning, !cache.nodes.isEmpty else { return }
        let end = min(chain.blocks.count, entry.length / configuration.blockTokens)
        guard isNew(chain, end: end, to: entry) else { return }
        if cache.isUnfound(entry.node) {
            let parent = cache.nodes[Int(entry.node)].parent
            let shared = parent == PrefixCache.none ? 0 : cache.end(of: parent)
            cache.acquire(parent)
            cache.release(entry.node)
            slotTokens += entry.shared - shared
            table[place].node = parent
            table[place].shared = shared
            evict(entry.node, into: &actions)
        }
        keep(place, end: end, at: now, into: &actions)
    }

    /// Whether the cache has of a chain just what the request has taken from it, and less than `end` blocks.
    private func isNew(_ chain: PrefixChain, end: Int, to entry: GenerationEntry) -> Bool {
        guard end * configuration.blockTokens > entry.shared else { return false }
        let match = cache.match(chain, limit: end)
        return match.node == entry.node
            && match.blocks * configuration.blockTokens == entry.shared
    }

    /// Makes a node of the first blocks that a request holds, and lets the request share it.
    private mutating func keep(
        _ place: Int32, end: Int, at now: Instant, into actions: inout GenerationActions
    ) {
        guard freeCacheSlot(sparing: PrefixCache.none, at: now, into: &actions) else { return }
        let entry = table[place]
        let chain = table.chain(place)
        let tokens = end * configuration.blockTokens
        let node = cache.insert(chain, below: entry.node, end: end, entry.priorityClass, at: now)
        cache.acquire(node)
        cache.release(entry.node)
        slotTokens -= tokens - entry.shared
        table[place].node = node
        table[place].shared = tokens
        actions.append(
            .retain(SlotID(Int(entry.slot)), entry: cacheSlot(node), tokens: tokens))
    }

    /// Has a cache slot free, by giving up a leaf if need be.
    private mutating func freeCacheSlot(
        sparing node: Int32, at now: Instant, into actions: inout GenerationActions
    ) -> Bool {
        if cache.hasFreeSlot { return true }
        guard let leaf = cache.leastValuable(sparing: node, at: now) else { return false }
        evict(leaf, into: &actions)
        return true
    }

    mutating func evict(_ node: Int32, into actions: inout GenerationActions) {
        cache.remove(node)
        actions.append(.evict(cacheSlot(node)))
    }

    /// Gives up what the cache need not hold until `tokens` more fit. A request that runs alone may take
    /// more than the room that was learnt.
    mutating func makeRoom(
        for tokens: Int, at now: Instant, into actions: inout GenerationActions
    ) {
        while keyValueTokens + tokens > room.tokens, let leaf = cache.leastValuable(at: now) {
            evict(leaf, into: &actions)
        }
        let limit = table.running.count > 1 ? room.tokens : room.promised
        precondition(
            keyValueTokens + tokens <= limit,
            "no room for \(tokens) tokens beside \(keyValueTokens) of \(limit)")
    }

    /// Looks anew at what the cache holds of a few of those that wait, in turn: what was seen at arrival
    /// grows old, and looking at all of them at every step would cost more than it is worth.
    mutating func refreshHits() {
        guard !cache.nodes.isEmpty, !table.waiting.isEmpty else { return }
        for _ in 0..<min(8, table.waiting.count) {
            refreshCursor = refreshCursor + 1 < table.waiting.count ? refreshCursor + 1 : 0
            let place = table.waiting[refreshCursor]
            table[place].hit = hit(table.chain(place), limit: table[place].target - 1)
        }
    }
}
