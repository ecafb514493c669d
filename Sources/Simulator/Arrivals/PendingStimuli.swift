internal import SchedulerCore
internal import ServingModel

/// Things that will happen later, earliest first: a binary heap ordered by time, then by order of
/// entry.
struct PendingStimuli: Sendable {
    private var heap: [(at: Instant, sequence: UInt64, kind: Stimulus.Kind)] = []
    private var nextSequence: UInt64 = 0

    var nextTime: Instant { heap.first?.at ?? .distantFuture }

    mutating func insert(_ kind: Stimulus.Kind, at time: Instant) {
        heap.append((time, nextSequence, kind))
        nextSequence += 1
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard precedes(child, parent) else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    mutating func removeFirst() -> Stimulus? {
        guard let first = heap.first else { return nil }
        let last = heap.removeLast()
        if !heap.isEmpty {
            heap[0] = last
            var parent = 0
            while true {
                var least = parent
                for child in [2 * parent + 1, 2 * parent + 2]
                where child < heap.count && precedes(child, least) { least = child }
                guard least != parent else { break }
                heap.swapAt(parent, least)
                parent = least
            }
        }
        return Stimulus(at: first.at, first.kind)
    }

    private func precedes(_ left: Int, _ right: Int) -> Bool {
        (heap[left].at, heap[left].sequence) < (heap[right].at, heap[right].sequence)
    }
}
