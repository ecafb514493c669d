import ControlCore
import EngineAPI
import ServingModel
import ServingRuntime
import Testing

@Suite(
    "A swarm of submitters, cancellers and failing batches", .serialized, .timeLimit(.minutes(5)))
struct SwarmTests {
    /// What one swarm does.
    private struct Plan {
        var seed: Int
        var instances: Int
        var submitters = 3
        var rounds = 12
        var withBombs: Bool
        var maxQueued: Int
        var hasVariant: Bool

        init(seed: Int) {
            var random = SeededGenerator(seed: seed)
            self.seed = seed
            instances = Int.random(in: 1...3, using: &random)
            withBombs = random.chance(percent: 50)
            maxQueued = [4, 16, 16_384].randomElement(using: &random) ?? 4
            hasVariant = random.chance(percent: 40)
        }
    }

    /// What a submitter did.
    private struct Tally: Sendable {
        var submitted = 0
        var rows = 0
    }

    @Test("Every request ends exactly once, and the books agree", arguments: 0..<150)
    func swarm(seed: Int) async throws {
        let plan = Plan(seed: seed)
        let model = ScriptedModel()
        let cheap = ScriptedModel()
        cheap.stage.update { $0.isServing = true }
        let moves = Scoreboard(Moves())
        let clock = TickingClock()
        let timer = ManualTimer()
        let served = try await Harness.serve(
            model, clock: clock, timer: timer, instances: plan.instances, maxBatchSize: 16
        ) {
            $0.maxQueuedRequests = plan.maxQueued
            guard plan.hasVariant else { return }
            $0.variants = ["scripted", "cheap"]
            $0.variantLoading = Self.restlessLoading(cheap, moves)
        }
        let sinks = [RecordingSink(), RecordingSink()]
        let tallies = Scoreboard<[Tally]>([])

        await onThreads(plan.submitters + 1) { thread in
            guard thread < plan.submitters else {
                // One thread plays the timer, always ready to fire.
                while tallies.value.count < plan.submitters {
                    timer.fire(at: clock.now())
                    served.tend(memory: nil)
                }
                return
            }
            let tally = Self.submit(plan, thread: thread, to: served, sinks, clock: clock)
            tallies.update { $0.append(tally) }
        }
        await served.drain()

        // Not a moment later: when drain returns, every client has its answer.
        let endings = sinks.flatMap(\.endings)
        let submitted = tallies.value.reduce(0) { $0 + $1.submitted }
        #expect(endings.count == submitted, "seed \(seed)")
        #expect(Set(endings.map(\.order.tag)).count == submitted, "seed \(seed)")
        for ending in endings { Self.check(ending, plan) }
        Self.checkBooks(of: served, endings, plan)
        #expect(served.load.inFlight == 0 && served.load.queuedRequests == 0, "seed \(seed)")
        await served.stop()
        #expect(model.stage.value.alive == 0, "seed \(seed)")
        #expect(cheap.stage.value.alive == 0, "seed \(seed)")
        #expect(moves.value.loads == moves.value.releases, "seed \(seed)")
        #expect(moves.value.tries > 0 || !plan.hasVariant, "seed \(seed)")
    }

    /// How often a variant came and went.
    private struct Moves: Sendable {
        var tries = 0
        var loads = 0
        var releases = 0
    }

    /// Loads a variant at the first request and unloads it at once, again and again; every third load fails.
    private static func restlessLoading(
        _ cheap: ScriptedModel, _ moves: Scoreboard<Moves>
    ) -> VariantLoading {
        var settings = VariantLadder.Settings()
        settings.period = .microseconds(1)
        settings.firstPause = .microseconds(1)
        settings.longestPause = .microseconds(1)
        settings.hysteresis.loadAbove = -1
        settings.hysteresis.unloadBelow = .infinity
        settings.hysteresis.unloadWhenRejected = .infinity
        settings.hysteresis.quietFor = .zero
        settings.hysteresis.staysFor = .zero
        return VariantLoading(
            settings, visit: { [cheap] },
            load: { _ in
                let isWellDone = moves.update { moves in
                    moves.tries += 1
                    if moves.tries % 3 != 0 { moves.loads += 1 }
                    return moves.tries % 3 != 0
                }
                guard isWellDone else { throw EngineError(.failed, "not this time") }
                return LoadedVariant(model: cheap) { moves.update { $0.releases += 1 } }
            })
    }

    private static func submit(
        _ plan: Plan, thread: Int, to served: ServedModel, _ sinks: [RecordingSink],
        clock: TickingClock
    ) -> Tally {
        var random = SeededGenerator(seed: plan.seed * 1_000 + thread)
        var tally = Tally()
        var mine: [InferenceRequest] = []
        for _ in 0..<plan.rounds {
            var group: [InferenceRequest] = []
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let tag = thread * 10_000 + tally.submitted
                let order = order(tag, plan, &random, clock)
                let sink = sinks[Int.random(in: 0...1, using: &random)]
                group.append(
                    order.request(to: sink, pieces: Int.random(in: 1...3, using: &random)))
                tally.submitted += 1
                tally.rows += order.payloads.count
            }
            served.submit(group)
            mine += group
            if random.chance(percent: 40), let victim = mine.randomElement(using: &random) {
                served.cancel(victim)
            }
            if random.chance(percent: 20) { _ = served.load.queuedByClass }
        }
        return tally
    }

    private static func order(
        _ tag: Int, _ plan: Plan, _ random: inout SeededGenerator, _ clock: TickingClock
    ) -> Order {
        let payloads = (0..<Int.random(in: 1...5, using: &random)).map { _ -> Int32 in
            if random.chance(percent: 5) { return Rows.poison }
            if plan.withBombs, random.chance(percent: 3) { return Rows.bomb }
            return Int32.random(in: -50...50, using: &random)
        }
        var order = Order(
            tag: tag, payloads: payloads, priorityClass: Int.random(in: 0...2, using: &random))
        // Some of these are refused at once, some are missed while they wait, and some are kept.
        if random.chance(percent: 40) {
            order.deadline =
                clock.now() + .microseconds(UInt64.random(in: 600...2_500, using: &random))
        }
        return order
    }

    /// Checks one ending against what its order deserves.
    private static func check(_ ending: RecordingSink.Ending, _ plan: Plan) {
        let seed = plan.seed
        guard let error = ending.error else {
            #expect(ending.isRight, "seed \(seed): a wrong answer to \(ending.order)")
            return
        }
        let payloads = ending.order.payloads
        switch error.code {
        case .invalidArgument:
            #expect(payloads.contains(Rows.poison), "seed \(seed): a neighbour failed")
        case .engineFailed:
            #expect(plan.withBombs, "seed \(seed): a failure out of nothing")
        case .overloaded:
            #expect(plan.maxQueued < 16_384, "seed \(seed): refused by an empty queue")
        case .deadlineExceeded:
            #expect(ending.order.deadline != .distantFuture, "seed \(seed): no deadline to miss")
        case .cancelled:
            break
        default:
            Issue.record("seed \(seed): unexpected \(error)")
        }
    }

    /// Checks the statistics against the endings.
    private static func checkBooks(
        of served: ServedModel, _ endings: [RecordingSink.Ending], _ plan: Plan
    ) {
        let books = served.statistics
        func count(_ codes: ServingError.Code...) -> UInt64 {
            UInt64(
                endings.count { ending in ending.error.map { codes.contains($0.code) } ?? false })
        }
        let seed = plan.seed
        #expect(books.success.count == UInt64(endings.count { $0.error == nil }), "seed \(seed)")
        #expect(books.failure.count == count(.invalidArgument, .engineFailed), "seed \(seed)")
        #expect(books.rejected == count(.overloaded, .deadlineExceeded), "seed \(seed)")
        #expect(books.cancelled == count(.cancelled), "seed \(seed)")
        #expect(books.executions <= books.inferences, "seed \(seed)")
        let byClass = books.classes.reduce(0) { $0 + $1.inTime + $1.late }
        #expect(byClass == books.success.count, "seed \(seed)")
        let refused = books.classes.reduce(0) { $0 + $1.rejected.values.reduce(0, +) }
        #expect(refused == books.rejected, "seed \(seed)")
        let batches = books.batches.values.reduce(0) { $0 + $1.infer.count }
        #expect(batches == books.executions, "seed \(seed)")
        let rows = books.batches.reduce(0) { $0 + UInt64($1.key) * $1.value.infer.count }
        #expect(rows == books.inferences, "seed \(seed)")
    }

    @Test(
        "No event overtakes its own time: a batch starts after all but one of its members came",
        arguments: 0..<40)
    func monotone(seed: Int) async throws {
        let model = ScriptedModel()
        let served = try await Harness.serve(model, clock: TickingClock(), timer: ManualTimer())
        let sink = RecordingSink()
        await onThreads(3) { thread in
            for number in 0..<40 {
                let order = Order(tag: thread * 1_000 + number, payloads: [1])
                served.submit([order.request(to: sink)])
            }
        }
        await served.drain()
        // Every event has a time of its own, so only the arrival that launched a batch can have come
        // in the moment of the launch. Two such members mean that a launch was dated back.
        let datedBack = sink.calls.value.filter { $0.count { $0.queued == .zero } > 1 }
        #expect(datedBack.isEmpty, "seed \(seed)")
        await served.stop()
    }
}
