import EngineAPI
import ModelRepository
import ServingModel
import Testing

@Suite struct RenderingTests {
    @Test("The JSON has the shape that Triton's clients expect")
    func json() throws {
        let model = try ModelConfiguration(
            pbtxt: Examples.imageClassifier, directoryName: "resnet"
        ).completed(with: Examples.imageSignature)
        let expected =
            #"{"name":"resnet","platform":"onnxruntime_onnx","backend":"","runtime":"","#
            + #""version_policy":{"latest":{"num_versions":1}},"max_batch_size":32,"#
            + #""input":[{"name":"pixels","data_type":"TYPE_FP32","format":"FORMAT_NCHW","#
            + #""dims":[3,224,224],"is_shape_tensor":false,"allow_ragged_batch":false,"#
            + #""optional":false,"is_non_linear_format_io":false}],"#
            + #""output":[{"name":"scores","data_type":"TYPE_FP32","dims":[1000,1,1],"#
            + #""reshape":{"shape":[1000]},"label_filename":"labels.txt","is_shape_tensor":false,"#
            + #""is_non_linear_format_io":false}],"batch_input":[],"batch_output":[],"#
            + #""dynamic_batching":{"preferred_batch_size":[8,16],"#
            + #""max_queue_delay_microseconds":500,"preserve_ordering":false,"#
            + #""priority_levels":0,"default_priority_level":0,"priority_queue_policy":{}},"#
            + #""instance_group":[{"name":"resnet_0","kind":"KIND_CPU","count":2,"gpus":[],"#
            + #""secondary_devices":[],"profile":[],"passive":false,"host_policy":""}],"#
            + #""default_model_filename":"","cc_model_filenames":{},"metric_tags":{},"#
            + #""parameters":{},"model_warmup":[]}"#
        #expect(model.configJSON() == expected)
    }

    @Test("Text from configurations is escaped in the JSON")
    func escaping() throws {
        let text = #"parameters { key: "a\"b\\\n\001é" value { string_value: "\t\r" } }"#
        let json = try ModelConfiguration(pbtxt: text, directoryName: "m").configJSON()
        #expect(json.contains(#""a\"b\\\n\u0001é":{"string_value":"\t\r"}"#))
    }

    @Test("Reading what was rendered gives the same configuration", arguments: Examples.all)
    func fixpoint(_ text: String) throws {
        let model = try ModelConfiguration(pbtxt: text, directoryName: nil ?? name(in: text))
        #expect(try ModelConfiguration(pbtxt: model.pbtxt(), directoryName: model.name) == model)
    }

    @Test("Reading the JSON of a completed configuration gives the same configuration")
    func jsonFixpoint() throws {
        let model = try ModelConfiguration(
            pbtxt: Examples.imageClassifier, directoryName: "resnet"
        ).completed(with: Examples.imageSignature)
        let again = try ModelConfiguration(json: model.configJSON(), directoryName: "resnet")
        #expect(again.configJSON() == model.configJSON())
        #expect(again.inputs == model.inputs)
        #expect(again.outputs == model.outputs)
        #expect(again.dynamicBatching == model.dynamicBatching)
        #expect(try again.completed(with: Examples.imageSignature) == again)
    }

    @Test("Generated configurations survive text and JSON unchanged", arguments: 0..<60)
    func generated(_ seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let (text, signature) = Self.generate(using: &random)
        let model = try ModelConfiguration(pbtxt: text, directoryName: "m")
        #expect(
            try ModelConfiguration(pbtxt: model.pbtxt(), directoryName: "m") == model,
            "seed \(seed)")
        let completed = try model.completed(with: signature)
        #expect(
            try ModelConfiguration(pbtxt: completed.pbtxt(), directoryName: "m") == completed,
            "seed \(seed)")
        let json = completed.configJSON()
        #expect(
            try ModelConfiguration(json: json, directoryName: "m").configJSON() == json,
            "seed \(seed)")
        #expect(try completed.completed(with: signature) == completed, "seed \(seed)")
    }

    /// The model's own name, where the example has one.
    private func name(in text: String) -> String {
        text.contains("\"resnet\"") ? "resnet" : "m"
    }

    /// A valid configuration and a signature that fits it.
    private static func generate(
        using random: inout SeededGenerator
    ) -> (String, ModelSignature) {
        func coin(_ random: inout SeededGenerator) -> Bool { .random(using: &random) }
        var text = ""
        let batch = Int.random(in: 0...16, using: &random)
        if batch > 0 || coin(&random) { text += "max_batch_size: \(batch)\n" }
        var signature = ModelSignature(inputs: [], outputs: [])
        for isInput in [true, false] {
            for index in 0..<Int.random(in: 1...3, using: &random) {
                let type = DataType.allCases.randomElement(using: &random) ?? .fp32
                let dims = (0..<Int.random(in: 1...4, using: &random)).map { _ in
                    coin(&random) ? -1 : Int.random(in: 1...9, using: &random)
                }
                let name = isInput ? "x\(index)" : "y\(index)"
                let typeName = type == .bytes ? "TYPE_STRING" : "TYPE_\(type.rawValue)"
                text += isInput ? "input" : "output"
                text += " { name: \"\(name)\" data_type: \(typeName) dims: \(dims)"
                if coin(&random) { text += " reshape { shape: \(dims + [1]) }" }
                let shape = text.hasSuffix(" }") ? dims + [1] : dims
                text += " }\n"
                let spec = TensorSpec(
                    name: name, dataType: type, shape: batch > 0 ? [-1] + shape : shape)
                if isInput {
                    signature.inputs.append(spec)
                } else {
                    signature.outputs.append(spec)
                }
            }
        }
        if coin(&random) {
            text += "dynamic_batching { "
            if coin(&random) { text += "max_queue_delay_microseconds: 0 " }
            if coin(&random), batch > 0 { text += "preferred_batch_size: \(batch) " }
            if coin(&random) {
                text += "priority_levels: 2 default_priority_level: 2 "
                text += "priority_queue_policy { key: 2 value { max_queue_size: 3 } } "
            }
            text += "}\n"
        }
        if coin(&random) { text += "instance_group { count: 2 kind: KIND_MODEL }\n" }
        if coin(&random) { text += "version_policy { all { } }\n" }
        if coin(&random) { text += "optimization { graph { level: -1 } }\n" }
        if coin(&random) { text += "response_cache { enable: \(coin(&random)) }\n" }
        return (text, signature)
    }
}
