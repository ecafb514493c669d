import GatewayCore
import ServingModel
import ServingRuntime
import Testing

@Suite("Models that stand in for a dearer one", .timeLimit(.minutes(1)))
struct VariantTests {
    private func reason(_ models: ManagedModels, _ name: String) async -> String {
        do {
            try await models.manager.load(name)
            return "none"
        } catch {
            return (error as? ServingError)?.message ?? "\(error)"
        }
    }

    @Test("The variants that a model names are loaded beside it, whatever their order of loading")
    func ladder() async throws {
        let models = try ManagedModels()
        try models.write("big", ManagedModels.parameter("variants", "middle, small"))
        try models.write("middle")
        try models.write("small", ManagedModels.parameter("add", "1"))
        try await models.manager.loadAll()
        let handle = try models.catalog.find("big")
        #expect(handle.served.specification.variants == ["big", "middle", "small"])
        #expect(handle.served.statistics.variants == [0, 0, 0])
        #expect(models.engine.loads == 5, "each under its own name, and two for the ladder")
        #expect(try models.catalog.find("small").served.specification.variants.isEmpty)
        #expect(try await models.infer("big", 7) == 7)
        await models.manager.shutDown()
        await models.until { models.engine.alive == 0 }
        #expect(models.engine.alive == 0)
    }

    @Test(
        "A ladder with a broken rung is refused with the name of the rung",
        arguments: [
            ("self", "a model is no variant of itself"), ("ghost", "no model repository"),
            ("torn", "upside down"), ("other", "inputs and outputs"),
        ])
    func broken(variant: String, message: String) async throws {
        let models = try ManagedModels()
        try models.write("self", ManagedModels.parameter("variants", variant))
        try models.write("torn", ManagedModels.parameter("fail", "weights are upside down"))
        try models.write(
            "other",
            text: """
                backend: "scripted"
                max_batch_size: 8
                input [ { name: "x" data_type: TYPE_FP32 dims: [ 3 ] } ]
                output [ { name: "y" data_type: TYPE_FP32 dims: [ 3 ] } ]
                """)
        let reason = await reason(models, "self")
        #expect(reason.contains("variant '\(variant)'"), "\(reason)")
        #expect(reason.contains(message), "\(reason)")
        await models.manager.shutDown()
    }
}
