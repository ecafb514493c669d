internal import CEnginePlugin
internal import EngineAPI
internal import Synchronization

/// One plugin library, loaded once per process.
///
/// The guard behind the unchecked conformance: all properties are constant, and the functions of the
/// table may be called from any thread.
final class PluginLibrary: @unchecked Sendable {
    let path: String
    let version: String
    let table: UnsafePointer<headway_plugin>

    /// Libraries by path.
    private static let loaded = Mutex<[String: PluginLibrary]>([:])

    /// The first of `candidates` that can be used.
    ///
    /// - Throws: Kind `unavailable`, naming each candidate and why it could not be used.
    static func firstUsable(
        of candidates: [String], log: @escaping LlamaEngine.LogSink
    ) throws(EngineError) -> PluginLibrary {
        var reasons: [String] = []
        for path in candidates {
            switch open(path, log: log) {
            case .success(let library):
                for reason in reasons { log(.warning, "llama passed over: \(reason)") }
                return library
            case .failure(let error):
                // The loader's own text names the path too.
                reasons.append(
                    error.message.contains(path) ? error.message : "\(path) (\(error.message))")
            }
        }
        let places = reasons.isEmpty ? "nowhere" : reasons.joined(separator: "; ")
        throw EngineError(
            .unavailable,
            "the llama engine was not found. `make engines` builds it; "
                + "\(LlamaEngine.environmentVariable) may name the path of a "
                + "libheadway-llama.so. Looked at: \(places)")
    }

    private static func open(
        _ path: String, log: @escaping LlamaEngine.LogSink
    ) -> Result<PluginLibrary, EngineError> {
        loaded.withLock { loaded in
            if let library = loaded[path] { return .success(library) }
            var reason = [CChar](repeating: 0, count: 512)
            guard let table = headway_plugin_load(path, &reason, reason.count) else {
                let bytes = reason.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
                return .failure(
                    EngineError(.unavailable, String(decoding: bytes, as: UTF8.self)))
            }
            let library = PluginLibrary(path: path, table: table, log: log)
            loaded[path] = library
            return .success(library)
        }
    }

    private init(
        path: String, table: UnsafePointer<headway_plugin>, log: @escaping LlamaEngine.LogSink
    ) {
        self.path = path
        self.table = table
        version = String(cString: table.pointee.version)
        // Lives as long as the library, which is never unloaded.
        let sink = Unmanaged.passRetained(PluginLog(log)).toOpaque()
        table.pointee.set_log(PluginLog.callback, sink)
    }

    /// Turns the status of a call into an error, with the library's own words.
    func check(_ status: Int32) throws(EngineError) {
        guard status != Int32(HEADWAY_OK.rawValue) else { return }
        throw EngineError(Self.kind(status), String(cString: table.pointee.last_error()))
    }

    /// Makes an object by a function that writes it to where it is told.
    func make(
        _ create: (UnsafeMutablePointer<OpaquePointer?>) -> Int32
    ) throws(EngineError) -> OpaquePointer {
        var pointer: OpaquePointer?
        try check(create(&pointer))
        guard let pointer else { throw EngineError(.failed, "the engine made no object") }
        return pointer
    }

    private static func kind(_ status: Int32) -> EngineError.Kind {
        switch UInt32(bitPattern: status) {
        case HEADWAY_INVALID_MODEL.rawValue: .invalidModel
        case HEADWAY_INVALID_INPUT.rawValue: .invalidInput
        case HEADWAY_OUT_OF_MEMORY.rawValue: .outOfMemory
        default: .failed
        }
    }
}
