internal import ServingModel

/// What the server remembers of each request that has not ended, found by its number.
///
/// A ring whose place for request `n` is `n` modulo its size, so that finding, adding and removing are a
/// mask and an index. It doubles when two living requests share a place: with numbers in order of
/// arrival its size is that of the span of the living ones, whatever the length of the run.
struct RequestWindow {
    struct Record {
        var id: UInt64
        var arrival: Instant
        var deadline: Instant
        var priorityClass: Int32
        var isCounted: Bool
        var isLive: Bool
    }

    private var ring: ContiguousArray<Record>
    private var mask: UInt64

    private static let free = Record(
        id: 0, arrival: .origin, deadline: .origin, priorityClass: 0, isCounted: false,
        isLive: false)

    /// Numbers further apart than this are no longer an order of arrival.
    private static let largest = 1 << 26

    init() {
        ring = ContiguousArray(repeating: Self.free, count: 1 << 12)
        mask = UInt64(ring.count - 1)
    }

    mutating func insert(_ record: Record) {
        while ring[Int(record.id & mask)].isLive {
            precondition(
                ring[Int(record.id & mask)].id != record.id, "request \(record.id) came twice")
            grow()
        }
        ring[Int(record.id & mask)] = record
    }

    /// Takes the record out; `nil` when the request has ended or never came.
    mutating func remove(_ id: RequestID) -> Record? {
        let place = Int(id.rawValue & mask)
        let record = ring[place]
        guard record.isLive, record.id == id.rawValue else { return nil }
        ring[place].isLive = false
        return record
    }

    private mutating func grow() {
        precondition(ring.count < Self.largest, "request numbers do not follow each other")
        var larger = ContiguousArray(repeating: Self.free, count: ring.count * 2)
        let mask = UInt64(larger.count - 1)
        for record in ring where record.isLive { larger[Int(record.id & mask)] = record }
        ring = larger
        self.mask = mask
    }
}
