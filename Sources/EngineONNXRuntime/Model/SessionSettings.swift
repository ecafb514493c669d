internal import COnnxRuntime
internal import EngineAPI

/// How a session is set up: Headway's defaults, and what the model's configuration changes.
struct SessionSettings {
    /// Threads that one call may use, the calling one included.
    var threads: Int

    /// Whether ONNX Runtime keeps freed memory for the next call, in the arena that all sessions
    /// share.
    var usesArena = true

    /// Whether ONNX Runtime plans memory per combination of input shapes. It keeps one plan for
    /// each combination it has seen, without limit, and a server sees many; so that is off.
    var usesPattern = false

    /// ONNX Runtime's own settings. Threads do not spin: on a shared machine that doubles the time
    /// of the others and of the call itself.
    var entries = ["session.intra_op.allow_spinning": "0", "session.inter_op.allow_spinning": "0"]

    /// Libraries with operators that the model needs.
    var operatorLibraries: [String] = []

    /// Reads the parameters of `source`.
    ///
    /// - Throws: Kind `invalidModel` for a value that cannot be read.
    init(_ source: ModelSource) throws(EngineError) {
        threads = max(source.threadsPerInstance, 1)
        operatorLibraries = source.operatorLibraries
        for (key, value) in source.parameters {
            switch key {
            case "intra_op_thread_count":
                guard let count = Int(value), (0...1_024).contains(count) else {
                    throw Self.malformed(key, value, "a whole number from 0 to 1024")
                }
                if count > 0 { threads = count }
            case "enable_mem_arena":
                usesArena = try Self.flag(key, value)
            case "enable_mem_pattern":
                usesPattern = try Self.flag(key, value)
            case _ where key.hasPrefix("session."):
                entries[key] = value
            default:
                break
            }
        }
    }

    private static func flag(_ key: String, _ value: String) throws(EngineError) -> Bool {
        switch value {
        case "0", "false": false
        case "1", "true": true
        default: throw malformed(key, value, "0 or 1")
        }
    }

    private static func malformed(
        _ key: String, _ value: String, _ allowed: String
    ) -> EngineError {
        EngineError(.invalidModel, "parameter '\(key)' is '\(value)'; it takes \(allowed)")
    }

    private static let sharedArenaKey = "session.use_env_allocators"

    /// Session options for the model `name`.
    func makeOptions(_ api: OrtAPI, name: String) throws(OrtFailure) -> OrtHandle {
        let table = api.table
        let options = try api.make(releasedBy: CORT_ReleaseSessionOptions) {
            cort_create_session_options(table, $0)
        }
        let raw = options.pointer
        let allOptimisations: Int32 = 99
        try api.check(cort_set_log_id(table, raw, name))
        try api.check(
            cort_set_option(
                table, CORT_SetSessionGraphOptimizationLevel.index, raw, allOptimisations))
        try api.check(
            cort_set_option(table, CORT_SetIntraOpNumThreads.index, raw, Int32(threads)))
        try api.check(cort_set_option(table, CORT_SetInterOpNumThreads.index, raw, 1))
        let pattern = usesPattern ? CORT_EnableMemPattern : CORT_DisableMemPattern
        try api.check(cort_switch_option(table, pattern.index, raw))
        let arena = usesArena ? CORT_EnableCpuMemArena : CORT_DisableCpuMemArena
        try api.check(cort_switch_option(table, arena.index, raw))
        var entries = entries
        if entries[Self.sharedArenaKey] == nil {
            entries[Self.sharedArenaKey] = usesArena ? "1" : "0"
        }
        for (key, value) in entries.sorted(by: { $0.key < $1.key }) {
            try api.check(cort_add_config_entry(table, raw, key, value))
        }
        for library in operatorLibraries {
            try api.check(cort_register_operators(table, raw, library))
        }
        return options
    }
}

extension Int {
    /// A position in the table of functions, as the C functions take it.
    var index: Int32 { Int32(self) }
}
