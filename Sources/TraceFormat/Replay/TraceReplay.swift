internal import ServingModel

/// Replays a whole trace: all of its schedulers, step by step, as they were recorded.
package struct TraceReplay {
    /// How one scheduler's replay went.
    package struct Verdict: Sendable, Equatable {
        /// Number of the scheduler in its file.
        package var number: Int
        /// Name of its model.
        package var model: String
        /// Version of its model.
        package var version: Int
        /// Steps that were replayed.
        package var steps: Int
        /// Hash of the replayed steps.
        package var hash: String
        /// The first step that was answered otherwise, and its line.
        package var difference: SchedulerReplay.Difference?
        /// Line of the difference.
        package var line: Int?
    }

    /// The result of a replay.
    package struct Result: Sendable, Equatable {
        /// One for each scheduler, in the order of the file.
        package var verdicts: [Verdict] = []
        /// Whether the trace ended before its time; what was there has been replayed.
        package var isCut = false

        /// Whether every step was answered as recorded.
        package var isEqual: Bool { verdicts.allSatisfy { $0.difference == nil } }
    }

    /// Replays the trace of `source` up to its end or the first difference.
    ///
    /// - Throws: ``TraceProblem`` for a line that is not understood or an event that cannot happen, and
    ///   what the source throws.
    package static func run(_ source: @escaping LineReader.Source) throws -> Result {
        var reader = TraceReader(source)
        var result = Result()
        // One box for each scheduler, because a scheduler cannot be copied into an array.
        var replays: [Box] = []
        while let item = try reader.next() {
            switch item {
            case .scheduler(let header):
                replays.append(Box(SchedulerReplay(header, origin: reader.origin)))
            case .step(let number, let step, let line):
                let box = replays[number - 1]
                do throws(LineProblem) {
                    box.difference = try box.replay.replay(step)
                } catch {
                    throw TraceProblem(line: line, error.description)
                }
                if box.difference != nil {
                    box.line = line
                    result.verdicts = replays.map(\.verdict)
                    return result
                }
            case .end: break
            }
        }
        result.isCut = reader.isCut
        result.verdicts = replays.map(\.verdict)
        return result
    }

    private final class Box {
        var replay: SchedulerReplay
        var difference: SchedulerReplay.Difference?
        var line: Int?

        init(_ replay: consuming SchedulerReplay) {
            self.replay = replay
        }

        var verdict: Verdict {
            Verdict(
                number: replay.header.number, model: replay.header.model,
                version: replay.header.version, steps: replay.steps,
                hash: replay.hash.hexadecimal, difference: difference, line: line)
        }
    }
}
