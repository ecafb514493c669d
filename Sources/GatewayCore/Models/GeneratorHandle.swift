package import ModelRepository
package import ServingModel
package import ServingRuntime

/// A version of a model that generates text and takes prompts: what runs it, and how it was configured.
package final class GeneratorHandle: Sendable {
    /// The live model.
    package let generator: ServedGenerator

    /// The configuration as written.
    package let configuration: ModelConfiguration

    /// How requests are classified; deadlines are those of the first token.
    package let quality: QualityPolicy

    /// Pairs a live model with its configuration.
    package init(generator: ServedGenerator, configuration: ModelConfiguration) {
        self.generator = generator
        self.configuration = configuration
        quality = QualityPolicy(
            classes: generator.specification.classes, batching: configuration.dynamicBatching)
    }

    /// Name of the model.
    package var name: String { generator.specification.name }

    /// Its version.
    package var version: Int { generator.specification.version }

    /// Time promised to a class for each token after the first.
    package func perToken(of priorityClass: ClassIndex) -> Interval {
        let promised = generator.specification.perToken
        return promised.isEmpty ? .never : promised[min(priorityClass.rawValue, promised.count - 1)]
    }
}

/// A model version that takes requests, of either kind.
package enum ReadyModel: Sendable {
    /// A function of tensors.
    case tensors(ModelHandle)
    /// A model that generates text.
    case generator(GeneratorHandle)

    /// Name of the model.
    package var name: String {
        switch self {
        case .tensors(let handle): handle.interface.name
        case .generator(let handle): handle.name
        }
    }

    /// Its version.
    package var version: Int {
        switch self {
        case .tensors(let handle): handle.interface.version
        case .generator(let handle): handle.version
        }
    }

    /// Name of the engine that runs it.
    package var engine: String {
        switch self {
        case .tensors(let handle): handle.interface.engine
        case .generator(let handle): handle.generator.specification.engine
        }
    }

    /// How it was configured.
    package var configuration: ModelConfiguration {
        switch self {
        case .tensors(let handle): handle.configuration
        case .generator(let handle): handle.configuration
        }
    }

    /// What was decided about the latest requests.
    package var decisions: DecisionLog {
        switch self {
        case .tensors(let handle): handle.served.decisions
        case .generator(let handle): handle.generator.decisions
        }
    }

    /// Priority classes, most important first.
    package var classes: [PriorityClass] {
        switch self {
        case .tensors(let handle): handle.served.specification.classes
        case .generator(let handle): handle.generator.specification.classes
        }
    }

    /// Requests that wait or run.
    package var inFlight: Int {
        switch self {
        case .tensors(let handle): handle.served.load.inFlight
        case .generator(let handle): handle.generator.load.inFlight
        }
    }

    /// Ends it, after what waits or runs has been served.
    package func stop() async {
        switch self {
        case .tensors(let handle): await handle.served.stop()
        case .generator(let handle): await handle.generator.stop()
        }
    }
}
