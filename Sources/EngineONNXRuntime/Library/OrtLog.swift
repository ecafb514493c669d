internal import COnnxRuntime

/// Carries ONNX Runtime's log lines from its C callback to a sink.
final class OrtLog: Sendable {
    private let sink: ONNXRuntimeEngine.LogSink

    init(_ sink: @escaping ONNXRuntimeEngine.LogSink) {
        self.sink = sink
    }

    /// Lines less serious than this are not even formatted by ONNX Runtime: its number for
    /// warnings.
    static let lowestSeverity: Int32 = 2

    /// The callback. Its first argument is an `OrtLog` that lives as long as the process.
    static let callback: cort_log_function = { param, severity, category, logID, _, message in
        guard let param, let message else { return }
        let log = Unmanaged<OrtLog>.fromOpaque(param).takeUnretainedValue()
        var text = String(cString: message)
        if let logID, logID.pointee != 0 { text = "\(String(cString: logID)): \(text)" }
        log.sink(level(severity), text)
    }

    private static func level(_ severity: Int32) -> ONNXRuntimeEngine.LogLevel {
        switch severity {
        case ...0: .debug
        case 1: .info
        case 2: .warning
        default: .error
        }
    }
}
