internal import CEnginePlugin

/// Carries a library's log lines from its C callback to a sink.
final class PluginLog: Sendable {
    private let sink: LlamaEngine.LogSink

    init(_ sink: @escaping LlamaEngine.LogSink) {
        self.sink = sink
    }

    /// The callback. Its first argument is a `PluginLog` that lives as long as the process. Lines less
    /// serious than warnings, of which there are hundreds for each model, are left out.
    static let callback: headway_log_function = { context, level, text, count in
        guard let context, level >= Int32(HEADWAY_LOG_WARNING.rawValue) else { return }
        let log = Unmanaged<PluginLog>.fromOpaque(context).takeUnretainedValue()
        let bytes = UnsafeRawBufferPointer(start: text, count: count)
        log.sink(
            level >= Int32(HEADWAY_LOG_ERROR.rawValue) ? .error : .warning,
            String(decoding: bytes, as: UTF8.self))
    }
}
