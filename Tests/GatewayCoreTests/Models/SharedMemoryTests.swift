import GatewayCore
import ServingModel
import ServingRuntime
import Testing

@Suite("Models that share a memory limit", .timeLimit(.minutes(2)))
struct SharedMemoryTests {
    private func models(limit: Int = 100) throws -> (ManagedModels, MemoryManager) {
        let memory = MemoryManager(
            limit: limit, minimumResidency: .zero, timer: ThreadTimer(), measures: false)
        return (try ManagedModels(memory: memory), memory)
    }

    /// What a model is said to need.
    private func needs(_ bytes: Int) -> String {
        ManagedModels.parameter("memory_bytes", "\(bytes)")
    }

    @Test("More models than fit are all ready, and all answer")
    func all() async throws {
        let (models, memory) = try models()
        for (index, name) in ["a", "b", "c"].enumerated() {
            try models.write(name, needs(40) + "\n" + ManagedModels.parameter("add", "\(index)"))
        }
        try await models.manager.loadAll()
        #expect(models.catalog.ready.map(\.interface.name) == ["a", "b", "c"])
        #expect(models.catalog.entries.map(\.residency) == [.pagedOut, nil, nil])
        #expect(models.catalog.entries.map(\.state.name) == ["READY", "READY", "READY"])
        let generation = models.catalog.generation
        for round in 0..<4 {
            for (index, name) in ["a", "b", "c"].enumerated() {
                #expect(try await models.infer(name, 7) == 7 + Float(index), "round \(round)")
                #expect(models.engine.alive <= 3, "two in memory and one on its way out")
                #expect(memory.figures.usedBytes <= 100)
            }
        }
        #expect(models.catalog.generation == generation, "whoever looked a model up may keep it")
        let statistics = try models.catalog.find("a").served.statistics
        #expect(statistics.inferences == 4, "they go on counting")
        await models.manager.shutDown()
        await models.until { models.engine.alive == 0 }
        #expect(memory.figures.usedBytes == 0)
    }

    @Test("A model that is larger than the limit is not served, and the index says why")
    func tooLarge() async throws {
        let (models, memory) = try models()
        try models.write("huge", needs(101))
        try models.write("small", needs(50))
        try await models.manager.loadAll()
        let reasons = models.catalog.entries.map(\.state.reason)
        #expect(reasons[0].contains("101 bytes"), "\(reasons)")
        #expect(reasons[0].contains("memory.limit_bytes (100)"), "\(reasons)")
        #expect(try await models.infer("small", 7) == 7)
        #expect(memory.figures.usedBytes == 50)
        await models.manager.shutDown()
    }

    @Test("A model that is loaded anew takes the place of the one that served")
    func again() async throws {
        let (models, memory) = try models()
        try models.write("a", needs(60))
        try models.write("b", needs(40))
        try await models.manager.loadAll()
        try models.write("a", needs(70) + "\n" + ManagedModels.parameter("add", "1"))
        try await models.manager.load("a")
        #expect(try await models.infer("a", 7) == 8)
        #expect(memory.figures.usedBytes == 70)
        #expect(try await models.infer("b", 7) == 7)
        try await models.manager.unload("a")
        try await models.manager.unload("b")
        #expect(memory.figures.usedBytes == 0)
        #expect(models.engine.alive == 0)
    }

    @Test("A load that fails gives its room back")
    func failure() async throws {
        let (models, memory) = try models()
        try models.write("torn", needs(60) + "\n" + ManagedModels.parameter("fail", "torn"))
        try models.write("well", needs(60))
        try await models.manager.loadAll()
        #expect(memory.figures.usedBytes == 60)
        #expect(try await models.infer("well", 7) == 7)
        await models.manager.shutDown()
    }

    @Test("A generator counts and stays; its room is free when it is unloaded")
    func generators() async throws {
        let (models, memory) = try models()
        try models.write("a", needs(60))
        try models.write(
            "text",
            text: "backend: \"synthetic\"\n" + ManagedModels.parameter("task", "generate") + "\n"
                + needs(60) + "\n")
        try await models.manager.loadAll()
        #expect(try models.catalog.find("a").served.residency == .pagedOut)
        #expect(memory.figures.usedBytes == 60)
        try await models.manager.unload("text")
        #expect(memory.figures.usedBytes == 0)
        #expect(try await models.infer("a", 7) == 7)
        await models.manager.shutDown()
    }

    @Test("A ladder of variants leaves and comes back as one")
    func variants() async throws {
        let (models, _) = try models()
        try models.write("big", needs(60) + "\n" + ManagedModels.parameter("variants", "small"))
        try models.write("other", needs(60))
        try models.write("small", needs(30))
        try await models.manager.loadAll()
        #expect(try await models.infer("other", 7) == 7)
        let loads = models.engine.loads
        #expect(try models.catalog.find("big").served.residency == .pagedOut)
        #expect(try await models.infer("big", 7) == 7)
        #expect(models.engine.loads == loads + 2)
        await models.manager.shutDown()
    }
}
