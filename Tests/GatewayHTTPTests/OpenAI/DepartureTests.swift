import Foundation
import GatewayCore
import GatewayHTTP
import ServingRuntime
import Testing

@Suite("Clients that go away", .timeLimit(.minutes(1)))
struct DepartureTests {
    /// Waits until no request is left, though their clients never read to the end.
    private func waitUntilFree(_ live: LiveText) async throws {
        let generator = try live.server.manager.catalog.findGenerator("script").generator
        while generator.load.inFlight > 0 { await Task.yield() }
    }

    @Test("A client that leaves before its first token frees its slot", arguments: [true, false])
    func beforeFirstToken(_ streams: Bool) async throws {
        try await LiveText.run { live in
            live.engine.hold()
            try await live.server.connected { connection in
                let body = LiveText.chatBody("say:1000*abc", #","stream":\#(streams)"#)
                try connection.send(LiveRequest.text("POST", "/v1/chat/completions", body))
                while live.engine.holding == 0 { sched_yield() }
            }
            live.engine.release()
            try await waitUntilFree(live)
            #expect(try await live.chat("say:next").status == 200)
        }
    }

    @Test("A client that leaves in mid-stream frees its slot, and others are served")
    func midStream() async throws {
        try await LiveText.run { live in
            try await live.server.connected { connection in
                let body = LiveText.chatBody("say:1200*abc", #","stream":true"#)
                try connection.send(LiveRequest.text("POST", "/v1/chat/completions", body))
                // More than one token may come at once where the machine is busy.
                _ = try connection.wait(for: "\"content\":\"a")
                live.engine.hold()
            }
            live.engine.release()
            try await waitUntilFree(live)
            #expect(try await live.chat("say:next").status == 200)
        }
    }

    @Test("A reader that stops reading holds nobody else up")
    func slowReader() async throws {
        try await LiveText.run { live in
            try await live.server.connected { slow in
                let body = LiveText.chatBody("say:1200*abc", #","stream":true"#)
                try slow.send(LiveRequest.text("POST", "/v1/chat/completions", body))
                _ = try slow.wait(for: "\"content\":\"a")
                let quick = try LiveConnection(port: live.server.port)
                for _ in 0..<5 {
                    try quick.send(
                        LiveRequest.text(
                            "POST", "/v1/chat/completions", LiveText.chatBody("say:quick")))
                    #expect(try quick.answer().body.contains("quick"))
                }
                _ = try slow.wait(for: "[DONE]")
            }
        }
    }
}
