package import SchedulerCore
package import ServingModel

/// Writes a trace: text that only ever grows at its end.
///
/// A file holds several schedulers, one for each model version that was loaded. A line `events N` says
/// whose steps follow, so that a recorder can write what it has of each in turn.
package struct TraceWriter: Sendable {
    /// Version of the format.
    package static let version = 1

    private struct Progress {
        var steps = 0
        var hash = StableHash()
    }

    private let origin: Instant
    private var writer = TextWriter()
    private var step = TextWriter()
    private var schedulers: [Progress] = []
    /// Whose steps follow; 0 for nobody's.
    private var current = 0

    /// A trace whose times count from `origin`.
    package init(origin: Instant) {
        self.origin = origin
        writer.write("headway-trace ")
        writer.write(Self.version)
        writer.write(" origin=")
        writer.write(origin.nanoseconds)
        writer.endLine()
    }

    /// Bytes written since they were last taken.
    package var bytes: [UInt8] { writer.bytes }

    /// Forgets what was written so far, which somebody has stored, and keeps the memory.
    package mutating func removeAll() { writer.removeAll() }

    /// Introduces a scheduler, whose number is one more than the last one's.
    package mutating func write(_ header: TraceHeader) {
        precondition(header.number == schedulers.count + 1, "schedulers are numbered in order")
        schedulers.append(Progress())
        writer.write("scheduler ")
        writer.write(header.number)
        writer.write(" model=\(header.model.word) version=\(header.version)")
        writer.endLine()
        writer.write(header.configuration)
        current = 0
    }

    /// Writes a step of a scheduler.
    package mutating func write(_ turn: Step, of number: Int) {
        write(turn.input, turn.actions[...], members: turn.members, of: number)
    }

    /// Writes an event of a scheduler and what it answered; launches name ranges of `members`.
    package mutating func write(
        _ input: TimedEvent, _ actions: ArraySlice<Action>, members: [RequestID], of number: Int
    ) {
        if current != number {
            writer.write("events ")
            writer.write(number)
            writer.endLine()
            current = number
        }
        step.removeAll()
        step.write(input, since: origin)
        for action in actions {
            step.endLine()
            step.write(action, members: members)
        }
        schedulers[number - 1].steps += 1
        schedulers[number - 1].hash.combine(step.bytes)
        writer.write(step)
        writer.endLine()
    }

    /// Writes that a scheduler has come to its end.
    package mutating func end(_ number: Int) {
        writer.write("end ")
        writer.write(number)
        writer.write(" steps=")
        writer.write(schedulers[number - 1].steps)
        writer.write(" hash=\(schedulers[number - 1].hash.hexadecimal)")
        writer.endLine()
        current = 0
    }

    /// Writes a remark, which readers pass over.
    package mutating func remark(_ text: String) {
        writer.write("# ")
        writer.write(String(decoding: text.utf8.map { max($0, 0x20) }, as: UTF8.self))
        writer.endLine()
    }
}
