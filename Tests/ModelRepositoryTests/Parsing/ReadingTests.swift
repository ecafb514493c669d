import EngineAPI
import ModelRepository
import ServingModel
import Testing

@Suite struct ReadingTests {
    @Test("An image classifier's configuration is read field by field")
    func imageClassifier() throws {
        let model = try ModelConfiguration(
            pbtxt: Examples.imageClassifier, directoryName: "resnet")
        #expect(model.name == "resnet")
        #expect(model.platform == "onnxruntime_onnx")
        #expect(model.backend.isEmpty)
        #expect(model.maxBatchSize == 32)
        #expect(model.largestPossibleBatch == 32)
        #expect(model.inputs.map(\.name) == ["pixels"])
        #expect(model.inputs.first?.dataType == .fp32)
        #expect(model.inputs.first?.dims == [3, 224, 224])
        #expect(model.outputs.first?.dims == [1000, 1, 1])
        #expect(model.outputs.first?.reshape == [1000])
        #expect(model.outputs.first?.engineSpec(batched: true).shape == [-1, 1000])
        #expect(model.outputs.first?.clientSpec(batched: true).shape == [-1, 1000, 1, 1])
        #expect(model.outputs.first?.labelFileName == "labels.txt")
        #expect(model.instanceCount == 2)
        #expect(model.threadsPerInstance == nil)
        #expect(model.versionPolicy == .latest(1))
        #expect(model.dynamicBatching?.preferredBatchSizes == [8, 16])
        #expect(model.dynamicBatching?.maxQueueDelay == .microseconds(500))
        #expect(model.dynamicBatching?.defaultQueuePolicy == .unlimited)
        #expect(model.ignoredFields.isEmpty)
    }

    @Test("Every notation of protobuf text is understood: comments, angles, quotes, separators")
    func notations() throws {
        let model = try ModelConfiguration(pbtxt: Examples.textEncoder, directoryName: "encoder")
        #expect(model.name == "encoder")
        #expect(model.inputs.map(\.name) == ["input_ids", "attention_mask"])
        #expect(model.inputs.map(\.dims) == [[-1], [-1]])
        #expect(model.outputs.map(\.name) == ["embedding"])
        #expect(model.threadsPerInstance == 4)
        #expect(model.parameters == ["threads_per_instance": "4", "pooling": "mean"])
        #expect(model.versionPolicy == .specific([1, 3]))
        #expect(model.responseCacheEnabled)
        #expect(model.ignoredFields == ["optimization"])
        #expect(model.dynamicBatching == nil)
        let sample = try #require(model.warmup.first)
        #expect(sample.batchSize == 2)
        #expect(sample.count == 1)
        #expect(sample.inputs.map(\.name) == ["attention_mask", "input_ids"])
        #expect(sample.inputs.map(\.content) == [.zero, .random])
        #expect(sample.inputs.map(\.dims) == [[8], [8]])
    }

    @Test("Queue policies keep 'not set' apart from values")
    func queuePolicies() throws {
        let model = try ModelConfiguration(pbtxt: Examples.prioritised, directoryName: "m")
        let batching = try #require(model.dynamicBatching)
        #expect(batching.maxQueueDelay == .zero)
        #expect(batching.preserveOrdering)
        #expect(batching.priorityLevels == 3)
        #expect(batching.defaultPriorityLevel == 2)
        let urgent = batching.queuePolicy(level: 1)
        #expect(urgent.timeoutAction == .reject)
        #expect(urgent.defaultTimeout == .milliseconds(1))
        #expect(urgent.allowTimeoutOverride)
        #expect(urgent.maxQueueSize == 9)
        let other = batching.queuePolicy(level: 3)
        #expect(other.timeoutAction == .delay)
        #expect(other.defaultTimeout == .milliseconds(2))
        #expect(other.maxQueueSize == nil)
        let silent = try ModelConfiguration(pbtxt: "dynamic_batching { }", directoryName: "m")
        #expect(silent.dynamicBatching?.maxQueueDelay == nil)
    }

    @Test("An empty text is a configuration that leaves everything to the model file")
    func empty() throws {
        for text in ["", "  \n", "# nothing\n", "# nothing"] {
            let model = try ModelConfiguration(pbtxt: text, directoryName: "m")
            #expect(model.leavesBatchingOpen)
            #expect(model.largestPossibleBatch == ModelConfiguration.defaultMaxBatchSize)
            #expect(model == (try ModelConfiguration(unconfigured: "m")))
        }
    }

    @Test("Writing max_batch_size: 0 is a choice, leaving it out is not")
    func explicitZero() throws {
        let model = try ModelConfiguration(pbtxt: "max_batch_size: 0", directoryName: "m")
        #expect(!model.leavesBatchingOpen)
        #expect(model.largestPossibleBatch == 0)
    }

    @Test("The version policies choose among the versions that exist")
    func versionPolicies() throws {
        func policy(_ text: String) throws -> VersionPolicy {
            try ModelConfiguration(
                pbtxt: "version_policy { \(text) }", directoryName: "m"
            ).versionPolicy
        }
        let available = [1, 2, 5]
        #expect(try policy("").select(from: available).chosen == [5])
        #expect(try policy("latest { }").select(from: available).chosen == [5])
        #expect(try policy("latest { num_versions: 2 }").select(from: available).chosen == [2, 5])
        #expect(try policy("all { }").select(from: available).chosen == available)
        let specific = try policy("specific { versions: [5, 3, 1, 3] }").select(from: available)
        #expect(specific.chosen == [1, 5])
        #expect(specific.missing == [3])
    }

    @Test("JSON with the names of the schema or of protobuf is read like the text")
    func json() throws {
        let snake = """
            {"max_batch_size": 8, "input": [{"name": "x", "data_type": "TYPE_FP32", "dims": [4]}]}
            """
        let camel = """
            {"maxBatchSize": 8, "input": [{"name": "x", "dataType": "TYPE_FP32", "dims": ["4"]}]}
            """
        let model = try ModelConfiguration(json: snake, directoryName: "m")
        #expect(model.inputs.first?.dims == [4])
        #expect(model == (try ModelConfiguration(json: camel, directoryName: "m")))
    }

    @Test(
        "JSON that is no configuration is refused",
        arguments: [
            ("", ""), ("[]", ""), (#"{"max_batch": 1}"#, "max_batch"), ("{\"name\": 3}", ""),
        ])
    func badJSON(_ json: String, _ field: String) {
        #expect {
            _ = try ModelConfiguration(json: json, directoryName: "m")
        } throws: { error in
            let problem = (error as? ConfigurationError)?.problems.first
            return problem?.kind == .malformed && problem?.field == field
        }
    }
}
