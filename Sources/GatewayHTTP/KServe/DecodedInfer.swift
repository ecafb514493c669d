internal import GatewayCore
internal import ServingRuntime

/// An infer request, checked against its model and ready for the runtime.
struct DecodedInfer {
    /// The client's name for the request, echoed in the answer.
    var id: String?

    /// One entry for each input of the model, in its order.
    var inputs: [InputBytes] = []

    /// Keeps memory alive that is not part of the request's own body.
    var owners: [AnyObject] = []

    /// Extents without the batch dimension, when the model leaves any open.
    var shapes: [[Int]]?

    /// Rows of every input.
    var rows = 1

    /// The quality of service asked for in `parameters`.
    var wish = QualityOfService()

    /// What the answer shall hold, in this order.
    var outputs: [RequestedOutput] = []
}

/// One output that a client wants, and how.
struct RequestedOutput {
    /// Position in the model's outputs.
    var index: Int

    /// Whether the tensor shall follow the JSON part as bytes.
    var isBinary: Bool

    /// Number of best classes wanted in place of the tensor; 0 for the tensor.
    var classification = 0
}
