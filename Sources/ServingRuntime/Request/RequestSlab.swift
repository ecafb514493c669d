internal import ServingModel

/// A request that remembers its name in a slab.
protocol SlabRequest: AnyObject {
    var id: RequestID { get }
}

/// Requests that the scheduler holds, found by id without hashing.
///
/// An id is a slot number and the slot's generation, so that a stale id finds nothing.
struct RequestSlab<Request: SlabRequest> {
    private struct Slot {
        var request: Request?
        var generation: UInt32 = 0
    }

    private var slots: [Slot] = []
    private var free: [UInt32] = []

    /// Stores a request and names it.
    mutating func insert(_ request: Request) -> RequestID {
        let index: UInt32
        if let reused = free.popLast() {
            index = reused
        } else {
            index = UInt32(slots.count)
            slots.append(Slot())
        }
        slots[Int(index)].request = request
        return RequestID(UInt64(slots[Int(index)].generation) << 32 | UInt64(index))
    }

    /// Whether `request` still waits here under its id.
    func holds(_ request: Request) -> Bool {
        let index = Int(request.id.rawValue & 0xFFFF_FFFF)
        return index < slots.count && slots[index].request === request
    }

    /// The request of that name, which stays.
    subscript(_ id: RequestID) -> Request {
        let index = Int(id.rawValue & 0xFFFF_FFFF)
        guard slots[index].generation == UInt32(id.rawValue >> 32),
            let request = slots[index].request
        else { preconditionFailure("the scheduler named request \(id), which does not wait") }
        return request
    }

    /// All requests, in no order that means anything.
    var all: [Request] { slots.compactMap(\.request) }

    /// Takes a request out; its id names nothing afterwards.
    @discardableResult
    mutating func remove(_ id: RequestID) -> Request {
        let request = self[id]
        let index = Int(id.rawValue & 0xFFFF_FFFF)
        slots[index].request = nil
        slots[index].generation &+= 1
        free.append(UInt32(index))
        return request
    }
}
