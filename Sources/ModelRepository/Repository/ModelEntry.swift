package import EngineAPI

/// One model of a repository, healthy or not.
package struct ModelEntry: Sendable {
    /// Name of the model: the name of its directory.
    package let name: String

    /// Path of the model's directory.
    package let directory: String

    /// Directories of the same name in later repositories, which are not served.
    package let shadowedDirectories: [String]

    /// Versions that exist, ascending.
    package let versions: [Int]

    /// The configuration as written, or an empty one for a model without a file; the error says
    /// everything that is wrong with it.
    package let configuration: Result<ModelConfiguration, ConfigurationError>

    /// Versions that the version policy chooses and that an engine can be asked to load, ascending.
    package let servable: [ServableVersion]

    /// Versions that the version policy chooses and that cannot be served, ascending.
    package let unservable: [UnservableVersion]

    /// Why the model, or one of its versions, is not ready; `nil` when nothing is wrong. Versions in
    /// ``servable`` can be served nevertheless.
    package let problem: String?
}

/// A version that the version policy chooses and that cannot be served.
package struct UnservableVersion: Hashable, Sendable {
    /// The version.
    package let version: Int

    /// A sentence for the operator.
    package let reason: String
}

/// A version of a model that is ready to be loaded.
package struct ServableVersion: Sendable {
    /// Name of the model.
    package let model: String

    /// The version, at least 1.
    package let version: Int

    /// Path of the model's directory; warm-up files are in its folder `warmup`.
    package let directory: String

    /// The engine to load it with.
    package let engine: EngineDescriptor

    /// What to hand to the engine.
    package let source: ModelSource

    /// The configuration, to be completed with the signature of the loaded model.
    package let configuration: ModelConfiguration

    /// Class names by output and index, for outputs that have a label file.
    package let labels: [String: [String]]
}
