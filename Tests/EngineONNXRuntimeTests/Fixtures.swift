import EngineAPI
import EngineONNXRuntime
import ServingModel
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// What the tests share: the engine, its log, and the models of `scripts/make_test_models.py`.
enum Fixtures {
    /// Why a test cannot run, with what to do about it.
    struct Missing: Error, CustomStringConvertible {
        var description: String
    }

    /// Lines that ONNX Runtime logged in this process.
    static let log = Mutex<[(level: ONNXRuntimeEngine.LogLevel, message: String)]>([])

    /// The engine that `make engines` installs. There is one, as in a server.
    static let engine = ONNXRuntimeEngine(
        candidates: ONNXRuntimeEngine.candidates(
            environment: environment("HEADWAY_ONNXRUNTIME"),
            engineFolders: [packageRoot + "/build/engines"])
    ) { level, message in
        log.withLock { $0.append((level, message)) }
    }

    /// The folder of the package, from the place of this file.
    static let packageRoot: String = {
        var parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
        parts.removeLast(3)
        return parts.joined(separator: "/")
    }()

    /// Path of a test model.
    static func path(_ name: String) throws -> String {
        try file("\(name).onnx")
    }

    /// Path of a library with operators for test models.
    static func library(_ name: String) throws -> String {
        try file("lib\(name).so")
    }

    private static func file(_ name: String) throws -> String {
        let folder =
            environment("HEADWAY_TEST_MODELS")["HEADWAY_TEST_MODELS"]
            ?? packageRoot + "/build/test-models"
        let path = "\(folder)/\(name)"
        guard access(path, R_OK) == 0 else {
            throw Missing(description: "\(path) is missing: run `make models` first")
        }
        return path
    }

    static func source(
        _ name: String, maxBatchSize: Int = 8, declared: ModelSignature? = nil,
        parameters: [String: String] = [:], threads: Int = 1
    ) throws -> ModelSource {
        ModelSource(
            name: name, path: try path(name), maxBatchSize: maxBatchSize,
            declared: declared ?? ModelSignature(inputs: [], outputs: []), parameters: parameters,
            threadsPerInstance: threads)
    }

    static func instance(
        _ name: String, maxBatchSize: Int = 8, parameters: [String: String] = [:], threads: Int = 1
    ) throws -> any EngineInstance {
        try engine.load(
            source(name, maxBatchSize: maxBatchSize, parameters: parameters, threads: threads)
        ).makeInstance()
    }

    /// The variable `name` alone, as an environment.
    private static func environment(_ name: String) -> [String: String] {
        getenv(name).map { [name: String(cString: $0)] } ?? [:]
    }
}

/// Makes tensors and reads them.
enum Tensors {
    static func make<Element: BitwiseCopyable>(
        _ dataType: DataType, _ shape: [Int], _ elements: [Element]
    ) -> Tensor {
        elements.withUnsafeBytes { bytes in
            let buffer = TensorBuffer(byteCount: bytes.count)
            buffer.memory.copyMemory(from: bytes)
            return Tensor(dataType: dataType, shape: shape, buffer: buffer)
        }
    }

    static func read<Element: BitwiseCopyable>(_ tensor: Tensor, as: Element.Type) -> [Element] {
        Array(tensor.bytes.assumingMemoryBound(to: Element.self))
    }

    /// Floating-point values between -1 and 1 that repeat only after a long time.
    static func waves(_ shape: [Int]) -> Tensor {
        let count = shape.reduce(1, *)
        return make(.fp32, shape, (0..<count).map { Float(($0 * 37 + 11) % 101 - 50) / 50 })
    }

    static func strings(_ shape: [Int], _ strings: [[UInt8]]) -> Tensor {
        var bytes: [UInt8] = []
        for string in strings {
            withUnsafeBytes(of: UInt32(string.count).littleEndian) { bytes += $0 }
            bytes += string
        }
        return make(.bytes, shape, bytes)
    }

    static func strings(of tensor: Tensor) throws -> [[UInt8]] {
        var result: [[UInt8]] = []
        try tensor.forEachByteString { _, bytes in result.append(Array(bytes)) }
        return result
    }
}

/// Collects lines of a log.
final class Lines: Sendable {
    private let lines = Mutex<[String]>([])

    var all: [String] { lines.withLock { $0 } }

    func add(_ line: String) {
        lines.withLock { $0.append(line) }
    }
}
