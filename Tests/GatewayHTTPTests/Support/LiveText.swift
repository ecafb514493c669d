import Foundation
import GatewayHTTP

/// A live server with a model that says what it is told to; see ``ScriptedGenerator``.
struct LiveText: Sendable {
    let server: LiveServer
    let engine: ScriptedGenerator

    /// Runs `body` beside a server with the model `script`.
    static func run(
        _ body: @Sendable @escaping (LiveText) async throws -> Void
    ) async throws {
        let engine = ScriptedGenerator()
        try await LiveServer.run(["script": ""], engine: engine, interface: "") { server in
            try await body(LiveText(server: server, engine: engine))
        }
    }

    /// The answer to one request on a connection of its own.
    func post(
        _ path: String, _ body: String, _ fields: String = ""
    ) async throws -> LiveConnection.Answer {
        try await server.connected { connection in
            try connection.send(LiveRequest.text("POST", path, body, fields))
            return try connection.answer()
        }
    }

    /// The answer to a chat request whose last message is `text`; `rest` are more members.
    func chat(_ text: String, _ rest: String = "") async throws -> LiveConnection.Answer {
        try await post("/v1/chat/completions", Self.chatBody(text, rest))
    }

    /// The answer to a request for a completion of `text`; `rest` are more members.
    func complete(_ text: String, _ rest: String = "") async throws -> LiveConnection.Answer {
        try await post(
            "/v1/completions", #"{"model":"script","prompt":"\#(text)","max_tokens":200\#(rest)}"#)
    }

    /// The body of a chat request.
    static func chatBody(_ text: String, _ rest: String = "") -> String {
        #"{"model":"script","messages":[{"role":"user","content":"\#(text)"}]\#(rest)}"#
    }
}

extension LiveConnection.Answer {
    /// The body as a tree.
    var json: JSONValue {
        get throws { try JSONValue(parsing: body) }
    }

    /// The data of each event, the end's mark left out.
    var events: [JSONValue] {
        get throws {
            try body.components(separatedBy: "\n").filter { $0.hasPrefix("data: {") }
                .map { try JSONValue(parsing: String($0.dropFirst(6))) }
        }
    }
}

extension JSONValue {
    /// An element of an array.
    subscript(_ index: Int) -> JSONValue? {
        guard let elements, elements.indices.contains(index) else { return nil }
        return elements[index]
    }
}
