package import ServingModel

/// What the scheduler knows of a request: sizes, class and times, never the payload.
package struct QueuedRequest: Sendable, Equatable {
    /// The shell's name for it.
    package var id: RequestID
    /// Priority class.
    package var priorityClass: ClassIndex
    /// When it arrived.
    package var arrival: Instant
    /// When its answer must be ready.
    package var deadline: Instant
    /// What it adds to a batch, at least 1: rows, or padded units where lengths are set.
    package var rows: Int
    /// Payload bytes held while it waits.
    package var bytes: Int
    /// Its score in thousandths, where requests due at about the same time are ordered by it.
    var score = 0
}

/// Index of a request's slot in the ``RequestTable``; -1 for none.
typealias Slot = Int32

/// Slots of all waiting requests, and the tree links that ``RequestQueue`` threads through them.
///
/// What a walk through a tree reads lies apart from what is read once a request leaves: with many waiting
/// the memory that a decision touches decides what it costs. Slots are reused, so that a steady state
/// allocates nothing.
struct RequestTable {
    /// What walks read: 40 bytes.
    struct Node {
        /// Place in the queue: the deadline, or the arrival where a policy serves in that order.
        var key: Instant
        /// Order of arrival: the tie-breaker that makes every key unique.
        var sequence: UInt64
        /// Rows in this node's subtree, and its own.
        var rowSum: Int
        var rows: Int32
        var left: Slot
        var right: Slot
        /// Heap order of the treap: a hash of the sequence, so that shape is reproducible.
        var heapKey: UInt32
    }

    private struct Rest {
        var request: QueuedRequest
        var bucket: Int32
    }

    static let none: Slot = -1

    private(set) var nodes: ContiguousArray<Node> = []
    private var rest: ContiguousArray<Rest> = []
    /// Only ever looked up, so its order cannot reach a decision.
    private var slots: SlotIndex
    private var free: Slot = RequestTable.none
    private var nextSequence: UInt64 = 0
    /// Slots of a batch on its way out; kept for its memory.
    var leaving: ContiguousArray<Slot> = []
    /// What ``fetch(_:)`` read: keeps the compiler from leaving the reads out.
    private var touched: UInt64 = 0

    /// Requests in the table.
    var count: Int { slots.count }

    /// Reserves room, so that the first burst allocates nothing either.
    init(capacity: Int) {
        nodes.reserveCapacity(capacity)
        rest.reserveCapacity(capacity)
        slots = SlotIndex(capacity: capacity)
    }

    subscript(slot: Slot) -> Node {
        get { nodes[Int(slot)] }
        _modify { yield &nodes[Int(slot)] }
    }

    /// What is known of the request in a slot.
    func request(_ slot: Slot) -> QueuedRequest { rest[Int(slot)].request }

    /// The bucket that the request in a slot was stored for.
    func bucket(_ slot: Slot) -> Int { Int(rest[Int(slot)].bucket) }

    /// The slot of a waiting request.
    func slot(of id: RequestID) -> Slot? {
        slots.slot(of: id) { rest[Int($0)].request.id }
    }

    /// Whether `left` is ordered before `right`: by key, then by arrival.
    func precedes(_ left: Slot, _ right: Slot) -> Bool {
        let a = nodes[Int(left)]
        let b = nodes[Int(right)]
        return a.key != b.key ? a.key < b.key : a.sequence < b.sequence
    }

    /// Stores a request; it belongs to no queue yet.
    mutating func add(_ request: QueuedRequest, key: Instant, bucket: Int) -> Slot {
        precondition(slot(of: request.id) == nil, "request \(request.id) arrived twice")
        precondition(request.rows <= Int(Int32.max), "request \(request.id) is too large")
        let sequence = nextSequence
        nextSequence += 1
        let node = Node(
            key: key, sequence: sequence, rowSum: request.rows, rows: Int32(request.rows),
            left: Self.none, right: Self.none, heapKey: Self.scramble(sequence))
        let other = Rest(request: request, bucket: Int32(bucket))
        let slot: Slot
        if free != Self.none {
            slot = free
            free = nodes[Int(slot)].left
            nodes[Int(slot)] = node
            rest[Int(slot)] = other
        } else {
            slot = Slot(nodes.count)
            nodes.append(node)
            rest.append(other)
        }
        slots.insert(request.id, at: slot)
        return slot
    }

    /// Forgets a request that belongs to no queue any more.
    mutating func discard(_ slot: Slot) -> QueuedRequest {
        let request = rest[Int(slot)].request
        slots.remove(request.id, at: slot)
        nodes[Int(slot)].left = free
        free = slot
        return request
    }

    /// Whether it has outgrown the nearer caches.
    var isLarge: Bool { nodes.count > 8_192 }

    /// Touches what is read when the requests of `slots` leave.
    mutating func fetch(_ leaving: ContiguousArray<Slot>) {
        var sum: UInt64 = 0
        for slot in leaving { sum &+= rest[Int(slot)].request.id.rawValue }
        for slot in leaving { sum &+= slots.touch(rest[Int(slot)].request.id) }
        touched = sum
    }

    /// Recomputes the sums of a node from its children.
    mutating func refresh(_ slot: Slot) {
        let left = nodes[Int(slot)].left
        let right = nodes[Int(slot)].right
        var rows = Int(nodes[Int(slot)].rows)
        if left != Self.none {
            rows += nodes[Int(left)].rowSum
        }
        if right != Self.none {
            rows += nodes[Int(right)].rowSum
        }
        nodes[Int(slot)].rowSum = rows
    }

    /// Sets the children of a node, and its sums from them.
    mutating func link(_ slot: Slot, left: Slot, right: Slot) {
        nodes[Int(slot)].left = left
        nodes[Int(slot)].right = right
        refresh(slot)
    }

    /// Changes the sums of a node below which requests come or go.
    mutating func adjust(_ slot: Slot, rows: Int) {
        nodes[Int(slot)].rowSum += rows
    }

    func rows(below slot: Slot) -> Int { slot == Self.none ? 0 : nodes[Int(slot)].rowSum }

    /// Requests of one class below a node; O(n), where classes share a queue.
    func count(of priorityClass: ClassIndex, below slot: Slot) -> Int {
        guard slot != Self.none else { return 0 }
        let node = nodes[Int(slot)]
        return (request(slot).priorityClass == priorityClass ? 1 : 0)
            + count(of: priorityClass, below: node.left)
            + count(of: priorityClass, below: node.right)
    }

    /// The finaliser of SplitMix64 (Steele, Lea, Flood, 2014), upper half.
    static func scramble(_ value: UInt64) -> UInt32 {
        var z = value &+ 0x9E37_79B9_7F4A_7C15
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return UInt32(truncatingIfNeeded: (z ^ (z >> 31)) >> 32)
    }
}
