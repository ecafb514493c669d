import EngineAPI
import SchedulerCore
import ServingModel
import ServingRuntime

/// Scripted models that share a memory limit, with a clock and timers that the test moves.
final class PagedModels: Sendable {
    /// What loads have to do with, and what became of them.
    struct Desk: Sendable {
        /// Whether loads end by themselves.
        var isOpen = true
        /// Loads that wait to be let through.
        var waiting = 0
        /// Loads that will fail.
        var failing = 0
        /// Names of the models whose load failed.
        var failures: [String] = []
    }

    let memory: MemoryManager
    let clock: VirtualClock
    let timer: ManualTimer
    let desk: Scoreboard<Desk>
    let sink = RecordingSink()

    /// A manager of no models; they stay for no time unless `adjust` says so.
    init(limit: Int = 100, _ adjust: (inout ModelPager.Settings) -> Void = { _ in }) {
        var settings = ModelPager.Settings(limit: limit)
        settings.minimumResidency = .zero
        adjust(&settings)
        let desk = Scoreboard(Desk())
        (clock, timer, self.desk) = (VirtualClock(), ManualTimer(), desk)
        memory = MemoryManager(
            settings, clock: clock, timer: timer, measures: false,
            onFailure: { name, _ in desk.update { $0.failures.append(name) } })
    }

    /// A model, and what runs it.
    struct Model: Sendable {
        let model: ScriptedModel
        let served: ServedModel
    }

    /// Loads a model for the first time, which is said to take 50 ms.
    func load(_ name: String, bytes: UInt64 = 60, instances: Int = 1) async throws -> Model {
        let place = try await memory.admit(name, bytes: bytes)
        let model = ScriptedModel()
        let (memory, desk) = (memory, desk)
        let served = try await Harness.serve(
            model, clock: clock, timer: ManualTimer(), instances: instances
        ) { $0.memory = memory }
        try memory.admitted(
            place, served, bytes: bytes, took: .milliseconds(50),
            reload: {
                desk.update { $0.waiting += 1 }
                await desk.until { $0.isOpen }
                let fails = desk.update { desk -> Bool in
                    desk.waiting -= 1
                    guard desk.failing > 0 else { return false }
                    desk.failing -= 1
                    return true
                }
                if fails { throw EngineError(.outOfMemory, "no room") }
                return [model]
            })
        return Model(model: model, served: served)
    }

    /// Two models, of which the second is in memory.
    func loadTwo() async throws -> (absent: Model, present: Model) {
        let absent = try await load("absent")
        let present = try await load("present")
        return (absent, present)
    }

    /// Hands an order in.
    @discardableResult
    func submit(_ order: Order, to model: Model) -> InferenceRequest {
        let request = order.request(to: sink, named: "\(order.tag)")
        model.served.submit([request])
        return request
    }

    /// Lets other tasks run until something is so.
    func until(_ isSo: () -> Bool) async {
        while !isSo(), !Task.isCancelled { await Task.yield() }
    }
}
