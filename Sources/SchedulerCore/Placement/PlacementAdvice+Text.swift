internal import ServingModel

extension PlacementAdvice {
    /// The advice in plain lines, for a terminal.
    package var lines: [String] {
        [heading] + options.map { "  " + line($0) } + [conclusion]
    }

    /// The same as one text.
    package var text: String { lines.joined(separator: "\n") }

    private var heading: String {
        let load =
            switch question.load {
            case .rate(let rate): "\(Self.number(rate * 1_000)) rows/s"
            case .concurrency(let clients): "\(clients) clients at a time"
            }
        return "Placement on \(question.devices) devices for \(load), P99 within"
            + " \(Self.number(question.promise.milliseconds)) ms:"
    }

    private func line(_ option: PlacementOption) -> String {
        var parts = ["\(name(option)): "]
        switch option.verdict {
        case .doesNotFit:
            return parts[0] + "does not fit the memory of its devices"
        case .overloaded:
            parts.append(
                "carries \(Self.number(option.capacity * 1_000)) rows/s in batches of"
                    + " \(option.maxRows), less than the load")
        case .tooSlowAlone:
            parts.append(
                "one request alone takes \(Self.number(option.base + option.perRow)) ms")
        case .cycleTooLong:
            parts.append(
                "P99 \(Self.number(option.p99)) ms: a batch to wait for and one to ride (at best"
                    + " \(Self.number(option.bound)))")
        case .keeps:
            parts.append(
                "P99 \(Self.number(option.p99)) ms (at best \(Self.number(option.bound))), keeps"
                    + " the promise")
        }
        if option.degree > 1 {
            parts.append(
                "; barrier of each batch \(Self.number(option.exchange + option.straggling)) ms"
                    + " (all-reduce \(Self.number(option.exchange)), slowest of \(option.degree)"
                    + " \(Self.number(option.straggling)))")
        }
        return parts.joined()
    }

    private func name(_ option: PlacementOption) -> String {
        if option.degree == 1 { return "\(option.replicas) replicas" }
        if option.replicas == 1 { return "gang of \(option.degree)" }
        return "\(option.replicas) gangs of \(option.degree)"
    }

    private var conclusion: String {
        guard let best else {
            guard let closest, closest.p99.isFinite else {
                return "No placement carries the load: more devices are needed."
            }
            return "No placement keeps the promise; \(name(closest)) comes closest."
        }
        let single = options[0]
        if best.degree == 1 {
            guard let gang = options.dropFirst().last(where: { $0.verdict != .doesNotFit }) else {
                return "Take \(name(best)): no gang fits."
            }
            return "Take \(name(best)): they need no barrier, which costs a gang of \(gang.degree)"
                + " \(Self.number(gang.exchange + gang.straggling)) ms of each batch."
        }
        if single.verdict == .doesNotFit {
            return "Take \(name(best)): one device cannot hold the model."
        }
        return "Take \(name(best)): a request waits for computing, which \(best.degree) devices"
            + " share, more than for the barrier."
    }

    /// A number with at most two digits after the point, rounded.
    private static func number(_ value: Double) -> String {
        guard value.isFinite, abs(value) < 1e15 else { return "∞" }
        let hundredths = Int((value * 100).rounded())
        let rest = hundredths % 100
        if rest == 0 { return "\(hundredths / 100)" }
        return "\(hundredths / 100)." + (rest < 10 ? "0\(rest)" : "\(rest)")
    }
}
