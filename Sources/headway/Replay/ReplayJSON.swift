internal import Foundation
internal import TraceFormat

/// The result of a replay for programs.
struct ReplayJSON: Encodable {
    struct Scheduler: Encodable {
        var number: Int
        var model: String
        var version: Int
        var steps: Int
        var hash: String
        var equal: Bool
        var difference: Difference?
    }

    struct Difference: Encodable {
        var step: Int
        var line: Int
        var recorded: String
        var replayed: String
    }

    var trace: String
    var equal: Bool
    var cut: Bool
    var schedulers: [Scheduler]

    init(_ trace: String, _ result: TraceReplay.Result) {
        self.trace = trace
        equal = result.isEqual
        cut = result.isCut
        schedulers = result.verdicts.map { verdict in
            Scheduler(
                number: verdict.number, model: verdict.model, version: verdict.version,
                steps: verdict.steps, hash: verdict.hash, equal: verdict.difference == nil,
                difference: verdict.difference.map {
                    Difference(
                        step: $0.step, line: verdict.line ?? 0, recorded: $0.recorded,
                        replayed: $0.replayed)
                })
        }
    }

    var text: String {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
        }
    }
}
