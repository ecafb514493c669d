package import ServingModel

/// A request that every instance runs before the model serves.
package struct WarmupSample: Hashable, Sendable {
    /// Where the bytes of an input come from.
    package enum Content: Hashable, Sendable {
        /// Zeros; empty strings for ``DataType/bytes``.
        case zero
        /// Random values; zeros for ``DataType/bytes``.
        case random
        /// Raw tensor bytes in this file, relative to the folder `warmup` of the model's directory.
        case file(String)
    }

    /// One input of the sample.
    package struct Input: Hashable, Sendable {
        /// Name of the model's input.
        package let name: String
        /// Element type.
        package let dataType: DataType
        /// Extents without the batch dimension, all of them known.
        package let dims: [Int]
        /// Where the bytes come from.
        package let content: Content
    }

    /// Name of the sample, for messages.
    package let name: String

    /// Rows of the request, at least 1; the inputs are repeated to fill them.
    package let batchSize: Int

    /// How often the sample runs, at least 1.
    package let count: Int

    /// The inputs, by ascending name.
    package let inputs: [Input]
}
