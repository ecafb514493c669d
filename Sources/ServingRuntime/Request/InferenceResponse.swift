package import EngineAPI
package import ServingModel

/// One request's part of a batch's outputs, without a copy.
package struct InferenceResponse: Sendable {
    /// Outputs of the whole batch.
    package let batch: BatchOutput

    /// The rows that belong to this request.
    package let rows: Range<Int>

    /// Time between arrival and the start of the batch.
    package let queued: Interval

    /// The bytes of output number `index` that belong to this request.
    package func bytes(of index: Int) -> UnsafeRawBufferPointer {
        batch.bytes(of: index, rows: rows)
    }

    /// The shape of output number `index` for this request, batch dimension included.
    package func shape(of index: Int) -> [Int] {
        var shape = batch.tensors[index].shape
        if batch.isBatched { shape[0] = rows.count }
        return shape
    }
}

/// Outputs of one batch and how long its stages took; shared by the answers of all its requests.
package final class BatchOutput: Sendable {
    /// One tensor for each output of the model, in the signature's order.
    package let tensors: [Tensor]

    /// Whether dimension 0 counts rows.
    package let isBatched: Bool

    /// Rows of the batch.
    package let rows: Int

    /// Requests in the batch.
    package let requests: Int

    /// Time from the scheduler's decision to the engine's start: wake-up and gathering.
    package let assembly: Interval

    /// Time inside the engine.
    package let compute: Interval

    /// The name of the variant that computed it; `nil` where the model has but one.
    package let variant: String?

    /// For each string output, where each row starts; empty for outputs of fixed size.
    private let rowOffsets: [[Int]]

    /// Indexes the outputs of a finished batch.
    ///
    /// - Throws: ``ServingError`` when an output does not have one entry for each row, or other bytes
    ///   than its shape says.
    init(
        tensors: [Tensor], isBatched: Bool, rows: Int, requests: Int, assembly: Interval,
        compute: Interval, variant: String? = nil
    ) throws(ServingError) {
        self.tensors = tensors
        self.isBatched = isBatched
        self.rows = rows
        self.requests = requests
        self.assembly = assembly
        self.compute = compute
        self.variant = variant
        var offsets: [[Int]] = []
        for tensor in tensors {
            guard tensor.hasCountableElements, !isBatched || tensor.shape.first == rows
            else {
                throw ServingError(
                    .engineFailed, "the model answered shape \(tensor.shape) to a batch of \(rows)")
            }
            offsets.append(try Self.offsets(of: tensor, rows: isBatched ? rows : 1))
        }
        rowOffsets = offsets
    }

    /// The bytes of some rows of output number `index`.
    package func bytes(of index: Int, rows range: Range<Int>) -> UnsafeRawBufferPointer {
        let tensor = tensors[index]
        guard isBatched else { return tensor.bytes }
        guard rowOffsets[index].isEmpty else {
            let offsets = rowOffsets[index]
            return UnsafeRawBufferPointer(
                rebasing: tensor.bytes[offsets[range.lowerBound]..<offsets[range.upperBound]])
        }
        let rowBytes = rows > 0 ? tensor.bytes.count / rows : 0
        return UnsafeRawBufferPointer(
            rebasing: tensor.bytes[range.lowerBound * rowBytes..<range.upperBound * rowBytes])
    }

    /// Where each row of a string tensor starts, and where the last one ends; for others, nothing.
    private static func offsets(of tensor: Tensor, rows: Int) throws(ServingError) -> [Int] {
        let bytes = tensor.bytes
        if let size = tensor.dataType.elementSize {
            guard tensor.elementCount.multipliedReportingOverflow(by: size) == (bytes.count, false)
            else {
                throw ServingError(
                    .engineFailed,
                    "the model answered \(bytes.count) bytes for shape \(tensor.shape) of "
                        + tensor.dataType.rawValue)
            }
            return []
        }
        let perRow = rows > 0 ? tensor.elementCount / rows : 0
        var offsets = [0]
        var position = 0
        for _ in 0..<rows {
            for _ in 0..<perRow {
                guard position + 4 <= bytes.count else {
                    throw ServingError(
                        .engineFailed, "the model answered a truncated string tensor")
                }
                let length = bytes.loadUnaligned(fromByteOffset: position, as: UInt32.self)
                position += 4 + Int(UInt32(littleEndian: length))
            }
            offsets.append(position)
        }
        guard position == bytes.count else {
            throw ServingError(.engineFailed, "the model answered a malformed string tensor")
        }
        return offsets
    }
}

extension Tensor {
    /// Whether the shape stands for a number of elements: none of its extents is negative, and their product
    /// is a number. What an engine answers may be anything.
    fileprivate var hasCountableElements: Bool {
        var count = 1
        for extent in shape {
            let (product, overflow) = count.multipliedReportingOverflow(by: extent)
            guard extent >= 0, !overflow else { return false }
            count = product
        }
        return true
    }
}
