import ControlCore
import EngineAPI
import SchedulerCore
import ServingModel
import ServingRuntime
import Testing

@Suite("Cheaper variants that are loaded on demand", .timeLimit(.minutes(5)))
struct VariantLoadingTests {
    /// What happened to the variant's files.
    private struct Shelf: Sendable {
        var loads = 0
        var releases = 0
        /// Loads that fail, by their number.
        var failing: Set<Int> = []
        /// Whether loads return.
        var isOpen = true
        var changes: [VariantChange] = []
        var outcomes: [String] {
            changes.map { change in
                switch change.outcome {
                case .loaded: "loaded"
                case .unloaded: "unloaded"
                case .failed: "failed"
                }
            }
        }
    }

    private struct World {
        let harness: Harness
        let cheap: ScriptedModel
        let shelf: Scoreboard<Shelf>
        var served: ServedModel { harness.served }
    }

    /// A model whose runs take 10 ms and a variant whose runs take 1 ms, by a clock that only they move.
    private func start(
        instances: Int = 1, cheap: ScriptedModel? = nil, shelf: Shelf = Shelf(),
        adjust: (inout ServingSpecification) -> Void = { _ in }
    ) async throws -> World {
        let clock = VirtualClock()
        let full = ScriptedModel(onRun: { clock.advance(by: .milliseconds(10)) })
        let cheap = cheap ?? ScriptedModel(onRun: { clock.advance(by: .milliseconds(1)) })
        for model in [full, cheap] { model.stage.update { $0.isServing = true } }
        let timer = ManualTimer()
        let board = Scoreboard(shelf)
        var specification = ServingSpecification(
            interface: Harness.interface(maxBatchSize: 8, isOpen: false), instances: instances,
            classes: Harness.classes)
        specification.breaker = nil
        specification.variants = ["full", "cheap"]
        var settings = VariantLadder.Settings()
        // More than what waits takes, which moves the clock.
        settings.hysteresis.quietFor = .seconds(5)
        specification.variantLoading = VariantLoading(
            settings,
            onChange: { change in board.update { $0.changes.append(change) } },
            visit: { [cheap] },
            load: { variant in
                #expect(variant == VariantIndex(1))
                let number = board.update { board in
                    board.loads += 1
                    return board.loads - 1
                }
                await board.until { $0.isOpen }
                guard !board.value.failing.contains(number) else {
                    throw EngineError(.invalidModel, "the file is gone")
                }
                return LoadedVariant(model: cheap) { board.update { $0.releases += 1 } }
            })
        adjust(&specification)
        let served = try await ServedModel.start(
            specification, model: full, clock: clock, timer: timer)
        let harness = Harness(model: full, served: served, clock: clock, timer: timer)
        return World(harness: harness, cheap: cheap, shelf: board)
    }

    /// Asks for more than the full model can do, for 300 virtual milliseconds. Its runs, which move the
    /// clock, begin when all is asked, unless `isHeld`.
    private func press(
        _ world: World, from tag: Int = 1_000, isHeld: Bool = true, isExact: Bool = false
    ) {
        if isHeld { world.harness.model.close() }
        for step in 0..<30 {
            for index in 0..<40 {
                world.harness.submit(
                    Order(
                        tag: tag + step * 40 + index, payloads: [1], priorityClass: 1,
                        isExact: isExact))
            }
            world.harness.clock.advance(by: .milliseconds(10))
        }
        if isHeld { world.harness.model.open() }
    }

    /// Lets a quiet while pass.
    private func rest(_ world: World) {
        for _ in 0..<80 {
            world.harness.clock.advance(by: .milliseconds(100))
            world.served.tend(memory: nil)
        }
    }

    /// Who answers a request that has 5 ms; `nil` when nobody can.
    private func hurried(_ world: World, tag: Int) async -> String? {
        await world.served.drained()
        world.harness.submit(
            Order(
                tag: tag, payloads: [2],
                deadline: world.harness.clock.present + .milliseconds(5)))
        await world.harness.sink.calls.until { calls in
            calls.joined().contains { $0.order.tag == tag }
        }
        return world.harness.sink.ending(of: tag)?.variant
    }

    @Test("At the start it is there for the warm-up only")
    func startOfLife() async throws {
        let world = try await start(instances: 2)
        #expect(world.shelf.value.loads == 0)
        #expect(world.cheap.stage.value.made == 2)
        #expect(world.cheap.stage.value.alive == 0)
        #expect(!world.cheap.stage.value.runs.isEmpty, "its costs are known")
        #expect(world.served.presentVariants == ["full"])
        #expect(await hurried(world, tag: 1) == nil)
        await world.served.stop()
    }

    @Test(
        "It comes when there is too much to do, goes after a quiet while, and comes again")
    func comingAndGoing() async throws {
        let log = TraceLog()
        let recorder = log.recorder()
        let world = try await start(instances: 2) { $0.recorder = recorder }
        for round in 1...2 {
            press(world, from: round * 10_000)
            await world.shelf.until { $0.changes.count >= round * 2 - 1 }
            #expect(await hurried(world, tag: round) == "cheap")
            #expect(world.served.presentVariants == ["full", "cheap"])
            #expect(world.cheap.stage.value.alive == 2)
            rest(world)
            await world.shelf.until { $0.changes.count >= round * 2 }
            #expect(world.cheap.stage.value.alive == 0)
            #expect(world.served.presentVariants == ["full"])
            #expect(await hurried(world, tag: round + 100) == nil)
        }
        #expect(world.shelf.value.outcomes == ["loaded", "unloaded", "loaded", "unloaded"])
        #expect(world.shelf.value.loads == 2)
        #expect(world.shelf.value.releases == 2)
        #expect(world.shelf.value.changes[0].move.pressure.load > 0.97)
        #expect(world.shelf.value.changes[1].move.pressure.load < 0.85)
        #expect(world.served.statistics.variantLoads.map(\.count) == [0, 2])
        await world.served.stop()
        let answered = world.harness.sink.endings.filter { $0.error == nil }
        #expect(answered.allSatisfy { $0.isRight })
        await recorder.finish()
        let moves = try log.events().compactMap { event -> Bool? in
            if case .variant(_, let isResident) = event { isResident } else { nil }
        }
        #expect(moves == [true, false, true, false], "it is part of the recording")
        _ = try log.replay()
    }

    @Test("A batch that has its variant keeps it until it ends")
    func lastBatch() async throws {
        let world = try await start()
        press(world)
        await world.shelf.until { $0.changes.count >= 1 }
        await world.served.drained()
        world.cheap.close()
        let begun = world.cheap.stage.value.runs.count
        world.harness.submit(
            Order(
                tag: 1, payloads: [2],
                deadline: world.harness.clock.present + .milliseconds(5)))
        await world.cheap.hasBegun(begun + 1)
        rest(world)
        #expect(world.served.presentVariants == ["full"], "no other batch gets it")
        #expect(world.shelf.value.outcomes == ["loaded"])
        #expect(world.cheap.stage.value.alive == 1)
        world.cheap.open()
        await world.shelf.until { $0.changes.count >= 2 }
        #expect(world.harness.sink.ending(of: 1)?.variant == "cheap")
        #expect(world.cheap.stage.value.alive == 0)
        await world.served.stop()
    }

    @Test("It does not come for those who insist on the full model")
    func insistence() async throws {
        let world = try await start()
        press(world, isExact: true)
        await world.served.drained()
        #expect(world.shelf.value.loads == 0)
        press(world, from: 10_000)
        await world.shelf.until { $0.changes.count >= 1 }
        await world.served.stop()
        #expect(world.shelf.value.loads == 1)
    }

    @Test("A load that fails costs no request, and is tried again later")
    func failingLoad() async throws {
        let world = try await start(shelf: Shelf(failing: [0]))
        press(world)
        await world.shelf.until { $0.changes.count >= 1 }
        #expect(world.shelf.value.outcomes == ["failed"])
        #expect(await hurried(world, tag: 1) == nil)
        world.harness.clock.advance(by: .seconds(1))
        press(world, from: 50_000)
        await world.shelf.until { $0.changes.count >= 2 }
        #expect(world.shelf.value.outcomes == ["failed", "loaded"])
        await world.served.stop()
        #expect(world.cheap.stage.value.alive == 0)
        #expect(world.shelf.value.releases == 1)
    }

    @Test("Where one instance cannot make its own, all drop theirs and its place is given up")
    func failingInstance() async throws {
        let clock = VirtualClock()
        // Two are made for the warm-up; the second one of the load fails.
        let cheap = ScriptedModel(failingInstance: 3) { clock.advance(by: .milliseconds(1)) }
        let world = try await start(instances: 2, cheap: cheap)
        press(world)
        await world.shelf.until { $0.changes.count >= 1 }
        #expect(world.shelf.value.outcomes == ["failed"])
        #expect(cheap.stage.value.alive == 0)
        #expect(world.shelf.value.releases == 1)
        await world.served.stop()
        #expect(world.harness.sink.endings.allSatisfy { $0.error != nil || $0.isRight })
    }

    @Test("A model that stops waits for a load on its way, and leaves nothing behind")
    func stopping() async throws {
        let world = try await start()
        world.shelf.update { $0.isOpen = false }
        press(world)
        await world.shelf.until { $0.loads == 1 }
        async let stop: Void = world.served.stop()
        await world.served.drained()
        world.shelf.update { $0.isOpen = true }
        await stop
        #expect(world.cheap.stage.value.alive == 0)
        #expect(world.shelf.value.releases == 1)
    }

    @Test("A model that stops while its variant is there gives up the variant's place")
    func stoppingInFull() async throws {
        let world = try await start()
        press(world)
        await world.shelf.until { $0.changes.count >= 1 }
        await world.served.stop()
        #expect(world.cheap.stage.value.alive == 0)
        #expect(world.shelf.value.releases == 1)
    }

    @Test(
        "An instance that hangs is not waited for, and follows before its next batch"
    )
    func hanging() async throws {
        let world = try await start(instances: 2) { $0.breaker = BreakerSettings() }
        let model = world.harness.model
        for tag in 1...4 {
            world.harness.submit(Order(tag: tag, payloads: [1], priorityClass: 1))
            await world.harness.sink.hasEnded(tag)
        }
        model.close()
        let begun = model.stage.value.runs.count
        world.harness.submit(Order(tag: 5, payloads: [1], priorityClass: 1))
        await model.hasBegun(begun + 1)
        let hung = try #require(model.stage.value.runs.last?.instance)
        while world.harness.sink.endings.count < 5 {
            world.harness.clock.advance(by: .milliseconds(100))
            world.harness.timer.fire(at: world.harness.clock.present)
        }
        await world.harness.sink.hasEnded(5)
        model.stage.update { $0.permits[1 - hung] = 1_000_000 }
        press(world, isHeld: false)
        await world.shelf.until { $0.changes.count >= 1 }
        #expect(world.shelf.value.outcomes == ["loaded"])
        #expect(world.cheap.stage.value.alive == 1, "the one that works has it")
        model.open()
        await world.cheap.stage.until { $0.alive == 2 }
        await world.served.stop()
        #expect(world.cheap.stage.value.alive == 0)
    }
}

extension ServedModel {
    /// Returns when nothing waits or runs; unlike ``drain()`` it goes on to serve.
    fileprivate func drained() async {
        while load.inFlight > 0 { await Task.yield() }
    }
}
