public import EngineAPI

/// A model for the suite to load, and inputs for it.
public struct ConformanceFixture: Sendable {
    /// The model.
    public var source: ModelSource

    /// What the loaded model shall report as its inputs and outputs.
    public var signature: ModelSignature

    /// Makes valid inputs of so many rows, the same on every call. Of a model without a batch
    /// dimension it is asked for one row only.
    public var makeInputs: @Sendable (_ rows: Int) -> [Tensor]

    /// Sources that must be refused as `invalidModel`: a missing file, a corrupt one, a bad
    /// parameter.
    public var unloadable: [ModelSource]

    /// Largest difference between a row alone and the same row in a batch, relative to values above
    /// 1 and absolute below; 0 for models that must agree bit by bit.
    public var tolerance: Double

    /// Largest growth of the process, in bytes, over ``loadRounds`` times loading, running and
    /// unloading, in the best of several attempts.
    public var memoryBound: Int

    /// How often to load and unload while looking for leaks.
    public var loadRounds: Int

    /// Makes a fixture.
    public init(
        source: ModelSource, signature: ModelSignature, unloadable: [ModelSource],
        tolerance: Double = 0, memoryBound: Int = 8 << 20, loadRounds: Int = 64,
        makeInputs: @escaping @Sendable (_ rows: Int) -> [Tensor]
    ) {
        self.source = source
        self.signature = signature
        self.unloadable = unloadable
        self.tolerance = tolerance
        self.memoryBound = memoryBound
        self.loadRounds = loadRounds
        self.makeInputs = makeInputs
    }

    /// Whether the model takes batches.
    var isBatched: Bool { source.maxBatchSize > 0 }

    /// Numbers of rows worth trying.
    var rowCounts: [Int] {
        isBatched ? [1, 2, 3, source.maxBatchSize].filter { $0 <= source.maxBatchSize } : [1]
    }

    /// The largest of ``rowCounts``.
    var mostRows: Int { rowCounts.max() ?? 1 }
}
