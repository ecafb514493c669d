internal import EngineAPI
internal import ServingModel

/// Cuts and changes tensors.
enum Rows {
    /// Row `row` of a batch, as a view into the same buffer.
    static func slice(_ tensor: Tensor, _ row: Int) -> Tensor {
        var result = tensor
        let rows = tensor.shape[0]
        result.shape[0] = 1
        let start = tensor.byteRange.lowerBound
        if tensor.dataType == .bytes {
            let elements = tensor.elementCount / rows
            let offsets = elementOffsets(tensor)
            result.byteRange =
                start + offsets[row * elements]..<start + offsets[(row + 1) * elements]
        } else {
            let size = tensor.byteRange.count / rows
            result.byteRange = start + row * size..<start + (row + 1) * size
        }
        return result
    }

    /// A tensor of the same layout with other content.
    static func inverted(_ tensor: Tensor) -> Tensor {
        let buffer = TensorBuffer(byteCount: tensor.byteRange.count)
        buffer.memory.copyMemory(from: tensor.bytes)
        if tensor.dataType == .bytes {
            let offsets = elementOffsets(tensor)
            for (start, end) in zip(offsets, offsets.dropFirst()) {
                for index in start + 4..<end { buffer.memory[index] ^= 1 }
            }
        } else if tensor.dataType == .bool {
            for index in buffer.memory.indices { buffer.memory[index] = 0 }
        } else {
            // The low half of a number changes its value and leaves it a number.
            let size = tensor.dataType.elementSize ?? 1
            for index in stride(from: 0, to: buffer.byteCount, by: size) {
                buffer.memory[index] ^= 1
            }
        }
        return Tensor(dataType: tensor.dataType, shape: tensor.shape, buffer: buffer)
    }

    /// The same tensor without its last byte.
    static func shortened(_ tensor: Tensor) -> Tensor {
        var result = tensor
        if !tensor.byteRange.isEmpty {
            result.byteRange = tensor.byteRange.lowerBound..<tensor.byteRange.upperBound - 1
        }
        return result
    }

    /// A tensor of zeros with one extent larger by one.
    static func widened(_ tensor: Tensor, axis: Int) -> Tensor {
        var shape = tensor.shape
        shape[axis] += 1
        let size = tensor.dataType.elementSize ?? 4
        let buffer = TensorBuffer(byteCount: shape.reduce(1, *) * size)
        buffer.memory.initializeMemory(as: UInt8.self, repeating: 0)
        return Tensor(dataType: tensor.dataType, shape: shape, buffer: buffer)
    }

    /// Where each element of a `BYTES` tensor starts, and where the last one ends.
    private static func elementOffsets(_ tensor: Tensor) -> [Int] {
        var offsets = [0]
        do {
            try tensor.forEachByteString { _, bytes in
                offsets.append(offsets[offsets.count - 1] + 4 + bytes.count)
            }
        } catch {
            preconditionFailure("malformed tensor in a fixture or an output: \(error)")
        }
        return offsets
    }
}
