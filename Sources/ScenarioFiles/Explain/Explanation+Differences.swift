internal import ControlCore
internal import SchedulerCore
internal import Simulator

extension Explanation {
    /// Where theory and measurement differ, and why, in words.
    static func differences(
        _ model: TrafficModel, _ policy: PolicyReport, offered: Double
    ) -> [String] {
        var paragraphs = [singleServer(model, policy, offered)]
        if model.classCount > 1 {
            paragraphs += classes(model, policy, offered)
        } else {
            paragraphs += bound(model, policy, offered)
            paragraphs += knee(model, policy)
        }
        paragraphs += traffic(model)
        return ["", "Why they differ"]
            + paragraphs.filter { !$0.isEmpty }.flatMap {
                Paragraph.wrap($0, first: "  - ", rest: "    ")
            }
    }

    private static func singleServer(
        _ model: TrafficModel, _ policy: PolicyReport, _ offered: Double
    ) -> String {
        let mean = policy.figures.latency.mean
        var text =
            "M/M/1 is a queue in front of a server that takes one request at a time. It knows no batch, so "
            + "it misses that a request rides with others for as long as the whole batch takes"
        if let stay = QueueTheory.singleServerStay(rate: offered, service: model.theory.capacity),
            mean > 0, stay > 0
        {
            let factor = mean / stay
            text +=
                factor >= 1.5
                ? ": the mean was \(FigureText.short(mean)) ms, \(FigureText.short(factor)) times its "
                    + "\(FigureText.short(stay)) ms."
                : factor <= 0.67
                    ? ": the mean was \(FigureText.short(mean)) ms instead of its "
                        + "\(FigureText.short(stay)) ms."
                    : "; that the mean of \(FigureText.short(mean)) ms is near its "
                        + "\(FigureText.short(stay)) ms is chance, it has another slope."
        } else {
            text += "; for this load it has no answer at all."
        }
        return text
            + " At low load it is too short by a batch, near the capacity it is right only in that "
            + "everything grows like 1/(1 - load)."
    }

    private static func bound(
        _ model: TrafficModel, _ policy: PolicyReport, _ offered: Double
    ) -> [String] {
        guard let stay = model.theory.longestStay(rate: offered) else {
            return [
                "The offered load is beyond the capacity: there is no stable batch. Who keeps the deadline "
                    + "then decides only whom to refuse, and the measured P99 is a matter of that choice."
            ]
        }
        let p99 = policy.figures.latency.p99
        guard p99 > 0 else { return [] }
        let factor = p99 / stay
        if stay > model.deadline {
            return [
                "The longest stay (\(FigureText.short(stay)) ms) is beyond the deadline. A policy that refuses "
                    + "early keeps the P99 of what it serves, \(FigureText.short(p99)) ms here, below it; the "
                    + "price was \(FigureText.percent(policy.figures.rejectedPercent)) % refused."
            ]
        }
        let relation =
            factor >= 1
            ? "The measured P99 (\(FigureText.short(p99)) ms) is \(FigureText.short(factor)) times the "
                + "longest stay of a steady stream (\(FigureText.short(stay)) ms). Random arrivals "
                + "come in bursts, each burst makes the next batch longer, and the device needs a few cycles "
                + "to get back: 1.15 to 1.3 times is usual for Poisson traffic, stalls come on top."
            : "The measured P99 (\(FigureText.short(p99)) ms) is below the longest stay of a steady stream "
                + "(\(FigureText.short(stay)) ms): only the request that just misses a batch stays so long, and "
                + "what would stay longer was refused."
        return [relation]
    }

    private static func knee(_ model: TrafficModel, _ policy: PolicyReport) -> [String] {
        let within = policy.sweep.last {
            $0.figures.figure("strict_p99_ms") ?? .infinity <= model.deadline
        }
        let beyond = policy.sweep.first {
            $0.figures.figure("strict_p99_ms") ?? .infinity > model.deadline
        }
        guard let beyond else { return [] }
        let capacity = model.requests(ofItems: model.theory.capacity)
        func place(_ rate: Double) -> String {
            "\(FigureText.grouped(rate))/s (\(FigureText.percent(rate / capacity * 100)) %)"
        }
        let knee = place(model.theory.knee(deadline: model.deadline) * capacity)
        let measured =
            within.map {
                "between \(place($0.ratePerSecond)) and \(place(beyond.ratePerSecond))"
            } ?? "below \(place(beyond.ratePerSecond))"
        return [
            "Counting refused requests as never answered, P99 passed the deadline \(measured); the knee says "
                + "\(knee). It lies there, and "
                + "not at 80 %, because it is set by the batch's fixed cost and the deadline: halve the deadline "
                + "and the distance to full load doubles."
        ]
    }

    private static func classes(
        _ model: TrafficModel, _ policy: PolicyReport, _ offered: Double
    ) -> [String] {
        let deadline = FigureText.plain(model.deadline)
        var text =
            "Bounds and knee count all traffic as if it had the shortest deadline, \(deadline) ms. "
        if let stay = model.theory.longestStay(rate: offered), stay > model.deadline {
            text +=
                "That could not be kept: the longest stay is \(FigureText.short(stay)) ms. But only a "
                + "part of the requests is due so soon. It boards first, in batches capped for its "
                + "sake, and the others wait"
        } else {
            text += "In truth the requests that are due soon board first, and the others wait"
        }
        let shares = policy.classes.map { entry in
            "\(entry.name) \(FigureText.percent(entry.inTimePercent)) % in time, P99 "
                + "\(FigureText.short(entry.p99Milliseconds)) ms"
        }
        return [
            text + ": " + shares.joined(separator: "; ")
                + ". The P99 over all is that of the class that waits."
        ]
    }

    private static func traffic(_ model: TrafficModel) -> [String] {
        var notes: [String] = []
        if !model.isPoisson {
            notes.append(
                "The traffic is not plain Poisson: bursts longer than a cycle are overload while they last, "
                    + "whatever the mean rate says. Read the knee at the rate of the burst.")
        }
        if model.devices.stallProbability > 0 {
            notes.append(
                "Arithmetic knows no stalls. Each one of "
                    + "\(FigureText.plain(model.devices.stallMilliseconds.lowerBound)) to "
                    + "\(FigureText.plain(model.devices.stallMilliseconds.upperBound)) ms fills the queue with "
                    + "what arrives meanwhile.")
        }
        return notes
    }

    /// Several models on the same devices: each one's load, and their sum.
    static func shared(_ scenario: Scenario, _ summary: Summary) -> [String] {
        var table = TextTable([
            .init("model", isNumber: false), .init("requests/s"), .init("load %"),
            .init("batch b*"),
            .init("longest stay ms"), .init("no misses up to /s"), .init("memory MB"),
        ])
        var total = 0.0
        var resident = 0.0
        let policy = summary.policies.first ?? ""
        for entry in scenario.models {
            let model = TrafficModel(entry)
            let names = entry.classes.map { "\(entry.name)/\($0.name)" }
            let offered = names.reduce(0) {
                $0 + (summary.figure("offered_rps", policy, className: $1) ?? 0)
            }
            let rate = model.items(ofRequests: offered)
            let share = rate * model.theory.perRow * Double(entry.gang)
            total += share
            resident += entry.residentMB
            table.add(
                [
                    entry.name, FigureText.grouped(offered),
                    FigureText.percent(model.theory.utilisation(rate: rate) * 100),
                    model.theory.stableBatch(rate: rate).map(FigureText.short) ?? "–",
                    model.theory.longestStay(rate: rate).map(FigureText.short) ?? "–",
                    FigureText.grouped(
                        model.requests(
                            ofItems: model.theory.zeroMissRate(deadline: model.deadline))),
                    FigureText.grouped(entry.residentMB),
                ].map { TextTable.Cell($0) })
        }
        let devices = Double(scenario.devices.count)
        let memory = scenario.devices.memoryMB * devices
        var lines = ["What arithmetic says of each model, alone on its devices"]
        lines += table.lines(isColoured: false)
        lines.append("")
        lines += Paragraph.wrap(
            "Together they ask for \(FigureText.percent(total / devices * 100)) % of the devices' time at the "
                + "limit of large batches. A device that serves several models pays each one's fixed cost in "
                + "turn, so each model waits for the others' batches too: its longest stay is the sum of "
                + "their cycles, not its own.")
        lines += Paragraph.wrap(
            resident > memory
                ? "Their weights need \(FigureText.grouped(resident)) MB of \(FigureText.grouped(memory)) MB: "
                    + "not all of them fit, and some wait for a reload."
                : "Their weights need \(FigureText.grouped(resident)) MB of \(FigureText.grouped(memory)) MB: "
                    + "all of them stay loaded.")
        return lines
    }
}
