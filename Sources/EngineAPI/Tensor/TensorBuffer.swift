/// A block of raw memory that holds tensor data, aligned for any vector unit.
///
/// Whoever makes a buffer fills it before sharing it; from then on it is read-only. That hand-over is
/// the guard behind the unchecked conformance to `Sendable`.
public final class TensorBuffer: @unchecked Sendable {
    /// Alignment in bytes of buffers that Headway allocates itself.
    public static let alignment = 64

    /// The memory. Valid as long as the buffer lives.
    public let memory: UnsafeMutableRawBufferPointer

    /// Keeps foreign memory alive; `nil` when the buffer owns its memory.
    private let owner: AnyObject?

    /// Allocates `byteCount` uninitialised bytes.
    public init(byteCount: Int) {
        precondition(byteCount >= 0, "negative buffer size \(byteCount)")
        memory = .allocate(byteCount: max(byteCount, 1), alignment: Self.alignment)
        owner = nil
        self.byteCount = byteCount
    }

    /// Wraps memory that belongs to `owner`, such as an engine's own output, without a copy.
    public init(memory: UnsafeMutableRawBufferPointer, owner: AnyObject) {
        self.memory = memory
        self.owner = owner
        byteCount = memory.count
    }

    /// Bytes in use.
    public let byteCount: Int

    /// The bytes in use, for reading. Valid as long as the buffer lives.
    public var bytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(memory)[..<byteCount])
    }

    deinit {
        if owner == nil { memory.deallocate() }
    }
}
