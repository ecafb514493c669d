internal import ServingModel

/// All requests that have not ended, and who of them waits and who runs.
///
/// Places are reused, so that a steady state allocates nothing.
struct GenerationTable {
    private(set) var entries: ContiguousArray<GenerationEntry> = []
    private var chains: ContiguousArray<PrefixChain> = []
    /// Only ever looked up, so its order cannot reach a decision.
    private var index: SlotIndex
    private var free: ContiguousArray<Int32> = []
    private var nextSequence: UInt64 = 0

    /// Who waits, in no order that means anything: every choice among them is by a key.
    private(set) var waiting: ContiguousArray<Int32> = []
    /// Who runs, in the order of admission.
    private(set) var running: ContiguousArray<Int32> = []

    /// Tokens that those who wait have to feed, whatever the cache holds.
    private(set) var waitingTokens = 0

    init(slots: Int, queue: Int) {
        let capacity = slots + min(queue, 4_096)
        index = SlotIndex(capacity: capacity)
        entries.reserveCapacity(capacity)
        chains.reserveCapacity(capacity)
        free.reserveCapacity(capacity)
        waiting.reserveCapacity(capacity)
        running.reserveCapacity(slots)
    }

    var count: Int { index.count }

    subscript(_ at: Int32) -> GenerationEntry {
        get { entries[Int(at)] }
        _modify { yield &entries[Int(at)] }
    }

    func chain(_ at: Int32) -> PrefixChain { chains[Int(at)] }

    /// Where a request stands.
    func place(of id: RequestID) -> Int32? { index.slot(of: id) { entries[Int($0)].id } }

    /// The order of arrival of the next request.
    mutating func takeSequence() -> UInt64 {
        nextSequence += 1
        return nextSequence
    }

    /// Stores a request, which waits.
    mutating func add(_ entry: GenerationEntry, _ chain: PrefixChain) {
        precondition(place(of: entry.id) == nil, "request \(entry.id) arrived twice")
        let at: Int32
        if let reused = free.popLast() {
            at = reused
            entries[Int(at)] = entry
            chains[Int(at)] = chain
        } else {
            at = Int32(entries.count)
            entries.append(entry)
            chains.append(chain)
        }
        index.insert(entry.id, at: at)
        wait(at)
    }

    /// Forgets a request that waits.
    mutating func removeWaiting(_ at: Int32) {
        stopWaiting(at)
        forget(at)
    }

    /// Forgets a request that runs.
    mutating func removeRunning(_ at: Int32) {
        stopRunning(at)
        forget(at)
    }

    /// Moves a request that waits to the end of those that run.
    mutating func run(_ at: Int32, in slot: Int32) {
        stopWaiting(at)
        entries[Int(at)].slot = slot
        running.append(at)
    }

    /// Moves a request that runs to those that wait.
    mutating func suspend(_ at: Int32) {
        stopRunning(at)
        entries[Int(at)].slot = -1
        entries[Int(at)].isLost = false
        wait(at)
    }

    /// Changes how much of a waiting request's tokens somebody holds.
    mutating func setLength(_ length: Int, ofWaiting at: Int32) {
        waitingTokens += entries[Int(at)].length - length
        entries[Int(at)].length = length
    }

    /// Names more of what a request holds.
    mutating func grow(_ chain: PrefixChain, of at: Int32) {
        precondition(
            chain.blocks.starts(with: chains[Int(at)].blocks),
            "request \(entries[Int(at)].id) grew into another")
        chains[Int(at)] = chain
    }

    private mutating func wait(_ at: Int32) {
        entries[Int(at)].place = waiting.count
        waiting.append(at)
        waitingTokens += entries[Int(at)].need
    }

    private mutating func stopWaiting(_ at: Int32) {
        let place = entries[Int(at)].place
        precondition(waiting[place] == at, "request \(entries[Int(at)].id) does not wait")
        waitingTokens -= entries[Int(at)].need
        let last = waiting.removeLast()
        guard last != at else { return }
        waiting[place] = last
        entries[Int(last)].place = place
    }

    private mutating func stopRunning(_ at: Int32) {
        guard let place = running.firstIndex(of: at) else {
            preconditionFailure("request \(entries[Int(at)].id) does not run")
        }
        running.remove(at: place)
    }

    private mutating func forget(_ at: Int32) {
        index.remove(entries[Int(at)].id, at: at)
        chains[Int(at)] = PrefixChain()
        free.append(at)
    }
}
