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
/// Slots are reused, so that a steady state allocates nothing. `slots` maps ids to slots for
/// cancellation; it is only ever looked up, so its order cannot reach a decision.
struct RequestTable {
    struct Node {
        var request: QueuedRequest
        /// Place in the queue: the deadline, or the arrival where a policy serves in that order.
        var key: Instant
        /// Order of arrival: the tie-breaker that makes every key unique.
        var sequence: UInt64
        var bucket: Int32
        var left: Slot
        var right: Slot
        /// Heap order of the treap: a hash of the sequence, so that shape is reproducible.
        var heapKey: UInt32
        /// Requests and rows in this node's subtree.
        var count: Int32
        var rowSum: Int
    }

    static let none: Slot = -1

    private(set) var nodes: ContiguousArray<Node> = []
    private var slots: SlotIndex
    private var free: Slot = RequestTable.none
    private var nextSequence: UInt64 = 0

    /// Requests in the table.
    var count: Int { slots.count }

    /// Reserves room, so that the first burst allocates nothing either.
    init(capacity: Int) {
        nodes.reserveCapacity(capacity)
        slots = SlotIndex(capacity: capacity)
    }

    subscript(slot: Slot) -> Node {
        get { nodes[Int(slot)] }
        _modify { yield &nodes[Int(slot)] }
    }

    /// The slot of a waiting request.
    func slot(of id: RequestID) -> Slot? {
        slots.slot(of: id) { nodes[Int($0)].request.id }
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
        let sequence = nextSequence
        nextSequence += 1
        let node = Node(
            request: request, key: key, sequence: sequence, bucket: Int32(bucket), left: Self.none,
            right: Self.none, heapKey: Self.scramble(sequence), count: 1, rowSum: request.rows)
        let slot: Slot
        if free != Self.none {
            slot = free
            free = nodes[Int(slot)].left
            nodes[Int(slot)] = node
        } else {
            slot = Slot(nodes.count)
            nodes.append(node)
        }
        slots.insert(request.id, at: slot)
        return slot
    }

    /// Forgets a request that belongs to no queue any more.
    mutating func discard(_ slot: Slot) -> QueuedRequest {
        let request = nodes[Int(slot)].request
        slots.remove(request.id, at: slot)
        nodes[Int(slot)].left = free
        free = slot
        return request
    }

    /// Recomputes the sums of a node from its children.
    mutating func refresh(_ slot: Slot) {
        let left = nodes[Int(slot)].left
        let right = nodes[Int(slot)].right
        var count: Int32 = 1
        var rows = nodes[Int(slot)].request.rows
        if left != Self.none {
            count += nodes[Int(left)].count
            rows += nodes[Int(left)].rowSum
        }
        if right != Self.none {
            count += nodes[Int(right)].count
            rows += nodes[Int(right)].rowSum
        }
        nodes[Int(slot)].count = count
        nodes[Int(slot)].rowSum = rows
    }

    /// Sets the children of a node, and its sums from them.
    mutating func link(_ slot: Slot, left: Slot, right: Slot) {
        nodes[Int(slot)].left = left
        nodes[Int(slot)].right = right
        refresh(slot)
    }

    /// Changes the sums of a node below which requests come or go.
    mutating func adjust(_ slot: Slot, requests: Int32, rows: Int) {
        nodes[Int(slot)].count += requests
        nodes[Int(slot)].rowSum += rows
    }

    func rows(below slot: Slot) -> Int { slot == Self.none ? 0 : nodes[Int(slot)].rowSum }
    func count(below slot: Slot) -> Int { slot == Self.none ? 0 : Int(nodes[Int(slot)].count) }

    /// Requests of one class below a node; O(n), where classes share a queue.
    func count(of priorityClass: ClassIndex, below slot: Slot) -> Int {
        guard slot != Self.none else { return 0 }
        let node = nodes[Int(slot)]
        return (node.request.priorityClass == priorityClass ? 1 : 0)
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
