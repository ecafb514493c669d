/// Requests in the order in which a step is offered to them, of which only the first few are wanted: a
/// binary heap, built in linear time (Floyd, 1964).
struct CandidateHeap {
    /// The rank of one request. No two are equal.
    struct Candidate: Comparable {
        /// Groups that are served one after the other.
        var group: UInt64 = 0
        /// Order between tenants.
        var fairness: UInt64 = 0
        /// Order within the group.
        var value: UInt64
        /// Order of arrival.
        var sequence: UInt64
        /// Where the request stands in the table.
        var place: Int32

        static func < (left: Candidate, right: Candidate) -> Bool {
            if left.group != right.group { return left.group < right.group }
            if left.fairness != right.fairness { return left.fairness < right.fairness }
            if left.value != right.value { return left.value < right.value }
            return left.sequence < right.sequence
        }
    }

    private var heap: ContiguousArray<Candidate> = []

    var isEmpty: Bool { heap.isEmpty }

    /// Empties the heap and keeps its memory.
    mutating func removeAll() { heap.removeAll(keepingCapacity: true) }

    /// Adds a candidate; ``order()`` must follow before the first is taken.
    mutating func append(_ candidate: Candidate) { heap.append(candidate) }

    /// Makes a heap of what was added.
    mutating func order() {
        for index in stride(from: heap.count / 2 - 1, through: 0, by: -1) { sift(index) }
    }

    /// The first that has not been taken.
    var first: Candidate? { heap.first }

    /// Takes the first.
    mutating func popFirst() -> Candidate? {
        guard let first = heap.first else { return nil }
        let last = heap.removeLast()
        if !heap.isEmpty {
            heap[0] = last
            sift(0)
        }
        return first
    }

    private mutating func sift(_ start: Int) {
        var index = start
        let moving = heap[index]
        while true {
            var child = 2 * index + 1
            guard child < heap.count else { break }
            if child + 1 < heap.count, heap[child + 1] < heap[child] { child += 1 }
            guard heap[child] < moving else { break }
            heap[index] = heap[child]
            index = child
        }
        heap[index] = moving
    }
}
