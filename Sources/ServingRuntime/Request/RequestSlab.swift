internal import ServingModel

/// Requests that the scheduler holds, found by id without hashing.
///
/// An id is a slot number and the slot's generation, so that a stale id finds nothing.
struct RequestSlab {
    private struct Slot {
        var request: InferenceRequest?
        var generation: UInt32 = 0
    }

    private var slots: [Slot] = []
    private var free: [UInt32] = []

    /// Stores a request and names it.
    mutating func insert(_ request: InferenceRequest) -> RequestID {
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
    func holds(_ request: InferenceRequest) -> Bool {
        let index = Int(request.id.rawValue & 0xFFFF_FFFF)
        return index < slots.count && slots[index].request === request
    }

    /// Takes a request out; its id names nothing afterwards.
    mutating func remove(_ id: RequestID) -> InferenceRequest {
        let index = Int(id.rawValue & 0xFFFF_FFFF)
        guard slots[index].generation == UInt32(id.rawValue >> 32),
            let request = slots[index].request
        else { preconditionFailure("the scheduler named request \(id), which does not wait") }
        slots[index].request = nil
        slots[index].generation &+= 1
        free.append(UInt32(index))
        return request
    }
}
