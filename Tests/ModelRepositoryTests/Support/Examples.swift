import EngineAPI
import ModelRepository
import ServingModel

/// Configurations of the kind that real repositories hold.
enum Examples {
    static let imageClassifier = """
        # A classifier exported from a training framework.
        name: "resnet"
        platform: "onnxruntime_onnx"
        max_batch_size: 32
        input [
          {
            name: "pixels"
            data_type: TYPE_FP32
            format: FORMAT_NCHW
            dims: [ 3, 224, 224 ]
          }
        ]
        output [
          {
            name: "scores"  # before softmax
            data_type: TYPE_FP32
            dims: [ 1000, 1, 1 ]
            reshape { shape: [ 1000 ] }
            label_filename: "labels.txt"
          }
        ]
        dynamic_batching {
          preferred_batch_size: [ 8, 16 ]
          max_queue_delay_microseconds: 500
        }
        instance_group [ { count: 2 kind: KIND_CPU } ]
        """

    static let textEncoder = """
        backend: "onnxruntime"
        max_batch_size: 64
        input { name: "input_ids" data_type: TYPE_INT64 dims: -1 }
        input { name: "attention_mask"; data_type: TYPE_INT64; dims: [-1]; }
        output < name: 'embedding' data_type: TYPE_FP32 dims: [384] >
        parameters: { key: "threads_per_instance" value: { string_value: "4" } }
        parameters { key: "pooling", value { string_value: "me" "an" } }
        version_policy: { specific { versions: [3, 1] } }
        optimization { graph { level: 1 } execution_accelerators {
          cpu_execution_accelerator : [ { name : "openvino" } ] } }
        model_warmup {
          name: "short"
          batch_size: 2
          inputs { key: "input_ids" value { data_type: TYPE_INT64 dims: 8 random_data: true } }
          inputs { key: "attention_mask" value { data_type: TYPE_INT64 dims: 8 zero_data: true } }
        }
        response_cache { enable: true }
        """

    static let prioritised = """
        max_batch_size: 4
        backend: "synthetic"
        dynamic_batching {
          max_queue_delay_microseconds: 0
          preserve_ordering: true
          priority_levels: 3
          default_priority_level: 2
          default_queue_policy { timeout_action: DELAY default_timeout_microseconds: 2000 }
          priority_queue_policy {
            key: 1
            value { allow_timeout_override: true default_timeout_microseconds: 1000 max_queue_size: 9 }
          }
        }
        """

    static let all = ["", imageClassifier, textEncoder, prioritised]

    /// A signature that fits ``imageClassifier``.
    static let imageSignature = ModelSignature(
        inputs: [TensorSpec(name: "pixels", dataType: .fp32, shape: [-1, 3, 224, 224])],
        outputs: [TensorSpec(name: "scores", dataType: .fp32, shape: [-1, 1000])])
}

/// The error of a text that must not be accepted; `nil` when it is.
func failure(_ pbtxt: String, directoryName: String? = "m") -> ConfigurationError? {
    do {
        _ = try ModelConfiguration(pbtxt: pbtxt, directoryName: directoryName)
        return nil
    } catch {
        return error
    }
}

/// Splitmix64: the same numbers for the same seed, everywhere.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
