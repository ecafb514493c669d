internal import ControlCore
internal import SchedulerTesting
internal import ServingModel
internal import Simulator
internal import Testing

@Suite("Step cost model")
struct StepCostModelTests {
    /// The page's device: 6 ms, 0.02 ms for each token fed, 0.04 ms for each thousand of context.
    static let truth = StepCostModel(base: 6, perToken: 0.02, perKeyValueToken: 4e-5)

    /// Steps of many kinds, as a server sees them.
    static func steps(_ count: Int, _ random: inout Seeded) -> [(tokens: Int, context: Int)] {
        (0..<count).map { _ in
            let decodes = random.integer(in: 1...200)
            let prefill = random.chance(0.6) ? random.integer(in: 0...800) : 0
            return (decodes + prefill, decodes * random.integer(in: 100...1_500) + prefill)
        }
    }

    static func error(_ model: StepCostModel, tokens: Int, context: Int) -> Double {
        let exact = truth.mean(tokens: tokens, keyValueTokens: context)
        return abs(model.mean(tokens: tokens, keyValueTokens: context) / exact - 1)
    }

    @Test("A wrong start is forgotten: every kind of step is predicted within 5 %")
    func learning() throws {
        try forEachSeed(count: 20) { seed in
            var random = seed
            let factor = random.pick(0.2, 1, 5)
            var model = StepCostModel(
                base: 6 * factor, perToken: 0.02 / factor, perKeyValueToken: 4e-5 * factor)
            for step in Self.steps(1_500, &random) {
                let exact = Self.truth.mean(tokens: step.tokens, keyValueTokens: step.context)
                let took = exact * (1 + 0.02 * random.normal())
                model.observe(
                    tokens: step.tokens, keyValueTokens: step.context,
                    took: Interval(milliseconds: took))
            }
            for (tokens, context) in [(1, 100), (100, 60_000), (900, 100_000), (2_048, 20_000)] {
                let error = Self.error(model, tokens: tokens, context: context)
                try require(error < 0.05, "\(error) at \(tokens) tokens, \(context) of context")
            }
        }
    }

    @Test("A coefficient that was thought to be zero is learnt, too")
    func unknownCoefficient() {
        var random = Seeded(3)
        var model = StepCostModel(base: 6, perToken: 0.02, perKeyValueToken: 0)
        for step in Self.steps(1_500, &random) {
            let exact = Self.truth.mean(tokens: step.tokens, keyValueTokens: step.context)
            model.observe(
                tokens: step.tokens, keyValueTokens: step.context,
                took: Interval(milliseconds: exact))
        }
        #expect(Self.error(model, tokens: 100, context: 200_000) < 0.05)
    }

    @Test("One stall of a hundred times moves no prediction by more than 2 %")
    func stall() {
        var random = Seeded(1)
        var model = Self.truth
        for step in Self.steps(500, &random) {
            let exact = Self.truth.mean(tokens: step.tokens, keyValueTokens: step.context)
            model.observe(
                tokens: step.tokens, keyValueTokens: step.context,
                took: Interval(milliseconds: exact * (1 + 0.02 * random.normal())))
        }
        let before = model
        model.observe(tokens: 100, keyValueTokens: 50_000, took: .milliseconds(1_000))
        for (tokens, context) in [(1, 100), (100, 60_000), (2_048, 20_000)] {
            let ratio =
                model.mean(tokens: tokens, keyValueTokens: context)
                / before.mean(tokens: tokens, keyValueTokens: context)
            #expect(abs(ratio - 1) < 0.02, "\(tokens) tokens: \(ratio)")
        }
    }

    @Test("Steps of one size for ever do not wind it up: the first other one is still predicted")
    func windUp() {
        var random = Seeded(2)
        var model = Self.truth
        for _ in 0..<20_000 {
            let exact = Self.truth.mean(tokens: 8, keyValueTokens: 4_000)
            model.observe(
                tokens: 8, keyValueTokens: 4_000,
                took: Interval(milliseconds: exact * (1 + 0.02 * random.normal())))
        }
        #expect(model.base >= 0 && model.perToken > 0 && model.perKeyValueToken >= 0)
        #expect(model.margin >= 1 && model.margin <= 1.5)
        for _ in 0..<20 {
            let exact = Self.truth.mean(tokens: 1_000, keyValueTokens: 30_000)
            model.observe(
                tokens: 1_000, keyValueTokens: 30_000, took: Interval(milliseconds: exact))
        }
        #expect(Self.error(model, tokens: 1_000, context: 30_000) < 0.1)
    }

    @Test("The promise is monotone, and the tokens within a limit keep it")
    func inverse() throws {
        try forEachSeed(count: 50) { seed in
            var random = seed
            var model = StepCostModel(
                base: random.uniform(0, 10), perToken: random.uniform(0.001, 1),
                perKeyValueToken: random.uniform(0, 1e-3))
            for _ in 0..<random.integer(in: 0...50) {
                model.observe(
                    tokens: random.integer(in: 1...1_000),
                    keyValueTokens: random.integer(in: 1...100_000),
                    took: Interval(milliseconds: random.uniform(0.1, 100)))
            }
            let tokens = random.integer(in: 1...5_000)
            let context = random.integer(in: 0...100_000)
            let promise = model.duration(tokens: tokens, keyValueTokens: context)
            try require(
                model.duration(tokens: tokens + 1, keyValueTokens: context) >= promise,
                "a token more is quicker")
            try require(
                model.duration(tokens: tokens, keyValueTokens: context + 1) >= promise,
                "a token of context more is quicker")
            let within = model.tokens(within: promise, keyValueTokens: context)
            try require(abs(within - tokens) <= 1, "\(within) for \(tokens) tokens")
        }
    }

    @Test("Warm-up runs give a plane at once")
    func warmUp() {
        let runs = [(1, 1), (64, 64), (512, 512), (8, 8_000), (128, 4_000)].map {
            (
                tokens: $0.0, keyValueTokens: $0.1,
                took: Interval(
                    milliseconds: Self.truth.mean(tokens: $0.0, keyValueTokens: $0.1))
            )
        }
        let model = StepCostModel(warmUp: runs)
        for run in runs {
            let error = Self.error(model, tokens: run.tokens, context: run.keyValueTokens)
            #expect(error < 0.1, "\(run): \(error)")
        }
        #expect(StepCostModel(warmUp: []).base > 0)
    }
}
