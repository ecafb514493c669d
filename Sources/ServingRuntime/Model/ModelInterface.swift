package import ServingModel

/// What clients see of a model: its tensors without the batch dimension, and how it batches.
package struct ModelInterface: Sendable, Equatable {
    /// Name of the model.
    package var name: String

    /// Version of the model.
    package var version: Int

    /// Name of the engine that runs it.
    package var engine: String

    /// Most rows of one batch; 0 when the model has no batch dimension.
    package var maxBatchSize: Int

    /// Inputs, in the order of the engine's signature.
    package var inputs: [TensorInterface]

    /// Outputs, in the order of the engine's signature.
    package var outputs: [TensorInterface]

    /// Whether dimension 0 of every tensor counts rows.
    package var isBatched: Bool { maxBatchSize > 0 }

    /// Whether any input leaves an extent open besides the batch dimension.
    package let hasOpenShapes: Bool

    /// Makes an interface.
    package init(
        name: String, version: Int, engine: String, maxBatchSize: Int, inputs: [TensorInterface],
        outputs: [TensorInterface]
    ) {
        self.name = name
        self.version = version
        self.engine = engine
        self.maxBatchSize = maxBatchSize
        self.inputs = inputs
        self.outputs = outputs
        hasOpenShapes = inputs.contains { $0.dims.contains(-1) }
    }
}

/// One tensor of a model as clients see it.
package struct TensorInterface: Sendable, Equatable {
    /// The tensor's name.
    package var name: String

    /// Element type.
    package var dataType: DataType

    /// Extents without the batch dimension; -1 where any extent is accepted.
    package var dims: [Int]

    /// Extents that the engine sees in place of ``dims``; the number of elements is the same.
    package var engineDims: [Int]

    /// Text for each index of the last dimension, for the classification extension.
    package var labels: [String]

    /// Elements of one row; `nil` while an extent is open.
    package let rowElements: Int?

    /// Bytes of one row; `nil` while an extent is open or the elements differ in length.
    package let rowBytes: Int?

    /// Makes a tensor description.
    package init(
        name: String, dataType: DataType, dims: [Int], engineDims: [Int]? = nil,
        labels: [String] = []
    ) {
        self.name = name
        self.engineDims = engineDims ?? dims
        self.dataType = dataType
        self.dims = dims
        self.labels = labels
        let elements = dims.contains(-1) ? nil : dims.reduce(1, *)
        rowElements = elements
        rowBytes = elements.flatMap { count in dataType.elementSize.map { $0 * count } }
    }
}
