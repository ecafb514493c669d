public import ServingModel

/// A dense tensor in row-major, little-endian layout: a typed view into a ``TensorBuffer``.
///
/// ``DataType/bytes`` tensors keep the layout of the KServe v2 binary extension: each element is a
/// UInt32 length followed by the bytes. Engines translate from and to their own string tensors.
public struct Tensor: Sendable {
    /// Element type.
    public var dataType: DataType

    /// Extent of every dimension, outermost first; empty for a scalar.
    public var shape: [Int]

    /// The memory this tensor looks into.
    public var buffer: TensorBuffer

    /// The part of ``buffer`` that belongs to this tensor, in bytes.
    public var byteRange: Range<Int>

    /// A view of `byteRange` of `buffer`.
    public init(dataType: DataType, shape: [Int], buffer: TensorBuffer, byteRange: Range<Int>) {
        precondition(byteRange.upperBound <= buffer.byteCount, "tensor reaches beyond its buffer")
        self.dataType = dataType
        self.shape = shape
        self.buffer = buffer
        self.byteRange = byteRange
    }

    /// A view of the whole of `buffer`.
    public init(dataType: DataType, shape: [Int], buffer: TensorBuffer) {
        self.init(
            dataType: dataType, shape: shape, buffer: buffer, byteRange: 0..<buffer.byteCount)
    }

    /// The tensor's bytes. Valid as long as ``buffer`` lives.
    public var bytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: buffer.memory[byteRange])
    }

    /// The tensor's bytes for writing, before the buffer is shared.
    public var mutableBytes: UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(rebasing: buffer.memory[byteRange])
    }

    /// Number of elements: the product of ``shape``.
    public var elementCount: Int { shape.reduce(1, *) }
}
