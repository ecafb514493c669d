import GatewayHTTP
import Testing

@Suite("Responses", .timeLimit(.minutes(1)))
struct ResponsesTests {
    private func body(_ input: String, _ rest: String = "") -> String {
        #"{"model":"script","input":\#(input)\#(rest)}"#
    }

    @Test("Text, items and instructions become a conversation, whose answer is a message")
    func whole() async throws {
        try await LiveText.run { live in
            let inputs = [
                #""say:hi""#, #"[{"role":"user","content":"say:hi"}]"#,
                #"[{"type":"message","role":"user","content":[{"type":"input_text","text":"say:hi"}]}]"#,
            ]
            for input in inputs {
                let answer = try await live.post(
                    "/v1/responses", body(input, #","instructions":"be brief""#))
                #expect(answer.status == 200, "\(answer.body)")
                let json = try answer.json
                #expect(json["object"]?.text == "response")
                #expect(json["status"]?.text == "completed")
                let item = json["output"]?[0]
                #expect(item?["type"]?.text == "message")
                #expect(item?["content"]?[0]?["type"]?.text == "output_text")
                #expect(item?["content"]?[0]?["text"]?.text == "hi")
                #expect(json["usage"]?["output_tokens"]?.integer == 3)
            }
        }
    }

    @Test("A stream tells of each item's beginning, pieces and end, numbered without gaps")
    func stream() async throws {
        try await LiveText.run { live in
            let answer = try await live.post(
                "/v1/responses", body(#""say:abc""#, #","stream":true"#))
            let events = try answer.events
            let types = events.compactMap { $0["type"]?.text }
            var distinct: [String] = []
            for type in types where distinct.last != type { distinct.append(type) }
            #expect(
                distinct == [
                    "response.created", "response.in_progress", "response.output_item.added",
                    "response.content_part.added", "response.output_text.delta",
                    "response.output_text.done", "response.content_part.done",
                    "response.output_item.done", "response.completed",
                ])
            #expect(events.map { $0["sequence_number"]?.integer } == Array(events.indices))
            #expect(answer.body.contains("event: response.completed\n"))
            #expect(events.compactMap { $0["delta"]?.text }.joined() == "abc")
            #expect(events.last?["response"]?["output"]?[0]?["content"]?[0]?["text"]?.text == "abc")
        }
    }

    @Test("An answer that reaches its limit is incomplete and says why")
    func limit() async throws {
        try await LiveText.run { live in
            let rest = #","max_output_tokens":2"#
            let json = try await live.post("/v1/responses", body(#""say:abc""#, rest)).json
            #expect(json["status"]?.text == "incomplete")
            #expect(json["incomplete_details"]?["reason"]?.text == "max_output_tokens")
            let events = try await live.post(
                "/v1/responses", body(#""say:abc""#, rest + #","stream":true"#)
            ).events
            #expect(events.last?["type"]?.text == "response.incomplete")
        }
    }

    @Test("A call of a tool is an item of its own, whole and as a stream")
    func toolCalls() async throws {
        try await LiveText.run { live in
            let rest =
                #","tools":[{"type":"function","name":"add","parameters":{"type":"object"}}]"#
            let input = #""say:call add {\"a\":1}""#
            let item = try await live.post("/v1/responses", body(input, rest)).json["output"]?[0]
            #expect(item?["type"]?.text == "function_call")
            #expect(item?["name"]?.text == "add")
            #expect(item?["arguments"]?.text == #"{"a":1}"#)
            #expect(item?["call_id"]?.text?.isEmpty == false)
            let events = try await live.post(
                "/v1/responses", body(input, rest + #","stream":true"#)
            ).events
            #expect(events.compactMap { $0["delta"]?.text }.joined() == #"{"a":1}"#)
            #expect(events.contains { $0["type"]?.text == "response.function_call_arguments.done" })
        }
    }

    @Test("What needs storage is refused, not forgotten")
    func refusals() async throws {
        try await LiveText.run { live in
            for (rest, param) in [
                (#","previous_response_id":"resp_1""#, "previous_response_id"),
                (#","background":true"#, "background"),
            ] {
                let answer = try await live.post("/v1/responses", body(#""say:x""#, rest))
                #expect(answer.status == 501)
                #expect(try answer.json["error"]?["param"]?.text == param)
            }
            let item = try await live.post("/v1/responses", body(#"[{"type":"image"}]"#))
            #expect(item.status == 400)
            #expect(try item.json["error"]?["param"]?.text == "input[0].type")
        }
    }
}
