public import EngineAPI

/// A model that generates text for the suite to open.
public struct GenerativeFixture: Sendable {
    /// The model.
    public var source: ModelSource

    /// A prompt of at least eight tokens.
    public var prompt: String

    /// Sources that must be refused as `invalidModel`: a missing file, a corrupt one, a bad
    /// parameter.
    public var unloadable: [ModelSource]

    /// Largest growth of the process, in bytes, over ``requests`` requests, in the best of several
    /// attempts.
    public var memoryBound: Int

    /// How many short requests to run while looking for leaks.
    public var requests: Int

    /// Makes a fixture.
    public init(
        source: ModelSource, prompt: String, unloadable: [ModelSource], memoryBound: Int = 4 << 20,
        requests: Int = 1_000
    ) {
        self.source = source
        self.prompt = prompt
        self.unloadable = unloadable
        self.memoryBound = memoryBound
        self.requests = requests
    }
}
