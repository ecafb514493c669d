import GatewayCore
import ServingModel
import ServingRuntime
import Testing

@Suite("Models that generate text", .timeLimit(.minutes(2)))
struct GeneratorTests {
    /// The configuration of a synthetic generator with further parameters.
    private func configuration(_ parameters: [String: String] = [:]) -> String {
        let all = parameters.merging(["task": "generate"]) { $1 }.sorted { $0.key < $1.key }
        return "backend: \"synthetic\"\n"
            + all.map { ManagedModels.parameter($0.key, $0.value) }.joined(separator: "\n") + "\n"
    }

    private func problem(_ body: () throws -> Void) -> ServingError? {
        do {
            try body()
            return nil
        } catch {
            return error as? ServingError
        }
    }

    @Test("A generator is loaded beside functions of tensors, found, and answers")
    func load() async throws {
        let models = try ManagedModels()
        try models.write("text", text: configuration())
        try models.write("numbers")
        try await models.manager.loadAll()
        #expect(models.catalog.serving.map(\.name) == ["numbers", "text"])
        #expect(models.catalog.ready.map(\.interface.name) == ["numbers"])
        #expect(models.catalog.generators.map(\.name) == ["text"])
        let handle = try models.catalog.findGenerator("text")
        #expect(handle.version == 1)
        let stream = try handle.generator.submit(
            GenerationRequest(prompt: [1, 2, 3], maxNewTokens: 5))
        #expect(await stream.collect()?.end?.usage.generatedTokens == 5)
        await models.manager.shutDown()
    }

    @Test("Asked the wrong way, each kind of model says what it is and where to ask it")
    func wrongKind() async throws {
        let models = try ManagedModels()
        try models.write("text", text: configuration())
        try models.write("numbers")
        try await models.manager.loadAll()
        let tensors = problem { _ = try models.catalog.find("text") }
        #expect(tensors?.code == .invalidArgument)
        #expect(tensors?.message.contains("/v1/chat/completions") == true)
        let text = problem { _ = try models.catalog.findGenerator("numbers") }
        #expect(text?.code == .invalidArgument)
        #expect(text?.message.contains("/v2/models/numbers/infer") == true)
        #expect(problem { _ = try models.catalog.findGenerator("none") }?.code == .notFound)
        await models.manager.shutDown()
    }

    @Test("Promises of a generator are those of the first token and of each further one, by class")
    func promises() async throws {
        let models = try ManagedModels()
        try models.write("text", text: configuration())
        try await models.manager.loadAll()
        let handle = try models.catalog.findGenerator("text")
        var wish = QualityOfService()
        wish.className = "low"
        let low = try handle.quality.promise(wish, arrival: .origin)
        #expect(low.deadline == .origin + .milliseconds(8_000))
        #expect(handle.perToken(of: low.priorityClass) == .milliseconds(150))
        wish.className = "high"
        wish.deadline = .milliseconds(70)
        #expect(
            try handle.quality.promise(wish, arrival: .origin).deadline
                == .origin + .milliseconds(70))
        #expect(handle.perToken(of: ClassIndex(0)) == .milliseconds(40))
        await models.manager.shutDown()
    }

    @Test("A model's own parameters change the settings of generation for it")
    func parameters() async throws {
        let models = try ManagedModels()
        try models.write(
            "text",
            text: configuration([
                "generation.slots": "3", "generation.prefix_slots": "0",
                "generation.kv_tokens": "500", "generation.max_context": "100",
                "generation.max_step_tokens": "50", "generation.exact": "true",
                "generation.policy": "vllm-fcfs",
            ]))
        try await models.manager.loadAll()
        let specification = try models.catalog.findGenerator("text").generator.specification
        #expect(specification.slots == 3)
        #expect(specification.cacheSlots == 0)
        #expect(specification.keyValueTokens == 500)
        #expect(specification.maxContext == 100)
        #expect(specification.maxStepTokens == 50)
        #expect(specification.isExact)
        await models.manager.shutDown()
    }

    @Test("Models that name the same device are given the same one, and others none")
    func sharedDevice() async throws {
        let models = try ManagedModels()
        try models.write("text", text: configuration(["device": "cpu-a"]))
        try models.write("numbers", ManagedModels.parameter("device", "cpu-a"))
        try models.write("alone")
        try await models.manager.loadAll()
        let device = try models.catalog.findGenerator("text").generator.specification.device
        #expect(device?.name == "cpu-a")
        #expect(try models.catalog.find("numbers").served.specification.device === device)
        #expect(try models.catalog.find("alone").served.specification.device == nil)
        let stream = try models.catalog.findGenerator("text").generator.submit(
            GenerationRequest(prompt: [1, 2, 3], maxNewTokens: 5))
        #expect(await stream.collect()?.end?.usage.generatedTokens == 5)
        await models.manager.shutDown()
    }

    @Test(
        "A parameter that is unknown or out of bounds is the reason why the model is not ready",
        arguments: [
            ("generation.slots", "0", "1 to 256"), ("generation.slot", "4", "slots"),
            ("generation.policy", "fifo", "swb"), ("generation.exact", "yes", "true or false"),
            ("generation.slots", "250", "256"),
        ])
    func malformed(key: String, value: String, hint: String) async throws {
        let models = try ManagedModels()
        try models.write("text", text: configuration([key: value]))
        try await models.manager.loadAll()
        let problem = problem { _ = try models.catalog.findGenerator("text") }
        #expect(problem?.code == .notReady)
        #expect(problem?.message.contains(hint) == true, "\(problem?.message ?? "")")
    }

    @Test("Unloading serves what waits, loading again brings it back")
    func unload() async throws {
        let models = try ManagedModels()
        try models.write("text", text: configuration())
        try await models.manager.loadAll()
        let handle = try models.catalog.findGenerator("text")
        let stream = try handle.generator.submit(
            GenerationRequest(prompt: [1, 2, 3], maxNewTokens: 200))
        try await models.manager.unload("text")
        #expect(await stream.collect()?.end?.reason == .length)
        #expect(problem { _ = try models.catalog.findGenerator("text") }?.code == .notReady)
        try await models.manager.load("text")
        _ = try models.catalog.findGenerator("text")
        await models.manager.shutDown()
    }
}
