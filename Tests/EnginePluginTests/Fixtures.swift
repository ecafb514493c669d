import EngineAPI
import EnginePlugin
import EngineTesting
import ServingModel
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// What the tests share: the engine, its log, and the models of `scripts/gguf_models.py`.
enum Fixtures {
    /// Why a test cannot run, with what to do about it.
    struct Missing: Error, CustomStringConvertible {
        var description: String
    }

    /// Lines that the library logged in this process.
    static let log = Mutex<[String]>([])

    /// The engine that `make engines` installs. There is one, as in a server.
    static let engine = LlamaEngine(
        candidates: LlamaEngine.candidates(
            environment: environment("HEADWAY_LLAMA"),
            engineFolders: [packageRoot + "/build/engines"])
    ) { _, message in
        log.withLock { $0.append(message) }
    }

    /// The folder of the package, from the place of this file.
    static let packageRoot: String = {
        var parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
        parts.removeLast(3)
        return parts.joined(separator: "/")
    }()

    /// Path of a test model.
    static func path(_ name: String) throws -> String {
        let folder =
            environment("HEADWAY_TEST_MODELS")["HEADWAY_TEST_MODELS"]
            ?? packageRoot + "/build/test-models"
        let path = "\(folder)/\(name).gguf"
        guard access(path, R_OK) == 0 else {
            throw Missing(description: "\(path) is missing: run `make models` first")
        }
        return path
    }

    static func source(
        _ name: String, maxBatchSize: Int = 0, parameters: [String: String] = [:]
    ) throws -> ModelSource {
        ModelSource(
            name: name, path: try path(name), maxBatchSize: maxBatchSize, parameters: parameters)
    }

    /// A model that generates text.
    static func model(
        _ name: String = "decoder", parameters: [String: String] = [:]
    ) throws -> any GenerativeModel {
        let opened = try engine.open(source(name, parameters: parameters))
        guard case .generator(let model) = opened else {
            throw Missing(description: "\(name) does not generate text")
        }
        return model
    }

    /// The demo model, whose weights are trained and have 8 bits.
    static func tales() throws -> any GenerativeModel {
        let path = packageRoot + "/models/tales/1/model.gguf"
        let opened = try engine.open(
            ModelSource(name: "tales", path: path, maxBatchSize: 0, parameters: [:]))
        guard case .generator(let model) = opened else {
            throw Missing(description: "\(path) does not generate text")
        }
        return model
    }

    /// The text that `model` generates for `prompt` under `parameters`, up to its end.
    static func text(
        _ model: any GenerativeModel, _ prompt: String, _ parameters: SamplingParameters,
        count: Int = 64
    ) throws -> String {
        let tokens = try model.tokenize(prompt, addsSpecial: true, parsesSpecial: true)
        let generated = try model.generate(tokens, count: count, parameters)
        let answer = generated.prefix { !model.endsGeneration($0) }
        return String(
            decoding: answer.flatMap { model.piece(of: $0, rendersSpecial: true) }, as: UTF8.self)
    }

    /// Writes a file that is gone when `body` ends.
    static func withFile(_ bytes: [UInt8], _ body: (String) throws -> Void) throws {
        var name = Array("/tmp/headway-llama-XXXXXX".utf8CString)
        let file = mkstemp(&name)
        guard file >= 0 else { throw Missing(description: "no temporary file could be made") }
        let path = String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { unlink(path) }
        let written = bytes.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
        close(file)
        guard written == bytes.count else { throw Missing(description: "\(path) was not written") }
        try body(path)
    }

    static func contents(_ path: String) throws -> [UInt8] {
        guard let file = fopen(path, "r") else { throw Missing(description: path) }
        defer { fclose(file) }
        var result: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = fread(&buffer, 1, buffer.count, file)
            if count == 0 { return result }
            result += buffer[..<count]
        }
    }

    /// The variable `name` alone, as an environment.
    private static func environment(_ name: String) -> [String: String] {
        getenv(name).map { [name: String(cString: $0)] } ?? [:]
    }
}

extension Tensor {
    /// A column of texts.
    static func texts(_ texts: [String]) -> Tensor {
        var bytes: [UInt8] = []
        for text in texts {
            withUnsafeBytes(of: UInt32(text.utf8.count).littleEndian) { bytes += $0 }
            bytes += text.utf8
        }
        return Tensor(dataType: .bytes, shape: [texts.count, 1], bytes: bytes)
    }

    /// A tensor with a copy of `bytes`.
    init(dataType: DataType, shape: [Int], bytes: [UInt8]) {
        let buffer = TensorBuffer(byteCount: bytes.count)
        buffer.memory.copyBytes(from: bytes)
        self.init(dataType: dataType, shape: shape, buffer: buffer)
    }

    var floats: [Float] { Array(bytes.assumingMemoryBound(to: Float.self)) }
}
