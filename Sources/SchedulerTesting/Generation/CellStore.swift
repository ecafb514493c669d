internal import SchedulerCore

/// An engine's memory of keys and values, cell by cell, as slow and as plain as possible.
///
/// A cell holds one token at one position; slots that share a beginning share its cells. Tokens are numbers
/// that stand for what was fed, so that a slot which holds another request's tokens is found out.
struct CellStore {
    private struct Cell {
        var token: UInt64
        var holders: Int
    }

    private var cells: [Int: Cell] = [:]
    private var sequences: [SlotID: [Int]] = [:]
    private var next = 0

    /// An empty store.
    init() {}

    /// Cells that somebody holds.
    var count: Int { cells.count }

    /// Tokens of a slot.
    func length(_ slot: SlotID) -> Int { sequences[slot]?.count ?? 0 }

    /// What a slot holds.
    func tokens(_ slot: SlotID) -> [UInt64] {
        (sequences[slot] ?? []).map { cells[$0]?.token ?? 0 }
    }

    /// Appends tokens to a slot.
    mutating func append(_ tokens: some Sequence<UInt64>, to slot: SlotID) {
        for token in tokens {
            cells[next] = Cell(token: token, holders: 1)
            sequences[slot, default: []].append(next)
            next += 1
        }
    }

    /// Takes the last tokens of a slot away.
    mutating func removeLast(_ count: Int, of slot: SlotID) {
        for cell in sequences[slot, default: []].suffix(count) { drop(cell) }
        sequences[slot, default: []].removeLast(count)
    }

    /// Lets an empty slot hold the first cells of another.
    mutating func share(_ slot: SlotID, with other: SlotID, tokens: Int) {
        let shared = Array(sequences[slot, default: []].prefix(tokens))
        for cell in shared { cells[cell]?.holders += 1 }
        sequences[other] = shared
    }

    /// Empties a slot.
    mutating func clear(_ slot: SlotID) {
        for cell in sequences[slot, default: []] { drop(cell) }
        sequences[slot] = []
    }

    private mutating func drop(_ cell: Int) {
        guard var held = cells[cell] else { return }
        held.holders -= 1
        cells[cell] = held.holders > 0 ? held : nil
    }
}
