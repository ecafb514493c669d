import ControlCore
import SchedulerCore
import SchedulerTesting
import ServingModel
import Simulator
import TraceFormat

/// The text of a trace of one scheduler.
func text(
    of trace: Trace, _ configuration: SchedulerConfiguration, origin: Instant = .origin
) -> [UInt8] {
    var writer = TraceWriter(origin: origin)
    writer.write(
        TraceHeader(number: 1, model: "digits", version: 1, configuration: configuration))
    for step in trace.steps { writer.write(step, of: 1) }
    writer.end(1)
    return writer.bytes
}

/// Everything in a trace, and whether it ended before its time.
func items(
    _ bytes: [UInt8], chunks: Int = 65_536
) throws -> (items: [TraceReader.Item], isCut: Bool) {
    var reader = TraceReader(LineReader.source(bytes, chunks: chunks))
    var items: [TraceReader.Item] = []
    while let item = try reader.next() { items.append(item) }
    return (items, reader.isCut)
}

/// The steps of a trace.
func steps(_ bytes: [UInt8]) throws -> [Step] {
    try items(bytes).items.compactMap {
        if case .step(_, let step, _) = $0 { step } else { nil }
    }
}

/// What a reader says is wrong.
func problem(_ text: String) -> String? {
    do {
        _ = try items(Array(text.utf8))
        return nil
    } catch {
        return "\(error)"
    }
}

extension Step {
    /// A step whose only action is a launch, as long as its members say.
    static func launching(_ launch: Launch, members: [RequestID]) -> Step {
        Step(
            input: TimedEvent(at: Instant(nanoseconds: 5), .timerFired),
            actions: [.launch(launch)], members: members)
    }
}

/// The header of a small trace, ready for events of scheduler 1.
let smallHeader: String = {
    var writer = TraceWriter(origin: .origin)
    writer.write(
        TraceHeader(number: 1, model: "digits", version: 1, configuration: .byHand()))
    return String(decoding: writer.bytes, as: UTF8.self) + "events 1\n"
}()
