internal import ControlCore
internal import SchedulerCore
internal import ServingModel
internal import Simulator
internal import Testing

@Suite("A virtual server that generates text")
struct VirtualGenerationServerTests {
    /// A server with the notes' device, which it knows exactly.
    private static func server(
        _ device: StepModel = .notes, keyValueTokens: Int = 100_000
    ) -> VirtualGenerationServer {
        var classes = [
            PriorityClass(name: "one", weight: 1, floorShare: 0, defaultDeadline: .seconds(1))
        ]
        classes[0].floorShare = 0
        let configuration = GenerationConfiguration(
            classes: classes, slots: 16, keyValueTokens: keyValueTokens, maxContext: 8_192,
            cost: StepCostModel(base: 6, perToken: 0.02, perKeyValueToken: 0.000_04))
        return VirtualGenerationServer(
            configuration, VirtualGenerationServer.Options(device: device, Seeded(1)))
    }

    private static func request(
        _ id: UInt64, at milliseconds: UInt64 = 0, prompt: Int = 100, newTokens: Int,
        firstToken: UInt64 = 500, perToken: Interval = .milliseconds(40)
    ) -> GenerationStimulus {
        let at = Instant.origin + .milliseconds(milliseconds)
        return GenerationStimulus(
            at: at,
            .arrive(
                GenerationArrival(
                    id: RequestID(id), promptTokens: prompt, maxNewTokens: 1_000,
                    firstTokenDeadline: at + .milliseconds(firstToken), perToken: perToken),
                newTokens: newTokens))
    }

    @Test("A lone answer takes its prompt's step and one step for each further token")
    func alone() throws {
        var server = Self.server()
        let outcome = try server.run([Self.request(1, newTokens: 3)])
        // 6 + 0.02 * 100 + 0.00004 * 100, then steps of one token over 101 and 102 of context.
        let first = 8.004
        let gaps = [6 + 0.02 + 0.000_04 * 101, 6 + 0.02 + 0.000_04 * 102]
        let total = outcome.total
        #expect(total.ends.inTime == 1 && total.ends.arrived == 1)
        #expect(abs(total.firstToken.meanMilliseconds - first) < 0.001)
        #expect(abs(total.perToken.meanMilliseconds - (gaps[0] + gaps[1]) / 2) < 0.001)
        #expect(total.gaps.count == 2 && outcome.steps.count == 3)
        #expect(
            abs(total.ends.meanLatency - first - gaps[0] - gaps[1]) < 0.001,
            "\(total.ends.meanLatency)")
        #expect(outcome.generatedTokens == 3 && outcome.fedTokens == 102)
    }

    @Test("An answer is in time only if it kept both promises, and the mean gap is the second one")
    func promises() throws {
        var server = Self.server()
        let outcome = try server.run([
            // A gap of 6.02 ms: one promise of 6 ms is broken, one of 7 ms is kept.
            Self.request(1, newTokens: 20, perToken: .milliseconds(6)),
            Self.request(2, at: 1_000, newTokens: 20, perToken: .milliseconds(7)),
            // A single token has no gap to break.
            Self.request(3, at: 2_000, newTokens: 1, perToken: .milliseconds(1)),
        ])
        #expect(outcome.total.ends.inTime == 2)
        #expect(outcome.total.ends.late == 1)
        #expect(outcome.total.perTokenMissed == 1 && outcome.total.firstTokenMissed == 0)
        #expect(outcome.total.perToken.count == 2)
    }

    @Test("Clients that give up, and a device that goes and comes back, leave nobody waiting")
    func disturbed() throws {
        var server = Self.server()
        var ends = 0
        let outcome = try server.run([
            Self.request(1, newTokens: 400), Self.request(2, at: 1, newTokens: 400),
            GenerationStimulus(at: .origin + .milliseconds(300), .cancel(RequestID(2))),
            GenerationStimulus(at: .origin + .milliseconds(500), .lose),
            GenerationStimulus(at: .origin + .milliseconds(600), .restore),
        ]) { _, event, _, scheduler in
            scheduler.checkInvariants()
            if case .finished = event { ends += 1 }
        }
        #expect(ends == 1 && outcome.total.ends.cancelled == 1)
        #expect(outcome.preemptions == 1)
        #expect(outcome.total.ends.inTime + outcome.total.ends.late == 1)
        // The tokens that were out by then are not produced again.
        #expect(outcome.total.gaps.count == 399)
    }

    @Test("A step that fails gives nobody a token, and the next one tries again")
    func failures() throws {
        var device = StepModel.notes
        device.device.failureProbability = 0.03
        var server = Self.server(device)
        var failed = 0
        var succeeded = 0
        let outcome = try server.run((1...8).map { Self.request($0, newTokens: 200) }) {
            _, event, _, _ in
            if event == .stepped(.failure) { failed += 1 }
            if event == .stepped(.success) { succeeded += 1 }
        }
        // Together they take little more than the 200 steps of one: they do not all begin with the same.
        #expect(outcome.total.ends.inTime == 8)
        #expect(outcome.total.gaps.count == 8 * 199)
        #expect(failed > 0 && (200...210).contains(succeeded))
    }

    @Test("What a device was warmed up with predicts its steps")
    func warmUp() {
        var device = StepModel.notes
        device.device.noise = 0.02
        let cost = device.warmedUp(Seeded(3))
        for (tokens, context) in [(1, 500), (64, 40_000), (600, 120_000), (1_500, 30_000)] {
            let ratio =
                cost.mean(tokens: tokens, keyValueTokens: context)
                / device.mean(tokens: tokens, context: context)
            #expect(abs(ratio - 1) < 0.05, "\(tokens) tokens over \(context): \(ratio)")
        }
    }
}
