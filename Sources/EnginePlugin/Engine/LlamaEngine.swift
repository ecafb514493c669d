internal import CEnginePlugin
public import EngineAPI
internal import Synchronization

/// Runs GGUF models with llama.cpp, which lies behind Headway's plugin interface in a library of its
/// own and is found when the first model is opened.
///
/// Nothing of llama.cpp is needed to build or to start: without the library only the models that
/// need it fail, with an error that says where it was looked for. A library stays loaded for the life
/// of the process, and all engines that find the same one share it.
public final class LlamaEngine: GenerativeEngine {
    /// How serious a line of the library's log is.
    public enum LogLevel: Int, Sendable {
        /// Something that works, but not as well as it could.
        case warning
        /// Something that failed; the call that failed throws as well.
        case error
    }

    /// Takes one line of log. It is called on whichever thread logs, so it must not block for long.
    public typealias LogSink = @Sendable (_ level: LogLevel, _ message: String) -> Void

    /// Canonical name `llama`, with the names that people give to the library and to its files.
    public let descriptor = EngineDescriptor(
        name: "llama", aliases: ["llama", "llamacpp", "llama_cpp", "gguf"],
        defaultFileName: "model.gguf")

    private let candidates: [String]
    private let log: LogSink
    private let found = Mutex<PluginLibrary?>(nil)

    /// Makes an engine; nothing is loaded before the first ``version()`` or ``open(_:)``.
    ///
    /// - Parameters:
    ///   - candidates: Paths of the library in the order to try them; see
    ///     ``candidates(environment:engineFolders:)``. A name without a slash is searched where the
    ///     dynamic loader searches.
    ///   - log: Takes the library's log. A library has one log per process: it goes to the engine that
    ///     loaded it first.
    public init(candidates: [String], log: @escaping LogSink) {
        self.candidates = candidates
        self.log = log
    }

    /// Release that the library's llama.cpp was taken from.
    ///
    /// - Throws: ``EngineError`` of kind `unavailable` that names every place looked at.
    public func version() throws(EngineError) -> String {
        try library().version
    }

    /// Path of the library in use, as it was found among the candidates.
    ///
    /// - Throws: ``EngineError`` of kind `unavailable` that names every place looked at.
    public func libraryPath() throws(EngineError) -> String {
        try library().path
    }

    /// Opens a model that turns texts into vectors.
    ///
    /// - Throws: ``EngineError`` as ``open(_:)``, and of kind `invalidModel` for a model that
    ///   generates text.
    public func load(_ source: ModelSource) throws(EngineError) -> any EngineModel {
        switch try open(source) {
        case .tensors(let model):
            return model
        case .generator:
            throw EngineError(
                .invalidModel,
                "model '\(source.name)' generates text and is no function of tensors; with the "
                    + "parameter task: \"embed\" it turns texts into vectors")
        }
    }

    /// Opens one version of a model.
    ///
    /// These `parameters` of the model's configuration are understood, all others are left to
    /// others: `task` (`generate` or `embed`; by default what the file was made for), `gpu_layers`
    /// (layers to keep on a GPU, all by default), `use_mmap` (`0` or `1`, the default) and
    /// `check_tensors` (`1` reads the whole file and refuses numbers that are none). For vectors
    /// also `max_tokens` (tokens of one pass, and so of one text, 2,048 or the model's context by
    /// default) and `normalize` (`1`, the default, scales vectors to length 1).
    ///
    /// - Throws: ``EngineError`` of kind `unavailable` when there is no library, and else
    ///   `invalidModel`.
    public func open(_ source: ModelSource) throws(EngineError) -> OpenedModel {
        let settings = try ModelSettings(source)
        let library = try library()
        let handle = try Self.openFile(source, settings, library)
        var info = headway_model_info()
        library.table.pointee.model_info(handle.pointer, &info)
        let isEncoder = info.kind == Int32(HEADWAY_ENCODER.rawValue)
        switch settings.task ?? (isEncoder ? .embed : .generate) {
        case .embed:
            return .tensors(try EmbeddingModel(source, settings, info, handle))
        case .generate where isEncoder:
            throw EngineError(
                .invalidModel,
                "model '\(source.name)' (architecture '\(info.family)') "
                    + "turns texts into vectors and cannot generate")
        case .generate:
            return .generator(PluginModel(info, handle))
        }
    }

    private static func openFile(
        _ source: ModelSource, _ settings: ModelSettings, _ library: PluginLibrary
    ) throws(EngineError) -> PluginHandle {
        var options = headway_model_options(
            gpu_layers: settings.gpuLayers, maps_file: settings.mapsFile ? 1 : 0,
            checks_tensors: settings.checksTensors ? 1 : 0)
        do throws(EngineError) {
            let pointer = try library.make {
                library.table.pointee.open_model(source.path, &options, $0)
            }
            return PluginHandle(pointer, of: library, freedBy: library.table.pointee.close_model)
        } catch {
            throw EngineError(
                error.kind == .outOfMemory ? .outOfMemory : .invalidModel,
                "model '\(source.name)' cannot be loaded from '\(source.path)': \(error.message)")
        }
    }

    private func library() throws(EngineError) -> PluginLibrary {
        try found.withLock { found throws(EngineError) in
            if let found { return found }
            let library = try PluginLibrary.firstUsable(of: candidates, log: log)
            found = library
            return library
        }
    }
}
