import Foundation

/// Memory that ends where an unreadable page begins: whoever reads beyond the bytes that were placed
/// there ends the process, also in a release build.
final class GuardedMemory {
    private let base: UnsafeMutableRawPointer
    private let capacity: Int
    private let page: Int

    /// Room for `capacity` bytes, rounded up to whole pages.
    init(capacity: Int = 1 << 20) {
        page = sysconf(Int32(_SC_PAGESIZE))
        self.capacity = (capacity + page - 1) / page * page
        guard
            let memory = mmap(
                nil, self.capacity + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                0), memory != MAP_FAILED, mprotect(memory + self.capacity, page, PROT_NONE) == 0
        else { preconditionFailure("no memory for a test") }
        base = memory
    }

    deinit { munmap(base, capacity + page) }

    /// The bytes, right before the unreadable page. Valid until the next call.
    func place(_ bytes: [UInt8]) -> UnsafeRawBufferPointer {
        precondition(bytes.count <= capacity, "\(bytes.count) bytes do not fit")
        let start = base + capacity - bytes.count
        bytes.withUnsafeBytes { source in
            guard let address = source.baseAddress else { return }
            start.copyMemory(from: address, byteCount: source.count)
        }
        return UnsafeRawBufferPointer(start: start, count: bytes.count)
    }
}
