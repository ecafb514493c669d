internal import ServingModel
internal import ServingRuntime

extension ModelInterface {
    /// Makes sure that a request's rows fit one batch.
    func check(rows: Int) throws(ServingError) {
        guard isBatched else { return }
        guard rows >= 1 else {
            throw ServingError(
                .invalidArgument,
                "input '\(inputs.first?.name ?? "")' has no rows; send at least one")
        }
        guard rows <= maxBatchSize else {
            throw ServingError(
                .invalidArgument,
                "the request has \(rows) rows, model '\(name)' takes at most \(maxBatchSize)")
        }
    }
}

extension TensorInterface {
    /// The number of elements of a request's tensor, once its shape is known to fit this one.
    func elementCount(of shape: [Int], isBatched: Bool) throws(ServingError) -> Int {
        let offset = isBatched ? 1 : 0
        var fits = shape.count == dims.count + offset
        if fits {
            for (index, dim) in dims.enumerated() where dim >= 0 && dim != shape[index + offset] {
                fits = false
            }
        }
        guard fits, let count = shape.elements else {
            let expected = (isBatched ? [-1] : []) + dims
            throw ServingError(
                .invalidArgument,
                "input '\(name)' has shape \(shape), the model takes \(expected)"
                    + (isBatched ? " (-1 is the batch)" : ""))
        }
        return count
    }

    /// The extents that the engine sees for a client's extents.
    func engineDims(for dims: [Int]) -> [Int] {
        engineDims == self.dims ? dims : engineDims
    }
}

/// The layout of string tensors on the wire: a little-endian length before each element.
enum ByteStrings {
    /// Makes sure that `bytes` is exactly `count` elements.
    static func check(_ bytes: InputBytes, _ name: String, count: Int) throws(ServingError) {
        let memory = [UInt8](unsafeUninitializedCapacity: bytes.count) { target, used in
            if let base = target.baseAddress { bytes.copy(to: base) }
            used = bytes.count
        }
        var position = 0
        var found = 0
        while position < memory.count {
            guard position + 4 <= memory.count else { break }
            let length = (0..<4).reduce(0) { $0 | Int(memory[position + $1]) << (8 * $1) }
            guard length <= memory.count - position - 4 else { break }
            position += 4 + length
            found += 1
        }
        guard position == memory.count, found == count else {
            throw ServingError(
                .invalidArgument,
                "input '\(name)': its binary data is not \(count) strings, each with a 4-byte length "
                    + "before it")
        }
    }
}
