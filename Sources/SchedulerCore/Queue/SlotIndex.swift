internal import ServingModel

/// From a request's id to its slot: a hash table with open addressing that holds no ids.
///
/// An entry is a slot and a hash; the id itself stands at the slot. So an entry is 8 bytes, a probe reads
/// neighbours, and taking out a request whose slot is known touches no other request. The general
/// dictionary of the standard library hashes for safety against chosen keys, which costs more than all
/// else that a departing request needs; ids here are the shell's own numbers.
///
/// Linear probing with deletion by shifting back (Knuth, volume 3, section 6.4, algorithm R): no
/// tombstones, so the table never has to be rebuilt while its size stays. At most half full.
struct SlotIndex {
    private struct Entry {
        var hash: UInt32
        /// ``RequestTable/none`` when free.
        var slot: Slot
    }

    private var entries: ContiguousArray<Entry>
    private(set) var count = 0

    init(capacity: Int) {
        entries = Self.empty(places: Self.places(for: capacity))
    }

    private static let free = Entry(hash: 0, slot: RequestTable.none)

    private static func places(for capacity: Int) -> Int {
        var places = 16
        while places < 2 * capacity { places *= 2 }
        return places
    }

    private static func empty(places: Int) -> ContiguousArray<Entry> {
        ContiguousArray(repeating: free, count: places)
    }

    private var mask: Int { entries.count - 1 }

    /// The slot of `id`, where `idAt` tells whose a slot is.
    func slot(of id: RequestID, _ idAt: (Slot) -> RequestID) -> Slot? {
        let hash = Self.hash(id)
        var place = Int(hash) & mask
        while entries[place].slot != RequestTable.none {
            if entries[place].hash == hash, idAt(entries[place].slot) == id {
                return entries[place].slot
            }
            place = (place + 1) & mask
        }
        return nil
    }

    /// Reads the place where `id` has its home.
    func touch(_ id: RequestID) -> UInt64 { UInt64(entries[Int(Self.hash(id)) & mask].hash) }

    /// Adds an id that is not there yet.
    mutating func insert(_ id: RequestID, at slot: Slot) {
        if 2 * (count + 1) > entries.count { grow() }
        place(Entry(hash: Self.hash(id), slot: slot))
        count += 1
    }

    private mutating func place(_ entry: Entry) {
        var place = Int(entry.hash) & mask
        while entries[place].slot != RequestTable.none { place = (place + 1) & mask }
        entries[place] = entry
    }

    private mutating func grow() {
        let old = entries
        entries = Self.empty(places: 2 * old.count)
        for entry in old where entry.slot != RequestTable.none { place(entry) }
    }

    /// Takes out the id that stands at `slot`.
    mutating func remove(_ id: RequestID, at slot: Slot) {
        var hole = Int(Self.hash(id)) & mask
        while entries[hole].slot != slot {
            precondition(
                entries[hole].slot != RequestTable.none, "request \(id) is not at slot \(slot)")
            hole = (hole + 1) & mask
        }
        var next = (hole + 1) & mask
        while entries[next].slot != RequestTable.none {
            // An entry may move back as far as its own place, not before it.
            let home = Int(entries[next].hash) & mask
            if (next - home) & mask >= (next - hole) & mask {
                entries[hole] = entries[next]
                hole = next
            }
            next = (next + 1) & mask
        }
        entries[hole] = Self.free
        count -= 1
    }

    private static func hash(_ id: RequestID) -> UInt32 { RequestTable.scramble(id.rawValue) }
}
