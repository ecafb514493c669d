internal import Foundation
package import ServingModel
package import ServingRuntime

/// A decision in words: why the request waited, with whom it ran, what was expected and what came, and
/// which rule acted. One short sentence for each.
package struct DecisionStory {
    private let record: DecisionRecord
    private let className: String

    /// The story of a record; classes by position in the server's table.
    package init(_ record: DecisionRecord, classes: [PriorityClass]) {
        self.record = record
        let index = record.priorityClass.rawValue
        className = classes.indices.contains(index) ? classes[index].name : "\(index)"
    }

    /// The sentences, in the order in which things happened.
    package var sentences: [String] {
        var lines = [promise]
        if let loading = record.loading { lines.append(absence(loading)) }
        switch record.work {
        case .none: break
        case .batch(let ride): lines += batch(ride)
        case .generation(let ride): lines += generation(ride)
        }
        return lines + [end]
    }

    // MARK: Before

    private var promise: String {
        let due =
            record.deadline == .distantFuture
            ? "no deadline"
            : "\(Self.text(record.arrival.interval(to: record.deadline))) for "
                + (record.generation == nil ? "its answer" : "its first token")
        return "It came in class \(className) with \(due)."
    }

    private func absence(_ loading: Interval) -> String {
        if case .rejected(.deadlineUnreachable) = record.outcome {
            return "Its model was not in memory, and could not be brought in and answer in time."
        }
        return
            "Its model was not in memory: it waited \(Self.text(loading)) for it to be brought in."
    }

    private func waiting(until start: Instant, _ busy: String) -> String {
        let waited = record.arrival.interval(to: start)
        guard record.ahead > 0 || waited > .microseconds(200) else {
            return "Nothing waited and there was room, so it started at once."
        }
        let others =
            switch record.ahead {
            case 0: "nobody waited before it"
            case 1: "1 request waited already"
            default: "\(record.ahead) requests waited already"
            }
        return "It waited \(Self.text(waited)): \(busy), and \(others)."
    }

    // MARK: Batches

    private func batch(_ ride: BatchRide) -> [String] {
        let took = ride.launched.interval(to: record.ended)
        let company =
            switch ride.requests {
            case 1: "alone"
            case 2: "with 1 other request"
            default: "with \(ride.requests - 1) other requests"
            }
        return [
            waiting(
                until: ride.launched,
                record.loading == nil
                    ? "every instance was computing" : "its model had to be brought in first"),
            "It rode batch \(ride.batch) on instance \(ride.instance) \(company), "
                + "\(ride.rows) row\(ride.rows == 1 ? "" : "s") in all.",
            ride.rule.meaning
                + (ride.leftBehind > 0 ? " (\(ride.leftBehind) stayed behind)." : "."),
            "The batch was promised to take at most \(Self.text(ride.predicted)) and took "
                + "\(Self.text(took)): \(Self.text(ride.assembly)) until the engine began, "
                + "\(Self.text(ride.compute)) in the engine.",
        ]
    }

    // MARK: Generated text

    private func generation(_ ride: GenerationRide) -> [String] {
        guard let started = ride.started else { return [] }
        var lines = [waiting(until: started, "no slot or no memory was free")]
        let cached =
            ride.cachedTokens > 0 ? ", of which the prefix cache had \(ride.cachedTokens)" : ""
        if let first = ride.firstToken {
            lines.append(
                "Its prompt of \(record.size) tokens\(cached) was read in "
                    + "\(Self.text(started.interval(to: first))).")
            lines.append(decoding(ride, since: first))
        } else {
            lines.append("It ended before its first token; the prompt has \(record.size) tokens.")
        }
        if ride.preemptions > 0 {
            lines.append(
                "It was sent back to the queue \(ride.preemptions)× because memory ran short.")
        }
        return lines
    }

    private func decoding(_ ride: GenerationRide, since first: Instant) -> String {
        let further = max(ride.generatedTokens - 1, 0)
        let company = Double(ride.companions) / Double(max(ride.steps, 1))
        let riders = String(format: "%.1f", company)
        guard further > 0 else {
            return "It got \(ride.generatedTokens) token, sharing its steps with \(riders) others."
        }
        let each = first.interval(to: record.ended) / UInt64(further)
        let promised = ride.perToken == .never ? "" : " (promised \(Self.text(ride.perToken)))"
        return "It got \(ride.generatedTokens) tokens in \(ride.steps) steps shared with \(riders) "
            + "others on average, one each \(Self.text(each))\(promised); a step alone was expected to "
            + "take \(Self.text(ride.predictedStep))."
    }

    // MARK: The end

    private var end: String {
        switch record.outcome {
        case .inTime: inTime
        case .late: late
        case .rejected(let reason): reason.meaning + "."
        case .turnedAway:
            "It was refused before it was read: with the work that waited, its answer would have come "
                + "after its deadline."
        case .cancelled:
            "Its client went away after \(Self.text(record.arrival.interval(to: record.ended)))."
        case .failed: "The engine failed on it; the server's log has details."
        }
    }

    /// When what was promised was there.
    private var delivered: Instant { record.generation?.firstToken ?? record.ended }

    private var inTime: String {
        guard record.deadline != .distantFuture else { return "It was answered." }
        let slack = Self.text(delivered.interval(to: record.deadline))
        return record.generation == nil
            ? "It was answered \(slack) before its deadline."
            : "Its first token came \(slack) before its deadline."
    }

    private var late: String {
        let overdue = record.deadline.interval(to: delivered)
        guard overdue > .zero else { return "Its tokens came slower than promised." }
        let lateness = Self.text(overdue)
        guard let ride = record.batch else {
            return "Its first token came \(lateness) after its deadline."
        }
        let cause =
            ride.launched + ride.predicted <= record.deadline
            ? "because the batch took longer than promised"
            : "and was expected to be: it was served all the same"
        return "It was answered \(lateness) after its deadline, \(cause)."
    }

    /// A duration as people say it.
    private static func text(_ interval: Interval) -> String {
        let milliseconds = interval.milliseconds
        if milliseconds < 0.095 { return String(format: "%.0f µs", milliseconds * 1_000) }
        if milliseconds < 10 { return String(format: "%.2f ms", milliseconds) }
        if milliseconds < 1_000 { return String(format: "%.1f ms", milliseconds) }
        return String(format: "%.2f s", milliseconds / 1_000)
    }
}

extension LaunchRule {
    /// The rule as a sentence without its full stop.
    fileprivate var meaning: String {
        switch self {
        case .everyone: "All that waited rode with it"
        case .full: "The batch was full"
        case .share: "Instances share the traffic, and the rest was for the next one to be free"
        case .split:
            "The batch was kept short: more rows would have made the tightest request on board late"
        case .crossing:
            "Requests that could not be saved were left, so that all on board would be in time"
        case .precedence:
            "The batch was kept short for newcomers of a more important class"
        case .newest: "Under overload the latest arrivals of its class rode"
        case .earliest: "No batch could keep its deadlines, so the earliest request rode alone"
        case .trial:
            "Its instance had been taken out of service, and it showed whether that works again"
        case .baseline: "The batch was formed by the rule of another server"
        }
    }
}

extension RejectReason {
    /// The reason as a sentence without its full stop.
    fileprivate var meaning: String {
        switch self {
        case .deadlineUnreachable:
            "It was refused at arrival: with the work before it, its answer would have been late"
        case .deadlineMissed:
            "It was given up while it waited: its deadline could no longer be met"
        case .queueFull:
            "It was refused at arrival: the queue was full of work that matters as much"
        case .displaced: "It was given up for more important work while the queue was full"
        case .draining: "It was refused: the model or the server was about to stop"
        case .noInstance: "It was given up: no instance of the model could run it"
        case .superseded: "A newer request about the same thing replaced it"
        case .quotaExceeded: "It was refused: its tenant's quota of device time was used up"
        case .memoryExceeded:
            "It was refused: it exceeds the memory of the model's devices on its own"
        }
    }
}
