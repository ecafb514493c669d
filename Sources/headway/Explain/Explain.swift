internal import ArgumentParser
internal import Foundation
internal import GatewayHTTP

/// `headway explain`.
struct Explain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tell why a request was served, or refused, as it was.",
        discussion: """
            Asks a running server about a request by its x-request-id, which every answer carries: how long \
            it waited and why, with whom it ran, what was predicted and what came, which rule acted. The \
            server remembers the latest requests only; see observability in docs/configuration.md.
            """)

    @Argument(help: "The answer's x-request-id.")
    var request: String

    @Option(help: "The server.")
    var url = "http://127.0.0.1:8000"

    @Flag(help: "Print the server's answer as JSON.")
    var json = false

    func run() async throws {
        let answer: HTTPCall.Answer
        do {
            answer = try await HTTPCall(url: url, path: "/headway/v1/decisions/\(escaped)").send()
        } catch {
            throw ServeFailure("\(error)")
        }
        guard answer.status == 200 else { throw ServeFailure(Self.problem(answer)) }
        guard !json else {
            return Terminal.print(String(decoding: answer.body, as: UTF8.self))
        }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let told = try decoder.decode(Decisions.self, from: Data(answer.body))
        Terminal.print(told.decisions.map(\.text).joined(separator: "\n\n"))
    }

    private var escaped: String {
        request.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? request
    }

    /// Why the server does not tell.
    private static func problem(_ answer: HTTPCall.Answer) -> String {
        struct Problem: Decodable { var error: String }
        let told = try? JSONDecoder().decode(Problem.self, from: Data(answer.body))
        return told?.error ?? "the server answered with status \(answer.status)"
    }
}

/// The parts of the server's answer that people read.
private struct Decisions: Decodable {
    var decisions: [Decision]
}

private struct Decision: Decodable {
    struct Batch: Decodable {
        var assemblyMs: Double
        var computeMs: Double
        var companions: [String]
    }

    struct Generation: Decodable {
        var prefillMs: Double?
    }

    var model: String
    var version: Int
    var `class`: String
    var outcome: String
    var rule: String?
    var arrivedAt: String
    var queuedMs: Double
    var totalMs: Double
    var traceId: String?
    var batch: Batch?
    var generation: Generation?
    var explanation: [String]

    /// Heading, story, and where the time went.
    var text: String {
        var facts = ["\(model) version \(version)", "class \(self.class)", arrivedAt]
        if let rule { facts.append("rule \(rule)") }
        if let traceId { facts.append("trace \(traceId)") }
        var lines = [outcome.replacingOccurrences(of: "_", with: " ").uppercased()]
        lines.append("  " + facts.joined(separator: " · "))
        lines += explanation.map { "  " + $0 }
        lines += stages.filter { $0.milliseconds > 0 }.map(bar)
        if let companions = batch?.companions, !companions.isEmpty {
            lines.append("  with      " + companions.prefix(8).joined(separator: ", "))
        }
        return lines.joined(separator: "\n")
    }

    private var stages: [(name: String, milliseconds: Double)] {
        if let batch {
            let rest = totalMs - queuedMs - batch.assemblyMs - batch.computeMs
            return [
                ("queue", queuedMs), ("gather", batch.assemblyMs), ("compute", batch.computeMs),
                ("answer", rest),
            ]
        }
        let prefill = generation?.prefillMs ?? 0
        let decode = generation == nil ? 0 : totalMs - queuedMs - prefill
        return [("queue", queuedMs), ("prefill", prefill), ("decode", decode)]
    }

    /// One stage as a bar: 40 columns are the whole time.
    private func bar(_ stage: (name: String, milliseconds: Double)) -> String {
        let share = totalMs > 0 ? stage.milliseconds / totalMs : 0
        let columns = Int((share * 40).rounded())
        let name = stage.name.padding(toLength: 10, withPad: " ", startingAt: 0)
        let time = Terminal.duration(stage.milliseconds)
        let padded = String(repeating: " ", count: max(10 - time.count, 0)) + time
        return "  \(name)\(padded)  \(String(repeating: "█", count: max(columns, 1)))"
    }
}
