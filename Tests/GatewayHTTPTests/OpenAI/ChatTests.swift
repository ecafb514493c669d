import GatewayHTTP
import Testing

@Suite("Chat completions", .timeLimit(.minutes(1)))
struct ChatTests {
    @Test("A whole answer has OpenAI's form, with how it ended and what it cost")
    func whole() async throws {
        try await LiveText.run { live in
            let answer = try await live.chat("say:Hello, wörld!")
            #expect(answer.status == 200)
            let json = try answer.json
            #expect(json["object"]?.text == "chat.completion")
            #expect(json["id"]?.text?.hasPrefix("chatcmpl-") == true)
            #expect(json["model"]?.text == "script")
            let choice = json["choices"]?[0]
            #expect(choice?["message"]?["role"]?.text == "assistant")
            #expect(choice?["message"]?["content"]?.text == "Hello, wörld!")
            #expect(choice?["finish_reason"]?.text == "stop")
            #expect(json["usage"]?["prompt_tokens"]?.integer == 19)
            #expect(json["usage"]?["completion_tokens"]?.integer == 15)
            #expect(json["usage"]?["total_tokens"]?.integer == 34)
            #expect(answer.fields["x-request-id"]?.isEmpty == false)
            #expect(answer.fields["server-timing"]?.contains("total;dur=") == true)
        }
    }

    @Test("A stream begins with the role, ends with why and DONE, and adds up to the whole")
    func stream() async throws {
        try await LiveText.run { live in
            let answer = try await live.chat(
                "say:Grüße 🙂",
                #","stream":true,"stream_options":{"include_usage":true},"service_tier":"flex""#)
            #expect(answer.fields["content-type"] == "text/event-stream; charset=utf-8")
            #expect(answer.body.hasSuffix("data: [DONE]\n\n"))
            let events = try answer.events
            #expect(events.first?["choices"]?[0]?["delta"]?["role"]?.text == "assistant")
            let text = events.compactMap { $0["choices"]?[0]?["delta"]?["content"]?.text }
            #expect(text.joined() == "Grüße 🙂")
            let reasons = events.compactMap { $0["choices"]?[0]?["finish_reason"]?.text }
            #expect(reasons == ["stop"])
            #expect(events.last?["choices"]?.elements == [])
            #expect(events.last?["usage"]?["completion_tokens"]?.integer == 13)
            #expect(Set(events.compactMap { $0["id"]?.text }).count == 1)
            #expect(events.allSatisfy { $0["service_tier"]?.text == "flex" })
        }
    }

    @Test("Several answers come with their numbers, whole and as a stream")
    func several() async throws {
        try await LiveText.run { live in
            let whole = try await live.chat("say:abc", #","n":3"#).json
            let texts = (whole["choices"]?.elements ?? []).map { $0["message"]?["content"]?.text }
            #expect(texts == ["abc", "abc", "abc"])
            // The prompt is paid for once.
            #expect(whole["usage"]?["prompt_tokens"]?.integer == 8)
            #expect(whole["usage"]?["completion_tokens"]?.integer == 12)
            var streamed = ["", "", ""]
            for event in try await live.chat("say:abc", #","n":3,"stream":true"#).events {
                for choice in event["choices"]?.elements ?? [] {
                    guard let index = choice["index"]?.integer else { continue }
                    streamed[index] += choice["delta"]?["content"]?.text ?? ""
                }
            }
            #expect(streamed == ["abc", "abc", "abc"])
        }
    }

    @Test("Stop strings end an answer and are no part of it, even across tokens")
    func stops() async throws {
        try await LiveText.run { live in
            for stop in [#""wor""#, #"["zzz","wor"]"#] {
                let choice = try await live.chat("say:Hello world", #","stop":\#(stop)"#)
                    .json["choices"]?[0]
                #expect(choice?["message"]?["content"]?.text == "Hello ")
                #expect(choice?["finish_reason"]?.text == "stop")
            }
        }
    }

    @Test(
        "An answer that reaches its limit says so",
        arguments: ["max_tokens", "max_completion_tokens"])
    func limit(_ name: String) async throws {
        try await LiveText.run { live in
            let choice = try await live.chat("say:Hello world", #","\#(name)":5"#).json["choices"]?[
                0]
            #expect(choice?["message"]?["content"]?.text == "Hello")
            #expect(choice?["finish_reason"]?.text == "length")
        }
    }

    @Test("Probabilities have an entry for each token, with as many others as asked for")
    func probabilities() async throws {
        try await LiveText.run { live in
            let tokens = try await live.chat("say:ab", #","logprobs":true,"top_logprobs":2"#)
                .json["choices"]?[0]?["logprobs"]?["content"]?.elements
            #expect(tokens?.map { $0["token"]?.text } == ["a", "b"])
            #expect(tokens?.first?["logprob"]?.double == -0.5)
            #expect(tokens?.first?["bytes"]?.elements == [.number("97")])
            #expect(tokens?.first?["top_logprobs"]?.elements?.count == 2)
        }
    }

    private static let tools =
        #","tools":[{"type":"function","function":{"name":"add","parameters":{"type":"object"}}}]"#

    @Test("A call of a tool comes taken apart, whole and as deltas that add up")
    func toolCalls() async throws {
        try await LiveText.run { live in
            let say = #"say:call add {\"a\":1,\"b\":[2,3]}"#
            let choice = try await live.chat(say, Self.tools).json["choices"]?[0]
            #expect(choice?["finish_reason"]?.text == "tool_calls")
            #expect(choice?["message"]?["content"] == nil)
            let call = choice?["message"]?["tool_calls"]?[0]
            #expect(call?["function"]?["name"]?.text == "add")
            #expect(call?["function"]?["arguments"]?.text == #"{"a":1,"b":[2,3]}"#)
            #expect(call?["id"]?.text?.isEmpty == false)

            let events = try await live.chat(say, Self.tools + #","stream":true"#).events
            let deltas = events.compactMap { $0["choices"]?[0]?["delta"]?["tool_calls"]?[0] }
            #expect(deltas.compactMap { $0["id"]?.text }.count == 1)
            #expect(deltas.first?["function"]?["name"]?.text == "add")
            let arguments = deltas.compactMap { $0["function"]?["arguments"]?.text }
            #expect(arguments.joined() == #"{"a":1,"b":[2,3]}"#)
            #expect(
                events.compactMap { $0["choices"]?[0]?["finish_reason"]?.text } == ["tool_calls"])
            #expect(
                !events.contains { $0["choices"]?[0]?["delta"]?["content"]?.text?.isEmpty == false }
            )
        }
    }

    @Test("With tools on offer, an answer in words is content")
    func toolsUnused() async throws {
        try await LiveText.run { live in
            let choice = try await live.chat("say:calm words", Self.tools).json["choices"]?[0]
            #expect(choice?["message"]?["content"]?.text == "calm words")
            #expect(choice?["finish_reason"]?.text == "stop")
        }
    }
}
