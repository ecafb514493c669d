internal import ServingModel

/// Beginnings of prompts that the engine keeps, so that requests which share them need not compute them.
///
/// A radix tree over the chained hashes of blocks (as in SGLang: Zheng and others, 2024). A node is one
/// cache slot of the engine: it holds its whole path from position 0, but the cells before its own first
/// block are those of its parent, so that each cell is counted once. A node is *pinned* while a running
/// request uses it or a node below it; the others can go at any time, leaves first.
///
/// Invariants, checked by ``checkInvariants()``: a node's blocks follow on its parent's; siblings differ in
/// their first block; `pins` counts references and pinned children; the sums are those over the nodes.
struct PrefixCache {
    static let none: Int32 = -1

    struct Node {
        /// Hashes from the start of a prompt; its own are `first ..< end`.
        var chain = PrefixChain()
        var first = 0
        var end = 0
        var parent = PrefixCache.none
        var child = PrefixCache.none
        var next = PrefixCache.none
        var previous = PrefixCache.none
        /// Running requests whose shared tokens end here.
        var references = 0
        /// References, and children that are pinned.
        var pins = 0
        /// Requests that found it, saturating.
        var hits = 0
        var lastUsed = Instant.origin
        /// The most important class that used it.
        var priorityClass = 0

        var isUsed: Bool { end > first }
        var blocks: Int { end - first }
    }

    /// How far a chain is known.
    struct Match {
        /// The node that it ends in; ``none`` when not even the first block is known.
        var node: Int32
        /// Blocks from the start.
        var blocks: Int
    }

    let blockTokens: Int
    private(set) var nodes: ContiguousArray<Node>
    private var free: ContiguousArray<Int32>
    /// The first of the nodes without a parent.
    private var roots = PrefixCache.none

    /// Tokens that the nodes hold.
    private(set) var tokens = 0
    /// Tokens of pinned nodes.
    private(set) var pinnedTokens = 0

    private static let mostHits = 31

    init(slots: Int, blockTokens: Int) {
        self.blockTokens = blockTokens
        nodes = ContiguousArray(repeating: Node(), count: slots)
        free = ContiguousArray((0..<Int32(slots)).reversed())
    }

    /// Tokens that could be given up now.
    var idleTokens: Int { tokens - pinnedTokens }

    /// Tokens from the start of a prompt to the end of a node.
    func end(of node: Int32) -> Int { nodes[Int(node)].end * blockTokens }

    var hasFreeSlot: Bool { !free.isEmpty }

    // MARK: Finding

    /// The longest beginning of `chain`, of at most `limit` blocks, that is known.
    func match(_ chain: PrefixChain, limit: Int) -> Match {
        var match = Match(node: Self.none, blocks: 0)
        while match.blocks < limit {
            guard let child = self.child(of: match.node, beginning: chain.blocks[match.blocks])
            else { return match }
            let end = common(chain, child, limit: limit)
            match = Match(node: child, blocks: end)
            if end < nodes[Int(child)].end { return match }
        }
        return match
    }

    private func child(of node: Int32, beginning hash: UInt64) -> Int32? {
        var child = node == Self.none ? roots : nodes[Int(node)].child
        while child != Self.none {
            let at = nodes[Int(child)]
            if at.chain.blocks[at.first] == hash { return child }
            child = at.next
        }
        return nil
    }

    /// Where `chain` and a node whose first block it shares part: hashes are chained, so the first that
    /// differs can be searched for.
    private func common(_ chain: PrefixChain, _ node: Int32, limit: Int) -> Int {
        var equal = nodes[Int(node)].first + 1
        var bound = min(nodes[Int(node)].end, limit)
        while equal < bound {
            let middle = (equal + bound + 1) / 2
            if chain.blocks[middle - 1] == nodes[Int(node)].chain.blocks[middle - 1] {
                equal = middle
            } else {
                bound = middle - 1
            }
        }
        return equal
    }

    /// Whether a node is a leaf that just the request that made it uses, and that nobody has found.
    func isUnfound(_ node: Int32) -> Bool {
        guard node != Self.none else { return false }
        let node = nodes[Int(node)]
        return node.references == 1 && node.child == Self.none && node.hits == 0
    }

    // MARK: Growing

    /// Adds blocks `parent's end ..< end` of a chain below a node. A slot must be free.
    mutating func insert(
        _ chain: PrefixChain, below parent: Int32, end: Int, _ priorityClass: Int, at now: Instant
    ) -> Int32 {
        let first = parent == Self.none ? 0 : nodes[Int(parent)].end
        precondition(end > first, "a node of no blocks")
        let node = free.removeLast()
        nodes[Int(node)] = Node(
            chain: chain, first: first, end: end, lastUsed: now, priorityClass: priorityClass)
        link(node, below: parent)
        tokens += (end - first) * blockTokens
        return node
    }

    /// Makes a node of the first blocks of another, which goes below it. A slot must be free.
    mutating func split(_ node: Int32, at block: Int) -> Int32 {
        let lower = nodes[Int(node)]
        precondition(lower.first < block && block < lower.end, "a split outside of the node")
        let upper = free.removeLast()
        unlink(node)
        nodes[Int(upper)] = Node(
            chain: lower.chain, first: lower.first, end: block, pins: lower.pins > 0 ? 1 : 0,
            hits: lower.hits, lastUsed: lower.lastUsed, priorityClass: lower.priorityClass)
        link(upper, below: lower.parent)
        nodes[Int(node)].first = block
        nodes[Int(node)].hits = 0
        link(node, below: upper)
        return upper
    }

    /// Notes that a request found the node.
    mutating func touch(_ node: Int32, _ priorityClass: Int, at now: Instant) {
        var at = node
        while at != Self.none {
            nodes[Int(at)].hits = min(nodes[Int(at)].hits + 1, Self.mostHits)
            nodes[Int(at)].lastUsed = now
            nodes[Int(at)].priorityClass = min(nodes[Int(at)].priorityClass, priorityClass)
            at = nodes[Int(at)].parent
        }
    }

    // MARK: Holding

    /// Holds a node, and all above it, for a running request.
    mutating func acquire(_ node: Int32) {
        guard node != Self.none else { return }
        nodes[Int(node)].references += 1
        pin(node)
    }

    /// Lets a node go.
    mutating func release(_ node: Int32) {
        guard node != Self.none else { return }
        precondition(nodes[Int(node)].references > 0, "cache node \(node) is held by nobody")
        nodes[Int(node)].references -= 1
        unpin(node)
    }

    private mutating func pin(_ node: Int32) {
        var at = node
        while at != Self.none {
            nodes[Int(at)].pins += 1
            guard nodes[Int(at)].pins == 1 else { return }
            pinnedTokens += nodes[Int(at)].blocks * blockTokens
            at = nodes[Int(at)].parent
        }
    }

    private mutating func unpin(_ node: Int32) {
        var at = node
        while at != Self.none {
            nodes[Int(at)].pins -= 1
            guard nodes[Int(at)].pins == 0 else { return }
            pinnedTokens -= nodes[Int(at)].blocks * blockTokens
            at = nodes[Int(at)].parent
        }
    }

    // MARK: Giving up

    /// The leaf that is worth least, other than `spared`; `nil` when none can go.
    ///
    /// Worth falls with the time since its last use, the less the more requests have found it, and the
    /// more the less important they were.
    func leastValuable(sparing spared: Int32 = PrefixCache.none, at now: Instant) -> Int32? {
        var worst: (node: Int32, age: Double)?
        for node in nodes.indices where nodes[node].isUsed && node != Int(spared) {
            guard nodes[node].pins == 0, nodes[node].child == Self.none else { continue }
            let idle = Double(nodes[node].lastUsed.interval(to: now).nanoseconds) + 1
            let age = idle * Double(nodes[node].priorityClass + 1) / Double(nodes[node].hits + 1)
            if worst.map({ age > $0.age }) ?? true { worst = (Int32(node), age) }
        }
        return worst?.node
    }

    /// Forgets a leaf that nobody holds.
    mutating func remove(_ node: Int32) {
        let gone = nodes[Int(node)]
        precondition(gone.pins == 0 && gone.child == Self.none, "cache node \(node) is in use")
        unlink(node)
        tokens -= gone.blocks * blockTokens
        nodes[Int(node)] = Node()
        free.append(node)
    }

    /// Forgets everything, because the device did. Nobody may hold a node.
    mutating func removeAll() {
        precondition(pinnedTokens == 0, "the cache is in use")
        for node in nodes.indices { nodes[node] = Node() }
        free.removeAll(keepingCapacity: true)
        for node in nodes.indices.reversed() { free.append(Int32(node)) }
        roots = Self.none
        tokens = 0
    }

    // MARK: Links

    private mutating func link(_ node: Int32, below parent: Int32) {
        let next = parent == Self.none ? roots : nodes[Int(parent)].child
        nodes[Int(node)].parent = parent
        nodes[Int(node)].previous = Self.none
        nodes[Int(node)].next = next
        if next != Self.none { nodes[Int(next)].previous = node }
        setFirstChild(node, of: parent)
    }

    private mutating func unlink(_ node: Int32) {
        let gone = nodes[Int(node)]
        if gone.previous == Self.none {
            setFirstChild(gone.next, of: gone.parent)
        } else {
            nodes[Int(gone.previous)].next = gone.next
        }
        if gone.next != Self.none { nodes[Int(gone.next)].previous = gone.previous }
    }

    private mutating func setFirstChild(_ node: Int32, of parent: Int32) {
        if parent == Self.none { roots = node } else { nodes[Int(parent)].child = node }
    }
}

extension PrefixCache {
    /// Traps when an invariant does not hold.
    func checkInvariants() {
        var tokens = 0
        var pinned = 0
        var used = 0
        for index in nodes.indices where nodes[index].isUsed {
            let node = nodes[index]
            used += 1
            tokens += node.blocks * blockTokens
            if node.pins > 0 { pinned += node.blocks * blockTokens }
            let start = node.parent == Self.none ? 0 : nodes[Int(node.parent)].end
            precondition(node.first == start, "node \(index) does not follow on its parent")
            var pinnedChildren = 0
            var child = node.child
            while child != Self.none {
                precondition(nodes[Int(child)].parent == Int32(index), "a child of another")
                if nodes[Int(child)].pins > 0 { pinnedChildren += 1 }
                child = nodes[Int(child)].next
            }
            precondition(node.pins == node.references + pinnedChildren, "pins of node \(index)")
        }
        precondition(tokens == self.tokens, "the cache counts \(self.tokens), not \(tokens) tokens")
        precondition(pinned == pinnedTokens, "the cache pins \(pinnedTokens), not \(pinned) tokens")
        precondition(used + free.count == nodes.count, "a cache slot was lost")
    }
}
