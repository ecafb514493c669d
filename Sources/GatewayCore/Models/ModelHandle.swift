package import ModelRepository
package import ServingModel
package import ServingRuntime

/// A model version that takes requests: what runs it, and how it was configured.
package final class ModelHandle: Sendable {
    /// The live model.
    package let served: ServedModel

    /// The completed configuration.
    package let configuration: ModelConfiguration

    /// How requests are classified.
    package let quality: QualityPolicy

    /// How every KServe answer of this model begins: `{"model_name":…,"model_version":…`.
    package let answerPrefix: [UInt8]

    /// How each output begins in an answer, up to the value of `shape`.
    package let outputPrefixes: [[UInt8]]

    /// Pairs a live model with its configuration.
    package init(
        served: ServedModel, configuration: ModelConfiguration, classes: [PriorityClass],
        exactClasses: [String] = []
    ) {
        self.served = served
        self.configuration = configuration
        let interface = served.interface
        answerPrefix = Array(
            "{\"model_name\":\(Self.quoted(interface.name)),\"model_version\":\"\(interface.version)\""
                .utf8)
        outputPrefixes = interface.outputs.map {
            Array(
                "{\"name\":\(Self.quoted($0.name)),\"datatype\":\"\($0.dataType.rawValue)\",\"shape\":"
                    .utf8)
        }
        quality = QualityPolicy(
            classes: classes, batching: configuration.dynamicBatching, exactClasses: exactClasses)
    }

    /// `text` as a JSON string.
    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\\(scalar)"
            case "\u{0}"..."\u{1F}":
                let hex = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }

    /// What clients see.
    package var interface: ModelInterface { served.interface }
}

/// Where a model version is in its life.
package enum ModelState: Sendable {
    /// The engine loads it and warms it up.
    case loading
    /// It takes requests.
    case ready(ReadyModel)
    /// It was asked to go: what waits is still served.
    case unloading
    /// It was loaded once, or never asked for.
    case unloaded
    /// It cannot be served, for this reason.
    case failed(String)

    /// Triton's word for the state.
    package var name: String {
        switch self {
        case .loading: "LOADING"
        case .ready: "READY"
        case .unloading: "UNLOADING"
        case .unloaded, .failed: "UNAVAILABLE"
        }
    }

    /// Why the version is not ready, as shown in the repository index.
    package var reason: String {
        switch self {
        case .failed(let reason): reason
        case .unloaded: "unloaded"
        case .loading, .ready, .unloading: ""
        }
    }
}
