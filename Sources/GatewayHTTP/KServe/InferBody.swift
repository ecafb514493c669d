package import ServingRuntime

/// The body of an infer request as it came from the network: a JSON part, then binary tensors.
package struct InferBody {
    /// The JSON part; empty in the raw form.
    package let header: UnsafeRawBufferPointer

    /// What follows it in the same piece of memory, and in further pieces as received.
    private let rest: UnsafeRawBufferPointer
    private let more: [UnsafeRawBufferPointer]

    /// Bytes that follow the JSON part.
    package let binaryCount: Int

    /// A body whose `first` piece holds the JSON part of `headerLength` bytes; `nil` for all of it.
    ///
    /// - Returns: `nil` when the first piece is shorter than the JSON part.
    package init?(first: UnsafeRawBufferPointer, more: [UnsafeRawBufferPointer], headerLength: Int?)
    {
        let length = headerLength ?? first.count
        guard length <= first.count else { return nil }
        header = UnsafeRawBufferPointer(rebasing: first[..<length])
        rest = UnsafeRawBufferPointer(rebasing: first[length...])
        self.more = more
        binaryCount = more.reduce(rest.count) { $0 + $1.count }
    }

    /// `count` bytes that start `offset` bytes after the JSON part; they are known to be there.
    package func binary(at offset: Int, count: Int) -> InputBytes {
        if offset + count <= rest.count {
            return InputBytes(UnsafeRawBufferPointer(rebasing: rest[offset..<offset + count]))
        }
        var skip = offset
        var missing = count
        var found: [UnsafeRawBufferPointer] = []
        for piece in CollectionOfOne(rest) + more where missing > 0 {
            if skip >= piece.count {
                skip -= piece.count
                continue
            }
            let part = min(piece.count - skip, missing)
            found.append(UnsafeRawBufferPointer(rebasing: piece[skip..<skip + part]))
            missing -= part
            skip = 0
        }
        return InputBytes(pieces: found)
    }
}
