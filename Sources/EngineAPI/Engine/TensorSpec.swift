public import ServingModel

/// Name, element type and shape of one input or output of a model.
public struct TensorSpec: Hashable, Sendable {
    /// The tensor's name in the model.
    public var name: String

    /// Element type.
    public var dataType: DataType

    /// Extents as the engine sees them, batch dimension included; -1 where any extent is accepted.
    public var shape: [Int]

    /// Makes a specification.
    public init(name: String, dataType: DataType, shape: [Int]) {
        self.name = name
        self.dataType = dataType
        self.shape = shape
    }
}

/// All inputs and outputs of a model, in the order in which ``EngineInstance/run(_:)`` takes them.
public struct ModelSignature: Hashable, Sendable {
    /// The inputs.
    public var inputs: [TensorSpec]
    /// The outputs.
    public var outputs: [TensorSpec]

    /// Makes a signature.
    public init(inputs: [TensorSpec], outputs: [TensorSpec]) {
        self.inputs = inputs
        self.outputs = outputs
    }
}
