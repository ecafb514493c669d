/// The books of all devices' memory. The only place where bytes are charged and refunded.
///
/// Invariant: for each device `0 <= used <= capacity`.
package struct MemoryLedger: Sendable, Equatable {
    /// Bytes of each device.
    package let capacity: [Int]

    /// Bytes of each device that are taken.
    package private(set) var used: [Int]

    /// The most bytes of each device that were ever taken at the same time.
    package private(set) var peak: [Int]

    init(capacity: [Int]) {
        self.capacity = capacity
        used = Array(repeating: 0, count: capacity.count)
        peak = used
    }

    /// Bytes of a device that nobody holds.
    package func free(_ device: Int) -> Int { capacity[device] - used[device] }

    mutating func charge(_ bytes: Int, on devices: [Int]) {
        for device in devices {
            used[device] += bytes
            precondition(
                used[device] <= capacity[device],
                "device \(device) would hold \(used[device]) of \(capacity[device]) bytes")
            peak[device] = max(peak[device], used[device])
        }
    }

    mutating func refund(_ bytes: Int, on devices: [Int]) {
        for device in devices {
            used[device] -= bytes
            precondition(used[device] >= 0, "the memory ledger of device \(device) went negative")
        }
    }
}
