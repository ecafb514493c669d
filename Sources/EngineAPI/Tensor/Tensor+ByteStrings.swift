internal import ServingModel

extension Tensor {
    /// Calls `body` with the position and the bytes of each element of a ``DataType/bytes`` tensor.
    ///
    /// The bytes are valid during the call only. Elements before a malformed one are visited.
    ///
    /// - Throws: What `body` throws; ``EngineError`` of kind `invalidInput` where a length prefix
    ///   is cut off or reaches beyond the tensor, or where bytes remain after the last element.
    public func forEachByteString(
        _ body: (_ element: Int, _ bytes: UnsafeRawBufferPointer) throws(EngineError) -> Void
    ) throws(EngineError) {
        let all = bytes
        let count = elementCount
        var offset = 0
        for element in 0..<count {
            guard all.count - offset >= 4 else {
                throw EngineError(
                    .invalidInput,
                    "BYTES tensor ends before element \(element) of \(count)")
            }
            let length = Int(
                UInt32(littleEndian: all.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
            offset += 4
            guard length <= all.count - offset else {
                throw EngineError(
                    .invalidInput,
                    "element \(element) of a BYTES tensor claims \(length) bytes, "
                        + "\(all.count - offset) are left")
            }
            try body(element, UnsafeRawBufferPointer(rebasing: all[offset..<offset + length]))
            offset += length
        }
        if offset != all.count {
            throw EngineError(
                .invalidInput,
                "BYTES tensor of \(count) elements has \(all.count - offset) bytes too many")
        }
    }
}
