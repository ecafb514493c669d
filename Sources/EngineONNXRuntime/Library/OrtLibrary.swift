internal import COnnxRuntime
internal import EngineAPI
internal import Synchronization

/// One ONNX Runtime library, loaded once per process, with the objects that all sessions share.
///
/// ONNX Runtime keeps one environment per process and owns threads, so a library is neither
/// unloaded nor its environment released. The guard behind the unchecked conformance: all
/// properties are constant, and ONNX Runtime's environment and default allocator are safe to use
/// from any thread.
final class OrtLibrary: @unchecked Sendable {
    let path: String
    let version: String
    let api: OrtAPI
    let environment: OrtHandle
    /// Describes memory that belongs to Headway.
    let memoryInfo: OrtHandle
    /// Allocates names and string tensors; belongs to the library.
    let allocator: OpaquePointer

    /// Libraries by path.
    private static let loaded = Mutex<[String: OrtLibrary]>([:])

    /// The first of `candidates` that can be used.
    ///
    /// - Throws: Kind `unavailable`, naming each candidate and why it could not be used.
    static func firstUsable(
        of candidates: [String], log: @escaping ONNXRuntimeEngine.LogSink
    ) throws(EngineError) -> OrtLibrary {
        var reasons: [String] = []
        for path in candidates {
            do {
                let library = try open(path, log: log)
                for reason in reasons {
                    log(.warning, "ONNX Runtime passed over: \(reason)")
                }
                return library
            } catch {
                // The loader's own text names the path too.
                reasons.append(
                    error.message.contains(path) ? error.message : "\(path) (\(error.message))")
            }
        }
        let places = reasons.isEmpty ? "nowhere" : reasons.joined(separator: "; ")
        throw EngineError(
            .unavailable,
            "ONNX Runtime was not found. `make engines` installs it; "
                + "\(ONNXRuntimeEngine.environmentVariable) may name the path of a "
                + "libonnxruntime.so. Looked at: \(places)")
    }

    private static func open(
        _ path: String, log: @escaping ONNXRuntimeEngine.LogSink
    ) throws(OrtFailure) -> OrtLibrary {
        try loaded.withLock { loaded throws(OrtFailure) in
            if let library = loaded[path] { return library }
            let library = try OrtLibrary(path: path, log: log)
            loaded[path] = library
            return library
        }
    }

    private init(
        path: String, log: @escaping ONNXRuntimeEngine.LogSink
    ) throws(OrtFailure) {
        let library = try Self.load(path)
        let api = OrtAPI(table: library.api)
        self.path = path
        self.api = api
        version = String(cString: library.version)

        // Lives as long as the environment, which is never released.
        let sink = Unmanaged.passRetained(OrtLog(log)).toOpaque()
        environment = try api.make(releasedBy: CORT_ReleaseEnv) {
            cort_create_env(api.table, OrtLog.callback, sink, OrtLog.lowestSeverity, "", $0)
        }
        memoryInfo = try api.make(releasedBy: CORT_ReleaseMemoryInfo) {
            cort_create_cpu_memory_info(api.table, $0)
        }
        var allocator: OpaquePointer?
        try api.check(cort_get_default_allocator(api.table, &allocator))
        guard let allocator else {
            throw OrtFailure(code: 1, message: "it has no default allocator")
        }
        self.allocator = allocator
        try registerArena(log: log)
    }

    /// Gives the environment the arena that all sessions share.
    ///
    /// A session's own arena grows in powers of two, and remembers the size of a request that
    /// failed: after one call that ran out of memory it takes most of the machine for the next
    /// call, however small. An arena that grows by what is asked for forgets it. Sharing it lets
    /// one model use what another freed.
    private func registerArena(log: ONNXRuntimeEngine.LogSink) throws(OrtFailure) {
        let config = try api.make(releasedBy: CORT_ReleaseArenaCfg) {
            cort_create_arena_config(api.table, $0)
        }
        do {
            try api.check(
                cort_register_arena(
                    api.table, environment.pointer, memoryInfo.pointer, config.pointer))
        } catch {
            // The same library was loaded by another path, so that its environment has the arena
            // already.
            log(.debug, "ONNX Runtime at \(path): \(error.message)")
        }
    }

    /// Loads the library and finds its table.
    private static func load(_ path: String) throws(OrtFailure) -> (
        api: cort_api, version: UnsafePointer<CChar>
    ) {
        var library = cort_library()
        var reason = [CChar](repeating: 0, count: 512)
        let found = cort_load(path, &library, &reason, reason.count)
        guard found, let table = library.api, let version = library.version else {
            let bytes = reason.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
            throw OrtFailure(code: 1, message: String(decoding: bytes, as: UTF8.self))
        }
        return (table, version)
    }
}
