import EngineAPI
import EngineTesting
import Testing

@Suite("Picking tokens")
struct SamplerTests {
    private let model: any GenerativeModel
    private let prompt: [Int32]

    init() throws {
        model = try Fixtures.model()
        prompt = try model.tokenize("The sea was calm", addsSpecial: true, parsesSpecial: false)
    }

    private func generate(_ parameters: SamplingParameters, count: Int = 40) throws -> [Int32] {
        try model.generate(prompt, count: count, parameters)
    }

    @Test("A bias can force a token and rule one out")
    func bias() throws {
        let forced = try generate(
            SamplingParameters(logitBias: [LogitBias(token: 65, bias: 1_000)]))
        #expect(forced.allSatisfy { $0 == 65 })
        let favourite = try generate(.greedy)[0]
        let other = try generate(
            SamplingParameters(
                temperature: 0, logitBias: [LogitBias(token: favourite, bias: -.infinity)]))
        #expect(!other.contains(favourite))
    }

    @Test("Penalties make answers repeat themselves less")
    func penalties() throws {
        let plain = Set(try generate(.greedy, count: 100)).count
        for penalised in [
            SamplingParameters(temperature: 0, presencePenalty: 100),
            SamplingParameters(temperature: 0, frequencyPenalty: 100),
            SamplingParameters(temperature: 0, repetitionPenalty: 100),
        ] {
            #expect(Set(try generate(penalised, count: 100)).count > plain)
        }
        let all = try generate(
            SamplingParameters(temperature: 0, presencePenalty: 100), count: 100)
        #expect(Set(all).count == 100, "no token is picked twice under the heaviest penalty")
    }

    @Test("The narrowest filters leave the likeliest token")
    func filters() throws {
        let greedy = try generate(.greedy)
        #expect(try generate(SamplingParameters(topK: 1)) == greedy)
        #expect(try generate(SamplingParameters(topP: 0.000_001)) == greedy)
        #expect(try generate(SamplingParameters(minP: 1)) == greedy)
        #expect(try generate(SamplingParameters(temperature: 0.000_1)) == greedy)
    }

    @Test("Draws follow the probabilities of the model")
    func distribution() throws {
        let session = try model.makeSession(
            SessionConfiguration(slots: 1, keyValueTokens: 64, maxStepTokens: 64))
        try session.step(
            prompt.enumerated().map {
                StepToken(
                    token: $1, position: Int32($0), slot: 0, wantsOutput: $0 + 1 == prompt.count)
            })
        let draws = 4_000
        var seen: [Int32: Int] = [:]
        var likeliest: [TokenLogprob] = []
        let sampler = try model.makeSampler(SamplingParameters(seed: 9))
        for _ in 0..<draws {
            let sampled = try session.sample(
                at: prompt.count - 1, with: sampler, alternatives: 3)
            seen[sampled.token, default: 0] += 1
            likeliest = sampled.alternatives
        }
        for choice in likeliest {
            let expected = Double(draws) * exponential(choice.logprob)
            // Five standard deviations.
            #expect(
                abs(Double(seen[choice.token, default: 0]) - expected) < 5 * expected.squareRoot())
        }
    }

    @Test(
        "A sampler of another model's vocabulary is no crash, and a bias that leaves nothing fails")
    func nothingLeft() throws {
        let all = (0..<Int32(model.info.vocabularySize)).map {
            LogitBias(token: $0, bias: -.infinity)
        }
        let error = #expect(throws: EngineError.self) {
            try generate(SamplingParameters(logitBias: all))
        }
        #expect(error?.kind == .failed)
    }

    /// e to the power of `value`, by its series.
    private func exponential(_ value: Float) -> Double {
        var sum = 1.0
        var term = 1.0
        for index in 1..<60 {
            term *= Double(value) / Double(index)
            sum += term
        }
        return sum
    }
}
