import GatewayHTTP
import Testing

@Suite("Refusals of the OpenAI API", .timeLimit(.minutes(1)))
struct ChatRefusalTests {
    private struct Case {
        var body: String
        var status: Int
        var param: String?
        var part: String
    }

    private static func chat(_ rest: String) -> String { LiveText.chatBody("say:x", rest) }

    private static let cases: [Case] = [
        Case(body: "{", status: 400, param: nil, part: "byte 1"),
        Case(body: "[]", status: 400, param: nil, part: "an array"),
        Case(body: "{}", status: 400, param: "model", part: "missing"),
        Case(body: #"{"model":"script"}"#, status: 400, param: "messages", part: "at least one"),
        Case(
            body: #"{"model":"nobody","messages":[{"role":"user","content":"x"}]}"#, status: 404,
            param: "model", part: "nobody"),
        Case(
            body: #"{"model":"script","messages":[{"role":"king","content":"x"}]}"#, status: 400,
            param: "messages[0].role", part: "'user'"),
        Case(
            body: #"{"model":"script","messages":[{"role":"user"}]}"#, status: 400,
            param: "messages[0].content", part: "missing"),
        Case(
            body:
                #"{"model":"script","messages":[{"role":"user","content":[{"type":"image_url"}]}]}"#,
            status: 400, param: "messages[0].content[0].type", part: "image_url"),
        Case(
            body: chat(#","temperature":3"#), status: 400, param: "temperature",
            part: "from 0.0 to 2.0"),
        Case(
            body: chat(#","temperature":"hot""#), status: 400, param: "temperature",
            part: "a string"),
        Case(body: chat(#","n":0"#), status: 400, param: "n", part: "from 1 to 128"),
        Case(body: chat(#","max_tokens":0"#), status: 400, param: "max_tokens", part: "from 1"),
        Case(body: chat(#","stop":[1]"#), status: 400, param: "stop", part: "strings"),
        Case(body: chat(#","stop":"""#), status: 400, param: "stop", part: "empty"),
        Case(
            body: chat(#","top_logprobs":2"#), status: 400, param: "top_logprobs", part: "logprobs"),
        Case(body: chat(#","logit_bias":{"x":1}"#), status: 400, param: "logit_bias", part: "'x'"),
        Case(
            body: chat(#","logit_bias":{"7":900}"#), status: 400, param: "logit_bias.7", part: "100"
        ),
        Case(
            body: chat(#","service_tier":"gold""#), status: 400, param: "service_tier",
            part: "'flex'"),
        Case(
            body: chat(#","response_format":{"type":"xml"}"#), status: 400,
            param: "response_format.type", part: "'json_schema'"),
        Case(
            body: chat(#","response_format":{"type":"json_schema"}"#), status: 400,
            param: "response_format.json_schema", part: "missing"),
        Case(
            body: chat(#","tool_choice":"required""#), status: 400, param: "tool_choice",
            part: "tools"),
        Case(
            body: chat(#","tools":[{"type":"function"}]"#), status: 400,
            param: "tools[0].function", part: "missing"),
        Case(body: chat(#","functions":[]"#), status: 501, param: "functions", part: "'tools'"),
        Case(body: chat(#","stream":1"#), status: 400, param: "stream", part: "true or false"),
    ]

    @Test("What is wrong is named, with the field and what it may be, in OpenAI's form")
    func refusals() async throws {
        try await LiveText.run { live in
            for one in Self.cases {
                let answer = try await live.post("/v1/chat/completions", one.body)
                #expect(answer.status == one.status, "\(one.body): \(answer.body)")
                let error = try answer.json["error"]
                #expect(error?["param"]?.text == one.param, "\(answer.body)")
                #expect(error?["message"]?.text?.contains(one.part) == true, "\(answer.body)")
                #expect(error?["type"]?.text?.isEmpty == false)
                #expect(error?["code"]?.text?.isEmpty == false)
                #expect(answer.fields["x-request-id"]?.isEmpty == false)
                #expect(answer.fields["server-timing"]?.isEmpty == false)
            }
            // None of it has harmed the server, and fields that nobody knows are no fault.
            let answer = try await live.chat("say:fine", #","who_knows":{"a":[]},"user":"u""#)
            #expect(answer.status == 200)
        }
    }

    @Test("A prompt that is too long is refused with both lengths, also for a stream")
    func tooLong() async throws {
        try await LiveText.run { live in
            let text = String(repeating: "x", count: 5_000)
            for rest in ["", #","stream":true"#] {
                let answer = try await live.chat(text, rest)
                #expect(answer.status == 400)
                let error = try answer.json["error"]
                #expect(error?["code"]?.text == "context_length_exceeded")
                #expect(error?["message"]?.text?.contains("5001") == true)
                #expect(error?["message"]?.text?.contains("4096") == true)
            }
        }
    }

    @Test("Unknown paths, wrong methods and large bodies have OpenAI's form under /v1 only")
    func paths() async throws {
        try await LiveText.run { live in
            let unknown = try await live.post("/v1/nothing", "{}")
            #expect(unknown.status == 404)
            #expect(try unknown.json["error"]?["code"]?.text == "unknown_url")
            let elsewhere = try await live.post("/v2/nothing", "{}")
            #expect(try elsewhere.json["error"]?.text?.contains("nothing") == true)
            try await live.server.connected { connection in
                try connection.send(LiveRequest.text("GET", "/v1/chat/completions"))
                let answer = try connection.answer()
                #expect(answer.status == 405)
                #expect(answer.fields["allow"] == "POST")
            }
            let large = String(repeating: " ", count: LiveServer.maxBodyBytes + 1)
            let answer = try await live.post("/v1/chat/completions", large)
            #expect(answer.status == 413)
            #expect(try answer.json["error"]?["message"]?.text?.contains("100000") == true)
        }
    }

    @Test("Bytes that are not UTF-8 are refused with their position")
    func invalidUTF8() async throws {
        try await LiveText.run { live in
            var body = Array(#"{"model":""#.utf8)
            body += [0xFF, 0xFE]
            body += Array(#""}"#.utf8)
            let bytes = body
            try await live.server.connected { connection in
                try connection.send(
                    "POST /v1/completions HTTP/1.1\r\nHost: t\r\nContent-Length: \(bytes.count)\r\n\r\n"
                )
                try connection.send(bytes)
                let answer = try connection.answer()
                #expect(answer.status == 400)
                #expect(answer.body.contains("UTF-8"))
            }
        }
    }

    @Test("A time limit that cannot be kept is 504, and clients are told not to try again")
    func hopeless() async throws {
        try await LiveText.run { live in
            let answer = try await live.post(
                "/v1/chat/completions", LiveText.chatBody("say:x"), "x-slo-ttft-ms: 0.001\r\n")
            #expect(answer.status == 504)
            #expect(answer.fields["x-should-retry"] == "false")
            for (name, value) in [("x-slo-ttft-ms", "soon"), ("x-headway-class", "royal")] {
                let refused = try await live.post(
                    "/v1/chat/completions", LiveText.chatBody("say:x"), "\(name): \(value)\r\n")
                #expect(refused.status == 400)
                #expect(refused.body.contains(value))
            }
        }
    }
}
