import EngineAPI
import EngineTesting
import SchedulerTesting
import Simulator
import Testing

/// Many requests in one session, in random company.
@Suite("Requests in random mixes")
struct MixTests {
    /// One random mix: requests of random prompts and lengths, fed in random pieces.
    private struct Mix {
        var random: Seeded
        let model: any GenerativeModel
        let prompts: [[Int32]]
        let counts: [Int]

        init(_ random: Seeded, _ model: any GenerativeModel) {
            var draw = random.split("requests")
            self.random = random.split("steps")
            self.model = model
            let size = model.info.vocabularySize
            var prompts: [[Int32]] = []
            var counts: [Int] = []
            for _ in 0..<draw.integer(in: 1...8) {
                let shared = prompts.first.map { $0.prefix(draw.integer(in: 0...$0.count)) } ?? []
                let rest = (0..<draw.integer(in: 1...48)).map { _ in
                    Int32(draw.integer(in: 0...size - 1))
                }
                prompts.append(Array(draw.chance(0.4) ? shared : []) + rest)
                counts.append(draw.integer(in: 1...24))
            }
            self.prompts = prompts
            self.counts = counts
        }

        /// How many tokens each request shares with the first one's prompt.
        func shared(_ slot: Int) -> Int {
            zip(prompts[slot], prompts[0]).prefix { $0 == $1 }.count
        }

        /// Runs all requests together and returns their answers.
        mutating func run(isExact: Bool) throws -> [[Int32]] {
            let session = try model.makeSession(
                SessionConfiguration(
                    slots: prompts.count, keyValueTokens: 1_024, maxStepTokens: 96,
                    isExact: isExact))
            var samplers: [any TokenSampler] = []
            for _ in prompts { samplers.append(try model.makeSampler(.greedy)) }
            var driver = GenerationDriver(session, samplers: samplers)
            driver.tokens = prompts
            while prompts.indices.contains(where: { isRunning($0, driver) }) {
                try disturb(&driver)
                try driver.step(
                    prompts.indices.map { slot in
                        isRunning(slot, driver) && random.chance(0.75)
                            ? random.integer(in: 1...12) : 0
                    })
            }
            return prompts.indices.map { Array(driver.tokens[$0].dropFirst(prompts[$0].count)) }
        }

        private func isRunning(_ slot: Int, _ driver: GenerationDriver) -> Bool {
            driver.tokens[slot].count < prompts[slot].count + counts[slot]
        }

        /// Now and then a request is recomputed, swapped out and in, or starts with what another
        /// one's cache holds.
        private mutating func disturb(_ driver: inout GenerationDriver) throws {
            let slot = random.integer(in: 0...prompts.count - 1)
            guard isRunning(slot, driver) else { return }
            if random.chance(0.05) { driver.recompute(slot) }
            if random.chance(0.05) { try driver.swap(slot) }
            let common = min(shared(slot), prompts[slot].count - 1, driver.fed[0])
            if slot > 0, driver.fed[slot] == 0, common > 0, random.chance(0.5) {
                driver.share(common, of: 0, with: slot)
            }
        }
    }

    /// Runs random mixes and checks every answer against the one that the request gets alone.
    private func check(
        _ model: any GenerativeModel, isExact: Bool, count: Int
    ) throws {
        try forEachSeed(count: count) { random in
            var mix = Mix(random, model)
            let answers = try mix.run(isExact: isExact)
            for (slot, answer) in answers.enumerated() {
                let alone = try model.generate(
                    mix.prompts[slot], count: mix.counts[slot], isExact: isExact)
                try #require(answer == alone, "request \(slot) of seed \(random.seed)")
            }
        }
    }

    @Test("In an exact session every answer is the one that the request gets alone")
    func exact() throws {
        try check(Fixtures.model(), isExact: true, count: 20)
    }

    #if arch(x86_64) && os(Linux)
    /// The weights are random, so many of the likeliest tokens are likelier by a hair only: rounding
    /// decides more often than in a trained model.
    @Test(
        "With 32-bit weights every answer of an ordinary session is the one that the request gets alone"
    )
    func ordinary() throws {
        try check(Fixtures.model(), isExact: false, count: 60)
    }

    @Test(
        "With 8-bit weights every answer of an ordinary session is the one that the request gets alone"
    )
    func quantised() throws {
        try check(Fixtures.tales(), isExact: false, count: 40)
    }
    #endif

    /// Recorded from llama.cpp's own attention with keys and values in 32 bits. The other request's
    /// tokens lie between those of the prompt.
    @Test("Probabilities after a long prompt, fed in pieces beside another, are the model's own")
    func probabilities() throws {
        let expected: [Float] = [
            -0.3263321, -1.3949962, -0.9254532, -1.5863304, -0.33749485, -1.6121807,
        ]
        let model = try Fixtures.model()
        let sampler = try model.makeSampler(.greedy)
        let session = try model.makeSession(
            SessionConfiguration(slots: 2, keyValueTokens: 1_024, maxStepTokens: 64))
        var tokens: [Int32] = (0..<600).map { (i: Int) -> Int32 in
            Int32((7 * i * i + 3 * i) % 256)
        }
        var fed = 0
        var other: Int32 = 0
        var found: [Float] = []
        while found.count < expected.count {
            let piece = min(tokens.count - fed, 63)
            let step = (fed..<fed + piece).map {
                StepToken(
                    token: tokens[$0], position: Int32($0), slot: 1,
                    wantsOutput: $0 == tokens.count - 1)
            }
            let beside = StepToken(token: other, position: other, slot: 0, wantsOutput: false)
            try session.step([beside] + step)
            other += 1
            fed += piece
            guard fed == tokens.count else { continue }
            let next = try session.sample(at: piece, with: sampler, alternatives: 0)
            found.append(next.logprob)
            tokens.append(next.token)
        }
        for (probability, own) in zip(found, expected) {
            #expect(abs(probability - own) < 0.005, "\(found)")
        }
    }
}
