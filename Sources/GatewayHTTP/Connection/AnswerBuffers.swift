internal import NIOCore

/// Buffers that answers have gone out in, for the next answers of the same event loop.
///
/// Nearly every answer is small and gone at the end of the turn in which it was written. The memory that
/// was used last is the likeliest to be in the core's cache, and taking it costs no call of the
/// allocator. Large answers have memory of their own.
final class AnswerBuffers {
    /// Capacity in bytes of a buffer that is kept.
    static let size = 1_024
    /// Buffers kept at most: as many as one turn of a busy loop writes.
    static let limit = 128

    private let allocator = ByteBufferAllocator()
    private var spare: [ByteBuffer] = []

    /// An empty buffer for `capacity` bytes.
    func take(capacity: Int) -> ByteBuffer {
        guard capacity <= Self.size else { return allocator.buffer(capacity: capacity) }
        guard var buffer = spare.popLast() else { return allocator.buffer(capacity: Self.size) }
        buffer.clear()
        return buffer
    }

    /// Takes back a buffer whose bytes nobody needs any more.
    func putBack(_ buffer: ByteBuffer) {
        guard buffer.storageCapacity == Self.size, spare.count < Self.limit else { return }
        spare.append(buffer)
    }
}
