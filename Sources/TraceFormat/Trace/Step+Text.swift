package import SchedulerCore
package import ServingModel

extension TextWriter {
    /// Writes the event's line, then one indented line for each action, without a line break at the end.
    package mutating func write(_ step: Step, since origin: Instant) {
        write(step.input, since: origin)
        for action in step.actions {
            endLine()
            write(action, members: step.members)
        }
    }

    /// Writes an action; `members` is what a launch names a range of.
    package mutating func write(_ action: Action, members: [RequestID]) {
        switch action {
        case .launch(let launch):
            write("  launch batch=")
            write(launch.batch.rawValue)
            write(" instance=")
            write(launch.instance.rawValue)
            write(" rows=")
            write(launch.rows)
            write(" predicted=")
            write(launch.predicted.nanoseconds)
            write(" variant=", unless: 0, launch.variant.rawValue)
            write(" padded=", unless: 0, launch.paddedLength)
            write(" ids=")
            for index in launch.members {
                if index > launch.members.lowerBound { write(",") }
                write(members[index])
            }
        case .reject(let id, let reason, let retryAfter):
            write("  reject ")
            write(id)
            write(" ")
            write(reason.rawValue)
            write(" retry=")
            write(retryAfter.nanoseconds)
        case .cancelled(let id):
            write("  cancelled ")
            write(id)
        }
    }
}

extension Step {
    /// The event's line, then one indented line per action.
    package var canonicalText: String {
        var writer = TextWriter()
        writer.write(self, since: .origin)
        return writer.text
    }

    private static let actionNames = "launch, reject, cancelled"
    private static let launchKeys = [
        "batch", "instance", "rows", "predicted", "ids", "variant", "padded",
    ]
    private static let launchKeysNeeded = 5

    /// Adds the action of one line, without its indentation.
    mutating func read(action line: ArraySlice<UInt8>) throws(LineProblem) {
        var scanner = LineScanner(line)
        let name = try scanner.word("the action")
        switch name.text {
        case "launch": actions.append(.launch(try readLaunch(&scanner)))
        case "reject": actions.append(try Self.reject(&scanner))
        case "cancelled": actions.append(.cancelled(try scanner.word("a request").requestID()))
        default:
            throw LineProblem("unknown action \(name.quoted); allowed: \(Self.actionNames)")
        }
        try scanner.end()
    }

    private mutating func readLaunch(_ scanner: inout LineScanner) throws(LineProblem) -> Launch {
        let start = members.count
        var boarded: [RequestID] = []
        var launch = Launch(
            instance: InstanceID(0), batch: BatchID(0), members: start..<start, rows: 0,
            predicted: .zero)
        var seen = 0
        try scanner.fields(Self.launchKeys) { key, value throws(LineProblem) in
            if key != "variant" && key != "padded" { seen += 1 }
            switch key {
            case "batch": launch.batch = BatchID(try value.number(key))
            case "instance":
                launch.instance = InstanceID(try value.number(key, in: TraceLimits.positions))
            case "rows": launch.rows = try value.number(key, in: 0...Int.max)
            case "predicted": launch.predicted = Interval(nanoseconds: try value.number(key))
            case "variant":
                launch.variant = VariantIndex(try value.number(key, in: TraceLimits.positions))
            case "padded": launch.paddedLength = try value.number(key, in: 0...Int.max)
            default:
                for part in value.parts { boarded.append(try part.requestID()) }
            }
        }
        guard seen == Self.launchKeysNeeded else {
            throw LineProblem("a launch that lacks one of batch, instance, rows, predicted, ids")
        }
        members += boarded
        launch.members = start..<members.count
        return launch
    }

    private static func reject(_ scanner: inout LineScanner) throws(LineProblem) -> Action {
        let id = try scanner.word("a request").requestID()
        let word = try scanner.word("the reason")
        guard let reason = RejectReason(rawValue: word.text) else {
            let allowed = RejectReason.allCases.map(\.rawValue).joined(separator: ", ")
            throw LineProblem("unknown reason \(word.quoted); allowed: \(allowed)")
        }
        var retryAfter: Interval?
        try scanner.fields(["retry"]) { key, value throws(LineProblem) in
            retryAfter = Interval(nanoseconds: try value.number(key))
        }
        guard let retryAfter else { throw LineProblem("a reject names retry") }
        return .reject(id, reason, retryAfter: retryAfter)
    }
}
