internal import ControlCore
internal import SchedulerCore
internal import SchedulerTesting
internal import ServingModel
internal import Simulator
internal import Testing

/// What a request that comes into a running batch waits for, and what the batch waits for it; counted in
/// steps and in the scheduler's own predictions.
@Suite("Text generation: newcomers")
struct NewcomerTests {
    /// A device of 1 ms for a step and 0.02 ms for each token, with room for everything.
    private static let configuration = GenerationDriver.configuration {
        $0.slots = 64
        $0.keyValueTokens = 100_000
        $0.maxContext = 8_192
        $0.cost = StepCostModel(base: 1, perToken: 0.02, perKeyValueToken: 0)
    }

    @Test("A newcomer with a free slot rides the first step that begins after it came")
    func nextStep() throws {
        try forEachSeed(count: 100) { random in
            var random = random
            var driver = GenerationDriver(Self.configuration)
            let running = random.integer(in: 1...63)
            for id in 1...running {
                driver.arrive(UInt64(id), prompt: random.integer(in: 1...300), new: 4_000)
            }
            for _ in 0..<random.integer(in: 60...80) { driver.step() }
            driver.arrive(100, prompt: random.integer(in: 1...2_000))
            #expect(!driver.fed.contains { $0[0] == 100 })
            driver.step()
            try #require(driver.fed.contains { $0[0] == 100 }, "\(running) run: \(driver.fed)")
            try #require(driver.fed.count == running + 1)
        }
    }

    /// Tokens that came early save up to one promise, and the first steps spend it (ADR 0012).
    @Test(
        "While a prompt of 4,000 tokens is fed, four steps at most are longer than a token is promised"
    )
    func longPrompt() throws {
        for promise in [Interval.milliseconds(10), .milliseconds(40)] {
            var driver = GenerationDriver(Self.configuration)
            for id in 1...16 {
                driver.arrive(UInt64(id), prompt: 50, new: 4_000, perToken: promise)
            }
            for _ in 0..<4 { driver.step() }
            driver.arrive(100, prompt: 4_000, perToken: promise)
            var fed = 0
            var steps = 0
            var longer = 0
            repeat {
                driver.step()
                let plan = driver.plan
                let predicted = try #require(plan).predicted
                #expect(predicted <= promise * 2)
                if predicted > promise { longer += 1 }
                #expect(driver.fed.count == 17)
                fed += driver.fed.first { $0[0] == 100 }?[2] ?? 0
                steps += 1
            } while fed < 4_000 && steps < 1_000
            #expect(fed == 4_000)
            #expect(longer <= 4)
        }
    }
}
