internal import EngineAPI

/// How a model is opened: Headway's defaults, and what the model's configuration changes.
struct ModelSettings {
    /// What a model is opened for.
    enum Task: String {
        case generate, embed
    }

    /// What the configuration asks for; `nil` leaves it to the file.
    var task: Task?

    /// Layers to keep on a GPU; -1 for all.
    var gpuLayers: Int32 = -1

    var mapsFile = true

    /// Whether the whole file is read and checked.
    var checksTensors = false

    /// Tokens of one pass over texts; `nil` for the default.
    var maxTokens: Int?

    /// Whether vectors are scaled to length 1.
    var normalizes = true

    /// Threads that one call may use, the calling one included.
    var threads: Int

    /// Reads the parameters of `source`.
    ///
    /// - Throws: Kind `invalidModel` for a value that cannot be read.
    init(_ source: ModelSource) throws(EngineError) {
        threads = max(source.threadsPerInstance, 1)
        for (key, value) in source.parameters {
            switch key {
            case "task":
                guard let task = Task(rawValue: value) else {
                    throw Self.malformed(key, value, "'generate' or 'embed'")
                }
                self.task = task
            case "gpu_layers":
                gpuLayers = Int32(try Self.number(key, value, -1...10_000))
            case "use_mmap":
                mapsFile = try Self.flag(key, value)
            case "check_tensors":
                checksTensors = try Self.flag(key, value)
            case "max_tokens":
                maxTokens = try Self.number(key, value, 1...1_000_000)
            case "normalize":
                normalizes = try Self.flag(key, value)
            default:
                break
            }
        }
    }

    private static func number(
        _ key: String, _ value: String, _ range: ClosedRange<Int>
    ) throws(EngineError) -> Int {
        guard let number = Int(value), range.contains(number) else {
            throw malformed(
                key, value, "a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
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
}
