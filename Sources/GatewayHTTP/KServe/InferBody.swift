internal import ServingRuntime

/// The body of an infer request as it came from the network: a JSON part, then binary tensors.
struct InferBody {
    /// The JSON part; empty in the raw form.
    let header: UnsafeRawBufferPointer

    /// What follows it, in pieces as received.
    private let pieces: [UnsafeRawBufferPointer]

    /// Bytes that follow the JSON part.
    let binaryCount: Int

    /// A body whose first piece holds the JSON part of `headerLength` bytes; `nil` for all of it.
    ///
    /// - Returns: `nil` when the body is shorter than the JSON part is said to be, or when the JSON
    ///   part was not gathered into the first piece.
    init?(pieces: [UnsafeRawBufferPointer], headerLength: Int?) {
        let first = pieces.first ?? UnsafeRawBufferPointer(start: nil, count: 0)
        let length = headerLength ?? first.count
        guard length <= first.count, headerLength != nil || pieces.count <= 1 else { return nil }
        header = UnsafeRawBufferPointer(rebasing: first[..<length])
        let rest = UnsafeRawBufferPointer(rebasing: first[length...])
        self.pieces = (rest.isEmpty ? [] : [rest]) + pieces.dropFirst()
        binaryCount = self.pieces.reduce(0) { $0 + $1.count }
    }

    /// `count` bytes that start `offset` bytes after the JSON part; they are known to be there.
    func binary(at offset: Int, count: Int) -> InputBytes {
        var skip = offset
        var rest = count
        var found: [UnsafeRawBufferPointer] = []
        for piece in pieces {
            if skip >= piece.count {
                skip -= piece.count
                continue
            }
            let part = min(piece.count - skip, rest)
            let slice = UnsafeRawBufferPointer(rebasing: piece[skip..<skip + part])
            if part == count { return InputBytes(slice) }
            found.append(slice)
            rest -= part
            skip = 0
            if rest == 0 { break }
        }
        return InputBytes(pieces: found)
    }
}
