import EngineAPI
import EngineSynthetic
import Foundation
import GatewayCore
import Logging
import ModelRepository
import ServingModel
import ServingRuntime
import Synchronization

/// A manager over a repository in a directory of its own, removed with the value.
final class ManagedModels: Sendable {
    let engine = ScriptedEngine()
    let manager: ModelManager
    private let path: String

    var catalog: ModelCatalog { manager.catalog }

    /// - Parameter memory: Decides which models are in memory.
    init(memory: MemoryManager? = nil) throws {
        let url = FileManager.default.temporaryDirectory
            .appendingPathComponent("gateway-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let engines: [any Engine] = [engine, SyntheticEngine(wait: { _ in })]
        var settings = ModelSettings(
            classes: PriorityClass.defaultTable, maxQueuedRequests: 100,
            maxQueuedBytes: 1 << 20, threadsPerInstance: 1,
            // Engines of tests are held up for as long as it takes.
            breaker: nil)
        settings.memory = memory
        manager = ModelManager(
            repository: ModelRepository(roots: [path], engines: engines.map(\.descriptor)),
            engines: engines, settings: settings,
            catalog: ModelCatalog(), timer: ThreadTimer(), logger: logger)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a model's configuration and its versions' directories.
    func write(_ name: String, versions: [Int] = [1], _ rest: String = "") throws {
        try write(name, versions: versions, text: Configurations.text(rest))
    }

    /// Writes a model's configuration, whatever it is, and its versions' directories.
    func write(_ name: String, versions: [Int] = [1], text: String) throws {
        for version in versions {
            try FileManager.default.createDirectory(
                atPath: "\(path)/\(name)/\(version)", withIntermediateDirectories: true)
        }
        try FileManager.default.createDirectory(
            atPath: "\(path)/\(name)", withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(fileURLWithPath: "\(path)/\(name)/config.pbtxt"))
    }

    /// Removes a model, or one of its versions.
    func remove(_ name: String) throws {
        try FileManager.default.removeItem(atPath: "\(path)/\(name)")
    }

    /// A parameter of the scripted engine.
    static func parameter(_ key: String, _ value: String) -> String {
        "parameters { key: \"\(key)\" value { string_value: \"\(value)\" } }"
    }

    /// Asks a model for the echo of a number.
    func infer(
        _ name: String, _ number: Float = 1, version: Int? = nil
    ) async throws -> Float {
        try await Self.infer(try catalog.find(name, version: version), number)
    }

    /// Asks a model for the echo of a number.
    static func infer(_ handle: ModelHandle, _ number: Float) async throws -> Float {
        let buffer = TensorBuffer(byteCount: 8)
        for index in 0..<2 {
            buffer.memory.storeBytes(of: number, toByteOffset: index * 4, as: Float.self)
        }
        let sink = Listener()
        return try await withCheckedThrowingContinuation { continuation in
            sink.listen(continuation)
            handle.served.submit([
                InferenceRequest(
                    inputs: [InputBytes(buffer.bytes)], owners: [buffer], rows: 1,
                    priorityClass: ClassIndex(0), deadline: .distantFuture, sink: sink)
            ])
        }
    }

    /// Lets other tasks run until something is so.
    func until(_ isSo: () -> Bool) async {
        while !isSo(), !Task.isCancelled { await Task.yield() }
    }
}

/// Hands the end of one request to whoever waits for it.
private final class Listener: CompletionSink {
    private let waiting = Mutex<CheckedContinuation<Float, any Error>?>(nil)

    func listen(_ continuation: CheckedContinuation<Float, any Error>) {
        waiting.withLock { $0 = continuation }
    }

    func complete(_ completions: [Completion]) {
        for completion in completions {
            let continuation = waiting.withLock { $0.take() }
            switch completion.result {
            case .success(let response):
                continuation?.resume(returning: response.bytes(of: 0).load(as: Float.self))
            case .failure(let error): continuation?.resume(throwing: error)
            }
        }
    }
}
