package import GatewayCore
package import ServingRuntime

/// An infer request, checked against its model and ready for the runtime.
package struct DecodedInfer {
    /// The client's name for the request, echoed in the answer.
    package var id: String?

    /// One entry for each input of the model, in its order.
    package var inputs: [InputBytes] = []

    /// Where each of them lies behind the JSON part; empty unless all do.
    package var spans: [Range<Int>] = []

    /// Keeps memory alive that is not part of the request's own body.
    package var owners: [AnyObject] = []

    /// Extents without the batch dimension, when the model leaves any open.
    package var shapes: [[Int]]?

    /// Rows of every input.
    package var rows = 1

    /// The quality of service asked for in `parameters`.
    package var wish = QualityOfService()

    /// What the answer shall hold, in this order.
    package var outputs: [RequestedOutput] = []
}

/// One output that a client wants, and how.
package struct RequestedOutput {
    /// Position in the model's outputs.
    package var index: Int

    /// Whether the tensor shall follow the JSON part as bytes.
    package var isBinary: Bool

    /// Number of best classes wanted in place of the tensor; 0 for the tensor.
    package var classification = 0
}
