package import EngineAPI
package import ServingModel

/// One configured input or output of a model.
package struct TensorConfiguration: Hashable, Sendable {
    /// The tensor's name in the model, and in requests.
    package let name: String

    /// Element type.
    package let dataType: DataType

    /// Extents that clients see, without the batch dimension; -1 where any extent is accepted.
    ///
    /// Before completion an empty list stands for "as in the model"; afterwards for one value per row.
    package let dims: [Int]

    /// Extents that the engine sees in place of ``dims``, without the batch dimension; the number of
    /// elements is the same. `nil` when they do not differ.
    package let reshape: [Int]?

    /// File with one label per line, relative to the model's directory; `nil` for none. Outputs only.
    package let labelFileName: String?

    /// Extents that the engine sees, without the batch dimension.
    package var engineDims: [Int] { reshape ?? dims }

    /// The tensor as the engine sees it.
    ///
    /// - Parameter batched: Whether the engine's tensors have a batch dimension.
    package func engineSpec(batched: Bool) -> TensorSpec {
        TensorSpec(
            name: name, dataType: dataType, shape: batched ? [-1] + engineDims : engineDims)
    }

    /// The tensor as clients see it in the model's metadata.
    ///
    /// - Parameter batched: Whether the tensors have a batch dimension.
    package func clientSpec(batched: Bool) -> TensorSpec {
        TensorSpec(name: name, dataType: dataType, shape: batched ? [-1] + dims : dims)
    }
}
