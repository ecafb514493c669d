/// What identifies an engine to model repositories and people.
public struct EngineDescriptor: Hashable, Sendable {
    /// Canonical name, such as `onnxruntime`.
    public var name: String

    /// Values of `backend` and `platform` in `config.pbtxt` that choose this engine.
    public var aliases: [String]

    /// File that a version directory holds by default, such as `model.onnx`; empty when the engine
    /// needs no file.
    public var defaultFileName: String

    /// Whether models may bring libraries with operators of their own, as ``ModelSource/operatorLibraries``.
    public var takesOperatorLibraries: Bool

    /// Makes a descriptor.
    public init(
        name: String, aliases: [String], defaultFileName: String,
        takesOperatorLibraries: Bool = false
    ) {
        self.name = name
        self.aliases = aliases
        self.defaultFileName = defaultFileName
        self.takesOperatorLibraries = takesOperatorLibraries
    }
}

/// Everything an engine needs to know to load one version of a model.
public struct ModelSource: Sendable {
    /// Name of the model, for messages.
    public var name: String

    /// Path of the model file; empty for engines that need none.
    public var path: String

    /// Largest number of rows that one call will carry; 0 when the model has no batch dimension.
    public var maxBatchSize: Int

    /// Inputs and outputs as configured; empty lists where the engine shall read them from the file.
    public var declared: ModelSignature

    /// `parameters` of the model's configuration.
    public var parameters: [String: String]

    /// Threads that one instance may use for one call, at least 1.
    public var threadsPerInstance: Int

    /// Paths of libraries that hold operators the model needs, such as a tokenizer. Empty unless the
    /// engine takes them.
    public var operatorLibraries: [String]

    /// Makes a source.
    public init(
        name: String, path: String, maxBatchSize: Int,
        declared: ModelSignature = ModelSignature(inputs: [], outputs: []),
        parameters: [String: String] = [:], threadsPerInstance: Int = 1,
        operatorLibraries: [String] = []
    ) {
        self.name = name
        self.path = path
        self.maxBatchSize = maxBatchSize
        self.declared = declared
        self.parameters = parameters
        self.threadsPerInstance = threadsPerInstance
        self.operatorLibraries = operatorLibraries
    }
}

/// A library that runs models: the factory of loaded models.
///
/// `EngineTesting` holds the suite that every engine passes.
public protocol Engine: Sendable {
    /// Names by which repositories and people know the engine.
    var descriptor: EngineDescriptor { get }

    /// Version of the library that would run models.
    ///
    /// - Throws: ``EngineError`` of kind `unavailable` that says where the library was looked for
    ///   and how to install it.
    func version() throws(EngineError) -> String

    /// Loads one version of a model.
    ///
    /// - Throws: ``EngineError`` of kind `unavailable` or `invalidModel`.
    func load(_ source: ModelSource) throws(EngineError) -> any EngineModel
}

/// One loaded version of a model, from which instances are made. Dropping the last reference to it
/// and to its instances unloads it.
public protocol EngineModel: AnyObject, Sendable {
    /// Inputs and outputs, batch dimension included.
    var signature: ModelSignature { get }

    /// Makes an instance that runs one call at a time.
    func makeInstance() throws(EngineError) -> any EngineInstance
}

/// One copy of a model that runs one batch at a time.
///
/// An instance is confined to the thread that made it: it is made, run and dropped there.
public protocol EngineInstance: AnyObject {
    /// Runs the model once.
    ///
    /// - Parameter inputs: One tensor for each input of ``EngineModel/signature``, in its order.
    /// - Returns: One tensor for each output, in the signature's order. They stay valid after the next call.
    /// - Throws: ``EngineError``; the instance stays usable after any error.
    func run(_ inputs: [Tensor]) throws(EngineError) -> [Tensor]
}
