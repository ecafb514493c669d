import ModelRepository

/// Configurations of a model with one FP32 [-1, 2] input and output.
enum Configurations {
    /// The text of a `config.pbtxt` that ends in `rest`.
    static func text(_ rest: String = "") -> String {
        """
        backend: "scripted"
        max_batch_size: 8
        input [ { name: "x" data_type: TYPE_FP32 dims: [ 2 ] } ]
        output [ { name: "y" data_type: TYPE_FP32 dims: [ 2 ] } ]
        \(rest)

        """
    }

    /// The `dynamic_batching` that `text` describes.
    static func batching(_ text: String) throws -> DynamicBatching? {
        try ModelConfiguration(
            pbtxt: Self.text("dynamic_batching { \(text) }"), directoryName: "m"
        ).dynamicBatching
    }
}
