internal import EngineAPI
internal import EngineONNXRuntime
internal import EnginePlugin
internal import EngineSynthetic
internal import Foundation
internal import Logging

/// What is installed with or beside this executable: engines and demo models.
///
/// Both are looked for in the working directory first, then beside the project that the executable was
/// built in, so that `headway` works from the project's folder without any variable set.
struct Installation {
    private let roots: [String]
    private let environment: [String: String]

    init(environment: [String: String] = ProcessInfo.processInfo.environment) {
        self.environment = environment
        var roots = [FileManager.default.currentDirectoryPath]
        // .build/<triple>/release/headway: the project is four levels up.
        var folder = URL(fileURLWithPath: Self.executablePath).deletingLastPathComponent()
        for _ in 0..<4 {
            roots.append(folder.path)
            folder.deleteLastPathComponent()
        }
        var seen: Set<String> = []
        self.roots = roots.filter { $0 != "/" && seen.insert($0).inserted }
    }

    private static var executablePath: String {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
            ?? CommandLine.arguments[0]
    }

    /// Folders that may hold engines, in the order in which they are looked at.
    var engineFolders: [String] { roots.map { $0 + "/build/engines" } }

    /// The folder of the bundled demo models, if it is there.
    var demoModels: String? {
        roots.map { $0 + "/models" }.first {
            FileManager.default.fileExists(atPath: $0 + "/digits/config.pbtxt")
        }
    }

    /// ONNX Runtime, whether its library is there or not.
    func onnxRuntime(logger: Logger) -> ONNXRuntimeEngine {
        ONNXRuntimeEngine(
            candidates: ONNXRuntimeEngine.candidates(
                environment: environment, engineFolders: engineFolders)
        ) { level, message in
            logger.log(level: level.loggerLevel, "\(message)", source: "onnxruntime")
        }
    }

    /// The llama engine, whether its library is there or not.
    func llama(logger: Logger) -> LlamaEngine {
        LlamaEngine(
            candidates: LlamaEngine.candidates(
                environment: environment, engineFolders: engineFolders)
        ) { level, message in
            logger.log(
                level: level == .error ? .error : .warning, "\(message)", source: "llama")
        }
    }

    /// Every engine that a model can name.
    func engines(logger: Logger) -> [any Engine] {
        [onnxRuntime(logger: logger), llama(logger: logger), SyntheticEngine()]
    }
}

extension ONNXRuntimeEngine.LogLevel {
    fileprivate var loggerLevel: Logger.Level {
        switch self {
        case .debug: .debug
        case .info: .info
        case .warning: .warning
        case .error: .error
        }
    }
}
