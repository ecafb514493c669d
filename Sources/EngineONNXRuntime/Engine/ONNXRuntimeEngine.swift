public import EngineAPI
internal import Synchronization

/// Runs ONNX models with ONNX Runtime, which is found when the first model is loaded.
///
/// Nothing of ONNX Runtime is needed to build or to start: without the library only the models that
/// need it fail, with an error that says where it was looked for. A library stays loaded for the
/// life of the process, and all engines that find the same one share it.
public final class ONNXRuntimeEngine: Engine {
    /// How serious a line of ONNX Runtime's log is.
    public enum LogLevel: Int, Sendable, Comparable {
        /// Details for people who debug ONNX Runtime itself.
        case debug
        /// What happened.
        case info
        /// Something that works, but not as well as it could.
        case warning
        /// Something that failed; the call that failed throws as well.
        case error

        /// Less serious first.
        public static func < (left: LogLevel, right: LogLevel) -> Bool {
            left.rawValue < right.rawValue
        }
    }

    /// Takes one line of log. It is called on whichever thread logs, so it must not block for long.
    public typealias LogSink = @Sendable (_ level: LogLevel, _ message: String) -> Void

    /// Canonical name `onnxruntime`, with the spellings of Triton's repositories.
    public let descriptor = EngineDescriptor(
        name: "onnxruntime",
        aliases: ["onnxruntime", "onnxruntime_onnx", "onnxruntime_onnx_cpu", "onnx"],
        defaultFileName: "model.onnx", takesOperatorLibraries: true)

    private let candidates: [String]
    private let log: LogSink
    private let found = Mutex<OrtLibrary?>(nil)

    /// Makes an engine; nothing is loaded before the first ``version()`` or ``load(_:)``.
    ///
    /// - Parameters:
    ///   - candidates: Paths of the library in the order to try them; see
    ///     ``candidates(environment:engineFolders:)``. A name without a slash is searched where the
    ///     dynamic loader searches.
    ///   - log: Takes ONNX Runtime's log. The library has one log per process: it goes to the
    ///     engine that loaded it first.
    public init(candidates: [String], log: @escaping LogSink) {
        self.candidates = candidates
        self.log = log
    }

    /// Version of the library, such as `1.31.1`.
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

    /// Loads one version of a model and checks it against what `source` declares.
    ///
    /// These `parameters` of the model's configuration are understood, all others are left to
    /// others: `intra_op_thread_count` (a whole number; 0 for the instance's own number),
    /// `enable_mem_arena` and `enable_mem_pattern` (`0` or `1`), and ONNX Runtime's own session
    /// keys, which start with `session.`.
    ///
    /// - Throws: ``EngineError`` of kind `unavailable` when there is no library, `outOfMemory` when
    ///   memory ran out, and else `invalidModel`.
    public func load(_ source: ModelSource) throws(EngineError) -> any EngineModel {
        try ONNXRuntimeModel(source, library: library())
    }

    private func library() throws(EngineError) -> OrtLibrary {
        try found.withLock { found throws(EngineError) in
            if let found { return found }
            let library = try OrtLibrary.firstUsable(of: candidates, log: log)
            found = library
            return library
        }
    }
}
