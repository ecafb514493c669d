internal import ControlCore
internal import SchedulerCore
internal import SchedulerTesting
internal import ServingModel
internal import Simulator
internal import Testing

@Suite("The placement advisor")
struct PlacementTests {
    /// Four devices on which a batch takes 10 + n/2 ms; a gang of four exchanges results in 1 ms and
    /// 0.02 ms for each row.
    private static func question(
        _ load: PlacementQuestion.Load, within promise: Double
    ) -> PlacementQuestion {
        var question = PlacementQuestion(
            base: 10, perRow: 0.5, devices: 4, load: load, promise: Interval(milliseconds: promise))
        question.communication = CommunicationCost(
            reductions: 2, stepLatency: 1 / 12, bytesPerRow: 1, bandwidth: 150)
        return question
    }

    /// The P99 that a simulated group of this placement measures.
    private func measured(
        degree: Int, _ load: PlacementQuestion.Load, seed: UInt64 = 1
    ) throws -> Double {
        let question = Self.question(load, within: 1_000)
        var device = DeviceModel(base: question.base, perRow: question.perRow)
        device.noise = question.noise
        let cost = GangModel(
            device, degree: degree, communication: question.communication.perBatch(degree: degree),
            communicationPerRow: question.communication.perRow(degree: degree))
        let random = Seeded(seed)
        let placements = (0..<4 / degree).map { index in
            (0..<degree).map { DeviceIndex(index * degree + $0) }
        }
        let model = GroupModel(
            SchedulerConfiguration(
                classes: [.forTest("only", deadline: 1_000)], maxBatchRows: 1_024,
                latency: cost.warmedUp(random.split("warm-up"))), placements: placements)
        var options = VirtualGroupServer.Options(costs: [cost], random.split("devices"))
        options.measuredFrom = .origin + .seconds(2)
        var server = VirtualGroupServer(
            GroupConfiguration(
                devices: Array(repeating: GroupDevice(memory: 1), count: 4), models: [model]),
            options)
        guard case .rate(let rate) = load else { return 0 }
        let stream = Load(
            .poisson(rate: rate), classes: [LoadClass(0, deadline: 1_000)], milliseconds: 22_000,
            random.split("load"))
        let outcome = try server.run(MergedTraffic([AnyIterator(stream)]))
        return outcome.total.latency(quantile: 0.99)
    }

    @Test("At a low rate the gang keeps the promise and replicas do not; simulation agrees")
    func lowRate() throws {
        let advice = PlacementAdvice(Self.question(.rate(2), within: 25))
        #expect(advice.options.map(\.verdict) == [.cycleTooLong, .keeps, .keeps, .keeps])
        #expect(advice.best?.degree == 4)
        let gang = try measured(degree: 4, .rate(2))
        let replicas = try measured(degree: 1, .rate(2))
        #expect(gang <= 25 && replicas > 25, "gang \(gang) ms, replicas \(replicas) ms")
    }

    @Test(
        "At a high rate replicas keep the promise, the gang does not, a mix is best; so in simulation"
    )
    func highRate() throws {
        let advice = PlacementAdvice(Self.question(.rate(6.5), within: 150))
        #expect(advice.options.map(\.verdict) == [.keeps, .keeps, .overloaded, .cycleTooLong])
        #expect(advice.best?.degree == 2)
        let gang = try measured(degree: 4, .rate(6.5))
        let mix = try measured(degree: 2, .rate(6.5))
        let replicas = try measured(degree: 1, .rate(6.5))
        #expect(gang > 150 && replicas <= 150 && mix < replicas, "\(gang), \(replicas), \(mix) ms")
        for (option, measured) in zip([0, 1, 3], [replicas, mix, gang]) {
            let predicted = advice.options[option].p99
            #expect(measured >= advice.options[option].bound)
            #expect(abs(measured / predicted - 1) < 0.25, "\(measured) for \(predicted) ms")
        }
    }

    @Test("The barrier is the exchange and the wait for the slowest member")
    func barrier() throws {
        let gang = PlacementAdvice(Self.question(.rate(2), within: 25)).options[3]
        // Six steps of 1/12 ms in each of two all-reduces; 3/2 of a byte over 150 bytes/ms, twice a row.
        #expect(abs(gang.exchange - (1 + 0.02 * gang.batch)) < 1e-9)
        let lag = 0.02 * 1.0294 * (10 + 0.5 * gang.batch) / 4
        #expect(abs(gang.straggling - lag) < 1e-9)
        #expect(abs(gang.base - (2.5 * (1 + 0.02 * 1.0294) + 1)) < 1e-9)
    }

    @Test("The slowest of g lies where the maximum of g normal deviates does")
    func slowest() {
        var random = Seeded(7)
        for degree in [2, 4, 8, 16, 64] {
            var sum = 0.0
            for _ in 0..<20_000 {
                sum += (0..<degree).map { _ in random.normal() }.max() ?? 0
            }
            let expected = CommunicationCost.slowestOf(degree)
            #expect(abs(sum / 20_000 / expected - 1) < 0.06, "\(degree): \(expected)")
        }
    }

    @Test("A model that one device cannot hold is split, and the text says why")
    func memory() throws {
        var question = Self.question(.concurrency(64), within: 80)
        question.memory = MemoryModel(resident: 1_500, perRow: 1)
        question.deviceMemory = 1_000
        let advice = PlacementAdvice(question)
        #expect(advice.options[0].verdict == .doesNotFit)
        #expect(advice.options[1].maxRows == 250)
        #expect(advice.best?.degree == 4)
        #expect(advice.text.contains("4 replicas: does not fit the memory of its devices"))
        #expect(advice.text.contains("one device cannot hold the model"))
        #expect(advice.text.contains("barrier of each batch"))
    }

    @Test("Without a placement that keeps the promise the text says which comes closest")
    func none() {
        let tight = PlacementAdvice(Self.question(.rate(2), within: 2))
        #expect(tight.best == nil)
        #expect(tight.options.map(\.verdict).allSatisfy { $0 == .tooSlowAlone })
        #expect(tight.text.contains("gang of 4 comes closest"))
        let heavy = PlacementAdvice(Self.question(.rate(9), within: 1_000))
        #expect(heavy.text.contains("No placement carries the load"))
    }
}
