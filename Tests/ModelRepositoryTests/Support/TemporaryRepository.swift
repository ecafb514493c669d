import EngineAPI
import Foundation
import ModelRepository

/// A repository in a directory of its own, removed with the value.
final class TemporaryRepository {
    /// Path of the directory.
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory
            .appendingPathComponent("repository-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// Makes a directory.
    func folder(_ name: String) throws {
        try FileManager.default.createDirectory(
            atPath: "\(path)/\(name)", withIntermediateDirectories: true)
    }

    /// Writes a file, with the folders that lead to it.
    func file(_ name: String, _ content: String = "") throws {
        try file(name, bytes: Array(content.utf8))
    }

    /// Writes a file, with the folders that lead to it.
    func file(_ name: String, bytes: [UInt8]) throws {
        let url = URL(fileURLWithPath: "\(path)/\(name)")
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: url)
    }

    /// Makes a symbolic link.
    func link(_ name: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(
            atPath: "\(path)/\(name)", withDestinationPath: target)
    }

    /// The models found.
    func scan() throws -> [ModelEntry] {
        try ModelRepository(roots: [path], engines: Self.engines).scan()
    }

    /// The only model found.
    func model(_ name: String) throws -> ModelEntry? {
        try ModelRepository(roots: [path], engines: Self.engines).entry(named: name)
    }

    /// Engines like those of the server.
    static let engines = [
        EngineDescriptor(
            name: "onnxruntime", aliases: ["onnxruntime_onnx"], defaultFileName: "model.onnx",
            takesOperatorLibraries: true),
        EngineDescriptor(
            name: "torchscript", aliases: ["pytorch", "pytorch_libtorch"],
            defaultFileName: "model.pt"),
        EngineDescriptor(name: "synthetic", aliases: [], defaultFileName: ""),
    ]
}
