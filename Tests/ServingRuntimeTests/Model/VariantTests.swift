import ControlCore
import EngineAPI
import ServingModel
import ServingRuntime
import Testing

@Suite("Cheaper variants in the runtime", .timeLimit(.minutes(5)))
struct VariantTests {
    /// A model whose runs take 10 ms and a variant whose runs take 1 ms, by a clock that only they move.
    private func start() async throws -> Harness {
        let clock = VirtualClock()
        let full = ScriptedModel(onRun: { clock.advance(by: .milliseconds(10)) })
        let cheap = ScriptedModel(onRun: { clock.advance(by: .milliseconds(1)) })
        for model in [full, cheap] { model.stage.update { $0.isServing = true } }
        let timer = ManualTimer()
        var specification = ServingSpecification(
            interface: Harness.interface(maxBatchSize: 8, isOpen: false), classes: Harness.classes)
        specification.variants = ["full", "cheap"]
        let served = try await ServedModel.start(
            specification, model: full, cheaper: [cheap], clock: clock, timer: timer)
        return Harness(model: full, served: served, clock: clock, timer: timer)
    }

    @Test("Who has time is answered by the full model, who has none by the cheaper variant")
    func choice() async throws {
        let harness = try await start()
        harness.submit(Order(tag: 1, payloads: [1]))
        await harness.sink.hasEnded(1)
        #expect(harness.sink.ending(of: 1)?.isRight == true)
        #expect(harness.sink.ending(of: 1)?.variant == "full")
        let soon = harness.clock.present + .milliseconds(5)
        harness.submit(Order(tag: 2, payloads: [2], deadline: soon))
        await harness.sink.hasEnded(2)
        #expect(harness.sink.ending(of: 2)?.isRight == true)
        #expect(harness.sink.ending(of: 2)?.variant == "cheap")
        // The class whose deadline the full model does not keep sends nothing more.
        harness.clock.advance(by: .seconds(2))
        harness.submit(Order(tag: 3, payloads: [3], priorityClass: 1))
        await harness.sink.hasEnded(3)
        #expect(harness.sink.ending(of: 3)?.variant == "full", "it returns with the next batch")
        #expect(harness.served.statistics.variants == [2, 1])
        await harness.served.stop()
    }

    @Test("Who insists on the full model is refused rather than answered by another")
    func exact() async throws {
        let harness = try await start()
        let soon = harness.clock.present + .milliseconds(5)
        harness.submit(Order(tag: 1, payloads: [1], deadline: soon, isExact: true))
        await harness.sink.hasEnded(1)
        #expect(harness.sink.ending(of: 1)?.error?.code == .deadlineExceeded)
        harness.submit(Order(tag: 2, payloads: [2], isExact: true))
        await harness.sink.hasEnded(2)
        #expect(harness.sink.ending(of: 2)?.variant == "full")
        #expect(harness.served.statistics.variants == [1, 0])
        await harness.served.stop()
    }

    @Test("A model without variants names none")
    func none() async throws {
        let harness = try await Harness.start()
        harness.submit(Order(tag: 1, payloads: [1]))
        await harness.sink.hasEnded(1)
        #expect(harness.sink.ending(of: 1)?.isRight == true)
        #expect(harness.sink.ending(of: 1)?.variant == nil)
        #expect(harness.served.statistics.variants.isEmpty)
        await harness.served.stop()
    }
}
