import GatewayHTTP
import Testing

@Suite("Completions", .timeLimit(.minutes(1)))
struct CompletionTests {
    @Test("A completion has OpenAI's form; 16 tokens are the default")
    func whole() async throws {
        try await LiveText.run { live in
            let json = try await live.complete("say:abc|").json
            #expect(json["object"]?.text == "text_completion")
            #expect(json["id"]?.text?.hasPrefix("cmpl-") == true)
            #expect(json["choices"]?[0]?["text"]?.text == "abc")
            #expect(json["choices"]?[0]?["finish_reason"]?.text == "stop")
            let short = try await live.post(
                "/v1/completions", #"{"model":"script","prompt":"say:30*a|"}"#)
            #expect(
                try short.json["choices"]?[0]?["text"]?.text == String(repeating: "a", count: 16))
            #expect(try short.json["choices"]?[0]?["finish_reason"]?.text == "length")
        }
    }

    @Test("Prompts are text or tokens, one or many, with n answers to each in order")
    func prompts() async throws {
        try await LiveText.run { live in
            let tokens = "say:t|".utf8.map { "\($0)" }.joined(separator: ",")
            let cases: [(String, [String])] = [
                (#"["say:a|","say:b|"]"#, ["a", "b"]), ("[\(tokens)]", ["t"]),
                ("[[\(tokens)],[\(tokens)]]", ["t", "t"]),
                (#"["say:a|","say:b|"],"n":2"#, ["a", "a", "b", "b"]),
            ]
            for (prompt, texts) in cases {
                let answer = try await live.post(
                    "/v1/completions", #"{"model":"script","prompt":\#(prompt)}"#)
                let choices = try answer.json["choices"]?.elements ?? []
                #expect(choices.map { $0["text"]?.text } == texts, "\(answer.body)")
                #expect(choices.map { $0["index"]?.integer } == Array(texts.indices))
            }
            for prompt in ["[]", "7", "[true]", "[1,-1]", "[300]", #"[1,"a"]"#] {
                let answer = try await live.post(
                    "/v1/completions", #"{"model":"script","prompt":\#(prompt)}"#)
                #expect(answer.status == 400, "\(prompt): \(answer.body)")
            }
        }
    }

    @Test("Echo puts the prompt before the answer, once")
    func echo() async throws {
        try await LiveText.run { live in
            let whole = try await live.complete("say:ab|", #","echo":true"#).json
            #expect(whole["choices"]?[0]?["text"]?.text == "say:ab|ab")
            let events = try await live.complete("say:ab|", #","echo":true,"stream":true"#).events
            #expect(
                events.compactMap { $0["choices"]?[0]?["text"]?.text }.joined() == "say:ab|ab")
            let refused = try await live.complete("say:ab|", #","echo":true,"logprobs":1"#)
            #expect(refused.status == 501)
        }
    }

    @Test("Probabilities are parallel lists, and offsets go on over the pieces of a stream")
    func probabilities() async throws {
        try await LiveText.run { live in
            let lists = try await live.complete("say:abc|", #","logprobs":2"#)
                .json["choices"]?[0]?["logprobs"]
            #expect(lists?["tokens"]?.elements?.compactMap(\.text) == ["a", "b", "c"])
            #expect(lists?["token_logprobs"]?.elements?.compactMap(\.double) == [-0.5, -0.5, -0.5])
            #expect(lists?["text_offset"]?.elements?.compactMap(\.integer) == [0, 1, 2])
            #expect(lists?["top_logprobs"]?[0]?["b"]?.double == -1.5)
            let events = try await live.complete("say:abc|", #","logprobs":0,"stream":true"#).events
            let offsets = events.flatMap {
                $0["choices"]?[0]?["logprobs"]?["text_offset"]?.elements ?? []
            }
            #expect(offsets.compactMap(\.integer) == [0, 1, 2])
        }
    }

    @Test("A schema that no grammar can keep is refused with the engine's reason")
    func schema() async throws {
        try await LiveText.run { live in
            let format =
                #","response_format":{"type":"json_schema","json_schema":{"name":"s","schema":{"type":"impossible"}}}"#
            let answer = try await live.complete("say:x|", format)
            #expect(answer.status == 400)
            #expect(answer.body.contains("impossible"))
        }
    }

    @Test("Triton's generate and generate_stream answer for the same model")
    func generate() async throws {
        try await LiveText.run { live in
            let path = "/v2/models/script/generate"
            let body = #"{"id":"7","text_input":"say:abc|","parameters":{"max_tokens":2}}"#
            let whole = try await live.post(path, body)
            #expect(
                whole.body
                    == #"{"id":"7","model_name":"script","model_version":"1","text_output":"ab"}"#)
            let stream = try await live.post("\(path)_stream", body)
            #expect(stream.fields["content-type"] == "text/event-stream; charset=utf-8")
            #expect(try stream.events.compactMap { $0["text_output"]?.text }.joined() == "ab")
            let beside = try await live.post(path, #"{"text_input":"say:abc|","stop":"c"}"#)
            #expect(try beside.json["text_output"]?.text == "ab")
            for (body, part) in [
                ("{}", "text_input"), (#"{"text_input":"x","n":2}"#, "'n'"),
                (#"{"text_input":"x","temperature":"hot"}"#, "'temperature'"),
            ] {
                let refused = try await live.post(path, body)
                #expect(refused.status == 400)
                #expect(try refused.json["error"]?.text?.contains(part) == true)
            }
            #expect(try await live.post("/v2/models/nobody/generate", body).status == 404)
        }
    }

    @Test("Text becomes tokens and tokens become text")
    func tokens() async throws {
        try await LiveText.run { live in
            for prefix in ["", "/v1"] {
                let there = try await live.post(
                    "\(prefix)/tokenize", #"{"model":"script","prompt":"aé"}"#)
                #expect(
                    try there.json["tokens"]?.elements?.compactMap(\.integer) == [97, 195, 169])
                #expect(try there.json["count"]?.integer == 3)
                let back = try await live.post(
                    "\(prefix)/detokenize", #"{"model":"script","tokens":[97,195,169]}"#)
                #expect(try back.json["prompt"]?.text == "aé")
            }
            let chat = try await live.post(
                "/tokenize", #"{"model":"script","messages":[{"role":"user","content":"a"}]}"#)
            #expect(try chat.json["tokens"]?.elements?.compactMap(\.integer) == [97, 124])
            let stranger = try await live.post(
                "/detokenize", #"{"model":"script","tokens":[999]}"#)
            #expect(stranger.status == 400)
        }
    }

    @Test("The list of models names those that the API can use")
    func models() async throws {
        try await LiveText.run { live in
            try await live.server.connected { connection in
                try connection.send(LiveRequest.text("GET", "/v1/models"))
                let list = try connection.answer().json
                #expect(list["data"]?[0]?["id"]?.text == "script")
                try connection.send(LiveRequest.text("GET", "/v1/models/script"))
                #expect(try connection.answer().json["object"]?.text == "model")
                try connection.send(LiveRequest.text("GET", "/v1/models/nobody"))
                let unknown = try connection.answer()
                #expect(unknown.status == 404)
                #expect(try unknown.json["error"]?["code"]?.text == "model_not_found")
            }
        }
    }
}
