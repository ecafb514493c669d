import EngineAPI
import Foundation
import ServingModel
import ServingRuntime
import Testing

@Suite("Answers of a served generator", .timeLimit(.minutes(5)))
struct GenerationTests {
    @Test("A prompt is continued up to the limit, and its end tells usage and timing")
    func continued() async throws {
        let harness = try await GeneratorHarness.start()
        let prompt = try harness.prompt("Once upon a time")
        let answer = try #require(await harness.submit("Once upon a time", tokens: 40).collect())
        #expect(answer.text == (try harness.model.expected(prompt, count: 40)))
        let end = try #require(answer.end)
        #expect(end.reason == .length)
        #expect(end.usage.promptTokens == prompt.count)
        #expect(end.usage.generatedTokens == 40)
        #expect(end.usage.cachedTokens == 0)
        #expect(end.timing.queued == .zero)
        #expect(end.timing.firstToken == .zero)
        #expect(answer.generatedTokens == 40)
        #expect(answer.tokens.isEmpty)
        await harness.served.stop()
    }

    @Test("The next turn of a conversation computes neither the last prompt nor its answer again")
    func conversation() async throws {
        let harness = try await GeneratorHarness.start { $0.cacheSlots = 4 }
        let question = try harness.prompt("A question of some length")
        let first = try harness.served.submit(
            GenerationRequest(prompt: question, maxNewTokens: 40))
        #expect(await first.collect()?.end?.reason == .length)
        let begun = try question + harness.model.expectedTokens(question, count: 40)
        let prompt = try begun + harness.prompt(" and another")
        let second = try harness.served.submit(
            GenerationRequest(prompt: prompt, maxNewTokens: 8))
        let next = try #require(await second.collect())
        #expect(next.text == (try harness.model.expected(prompt, count: 8)))
        // All whole blocks of it; the last token was never fed.
        #expect(next.end?.usage.cachedTokens == (begun.count - 1) / 16 * 16)
        await harness.served.stop()
    }

    @Test("The model ends its text itself, unless it is told to go on")
    func ended() async throws {
        let harness = try await GeneratorHarness.start(parameters: ["end_every": "8"])
        let prompt = try harness.prompt("The")
        let answer = try #require(await harness.submit("The", tokens: 500).collect())
        #expect(answer.text == (try harness.model.expected(prompt, count: 500)))
        #expect(answer.end?.reason == .stop)
        #expect(answer.end?.matchedStop == nil)
        let further = try harness.submit("The", tokens: 500) { $0.ignoresEnd = true }
        let long = try #require(await further.collect())
        #expect(long.end?.reason == .length)
        #expect(long.end?.usage.generatedTokens == 500)
        await harness.served.stop()
    }

    @Test("A stop string ends the text before it, and the end names it")
    func stopped() async throws {
        let harness = try await GeneratorHarness.start()
        let whole = try harness.model.expected(try harness.prompt("A"), count: 200)
        let characters = Array(whole)
        // Bytes that are no characters cannot be written as a stop string.
        let start = try #require(
            (60..<190).first { start in characters[start..<start + 3].allSatisfy(\.isASCII) })
        let stop = String(characters[start..<start + 3])
        let first = try #require(whole.range(of: stop)?.lowerBound)
        let stream = try harness.submit("A", tokens: 200) { $0.stops = ["never there", stop] }
        let answer = try #require(await stream.collect())
        #expect(answer.text == String(whole[..<first]))
        #expect(answer.end?.reason == .stop)
        #expect(answer.end?.matchedStop == stop)
        await harness.served.stop()
    }

    @Test("Tokens with probabilities spell the text, and carry the alternatives asked for")
    func logprobs() async throws {
        let harness = try await GeneratorHarness.start()
        let stream = try harness.submit("A", tokens: 100) {
            $0.wantsLogprobs = true
            $0.alternatives = 3
            $0.stops = ["."]
        }
        let answer = try #require(await stream.collect())
        let bytes = answer.tokens.flatMap(\.bytes)
        #expect(String(decoding: bytes, as: UTF8.self) == answer.text)
        #expect(answer.tokens.allSatisfy { $0.alternatives.count == 3 && $0.logprob < 0 })
        await harness.served.stop()
    }

    @Test("The same seed samples the same text, another seed another")
    func seeds() async throws {
        let harness = try await GeneratorHarness.start()
        func answer(_ seed: UInt64) async throws -> String? {
            try await harness.submit("A", tokens: 50) {
                $0.sampling = SamplingParameters(temperature: 1, seed: seed)
            }.collect()?.text
        }
        #expect(try await answer(7) == (try await answer(7)))
        #expect(try await answer(7) != (try await answer(8)))
        await harness.served.stop()
    }

    @Test("An answer that the context has no room for is cut off there")
    func context() async throws {
        let harness = try await GeneratorHarness.start { $0.maxContext = 64 }
        let prompt = Array(repeating: Int32(0x61), count: 60)
        let stream = try harness.served.submit(
            GenerationRequest(prompt: prompt, maxNewTokens: 1_000))
        let end = try #require(await stream.collect()?.end)
        #expect(end.reason == .length)
        #expect(end.usage.generatedTokens == 4)
        await harness.served.stop()
    }

    @Test("What is wrong with a request is said at once, and names what is allowed")
    func refused() async throws {
        let harness = try await GeneratorHarness.start { $0.maxContext = 64 }
        func problem(_ adjust: (inout GenerationRequest) -> Void) -> String? {
            do {
                _ = try harness.submit("A", adjust: adjust)
                return nil
            } catch let error as ServingError {
                #expect(error.code == .invalidArgument)
                return error.message
            } catch {
                return nil
            }
        }
        #expect(problem { $0.prompt = [] }?.contains("empty") == true)
        let long = problem { $0.prompt = Array(repeating: 1, count: 4_000) }
        #expect(long?.contains("4000") == true && long?.contains("63") == true)
        #expect(problem { $0.prompt = [1, 258] }?.contains("258") == true)
        #expect(problem { $0.prompt = [-1] }?.contains("-1") == true)
        #expect(problem { $0.maxNewTokens = 0 }?.contains("at least 1") == true)
        #expect(problem { $0.stops = Array(repeating: "x", count: 17) }?.contains("16") == true)
        #expect(
            problem { $0.stops = [String(repeating: "x", count: 1_025)] }?.contains("1024") == true)
        #expect(problem { $0.alternatives = 21 }?.contains("20") == true)
        #expect(problem { $0.sampling.grammar = Grammar(text: "root ::=") } != nil)
        #expect(harness.served.load.inFlight == 0)
        await harness.served.stop()
    }
}
