import EngineAPI
import EngineSynthetic
import ServingModel
import Synchronization

/// Records the waits of an engine instead of waiting.
final class Waits: Sendable {
    private let log = Mutex<[UInt64]>([])

    var all: [UInt64] { log.withLock { $0 } }

    func add(_ nanoseconds: UInt64) {
        log.withLock { $0.append(nanoseconds) }
    }
}

/// Builds models and tensors.
enum Synthetic {
    /// One input and one output of equal type and shape.
    static func echo(_ dataType: DataType, _ shape: [Int]) -> ModelSignature {
        ModelSignature(
            inputs: [TensorSpec(name: "x", dataType: dataType, shape: shape)],
            outputs: [TensorSpec(name: "y", dataType: dataType, shape: shape)])
    }

    static func source(
        _ signature: ModelSignature, _ parameters: [String: String] = [:]
    ) -> ModelSource {
        ModelSource(
            name: "synthetic", path: "", maxBatchSize: 8, declared: signature,
            parameters: parameters)
    }

    /// An instance of an echo of FP32 [-1, 4] whose waits are recorded.
    static func instance(
        _ parameters: [String: String], _ waits: Waits
    ) throws -> any EngineInstance {
        let engine = SyntheticEngine(wait: { waits.add($0) })
        return try engine.load(source(echo(.fp32, [-1, 4]), parameters)).makeInstance()
    }

    /// A tensor whose bytes count up.
    static func tensor(_ dataType: DataType, _ shape: [Int]) -> Tensor {
        let count = shape.reduce(1, *) * (dataType.elementSize ?? 1)
        let buffer = TensorBuffer(byteCount: count)
        for index in 0..<count { buffer.memory[index] = UInt8(truncatingIfNeeded: index % 64) }
        return Tensor(dataType: dataType, shape: shape, buffer: buffer)
    }

    /// Strings of lengths 0, 1, 2 and so on.
    static func strings(rows: Int, columns: Int) -> Tensor {
        var bytes: [UInt8] = []
        for element in 0..<rows * columns {
            bytes +=
                [UInt8(element), 0, 0, 0] + Array(repeating: UInt8(ascii: "a"), count: element)
        }
        let buffer = TensorBuffer(byteCount: bytes.count)
        buffer.memory.copyBytes(from: bytes)
        return Tensor(dataType: .bytes, shape: [rows, columns], buffer: buffer)
    }
}
