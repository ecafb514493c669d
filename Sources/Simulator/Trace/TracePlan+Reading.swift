internal import SchedulerCore
internal import ServingModel
package import TraceFormat

extension ArrivalPlan.Process {
    /// What a recording says about arrivals: its requests, or, where it holds only rates, Poisson arrivals
    /// at those rates, drawn by the scenario's seed.
    ///
    /// - Parameters:
    ///   - plan: Speed and repetition; a `format` of a ``PublicTrace`` or `headway`, or an empty one to go
    ///     by the beginning of the file.
    ///   - malformed: Told, when there are any, how many rows were not understood and left out, and what
    ///     was wrong with the first of them.
    /// - Throws: ``TraceProblem`` when the file is in no known format, and what the source throws.
    package static func recorded(
        _ plan: TracePlan, from source: @escaping LineReader.Source,
        malformed: (_ rows: Int, _ first: [TraceProblem]) -> Void = { _, _ in }
    ) throws -> ArrivalPlan.Process {
        var plan = plan
        // The first chunk tells the format and is then read again.
        let beginning = try source()
        var isFirst = true
        let whole: LineReader.Source = {
            guard isFirst else { return try source() }
            isFirst = false
            return beginning
        }
        let isOurs = beginning.starts(with: "headway-trace ".utf8)
        if plan.format == "headway" || (plan.format.isEmpty && isOurs) {
            plan.records = try Self.records(of: whole)
            return .trace(plan)
        }
        let named = PublicTrace(rawValue: plan.format)
        guard let format = named ?? (plan.format.isEmpty ? .init(beginning: beginning) : nil)
        else {
            let known = ["headway"] + PublicTrace.allCases.map(\.rawValue)
            throw TraceProblem(
                line: 1, "not a trace that is known; allowed: \(known.joined(separator: ", "))")
        }
        return try Self.process(plan, PublicTraceReader(format, malformed: .skip, whole), malformed)
    }

    /// Seconds that the recording took, at its speed; 0 for anything else.
    package var recordedSeconds: Double {
        switch self {
        case .trace(let plan): (plan.records.last?.milliseconds ?? 0) / 1_000 / plan.speed
        case .step(_, let times):
            // The last level holds as long as the one before it did.
            (times.last ?? 0)
                + (times.count > 1 ? times[times.count - 1] - times[times.count - 2] : 0)
        default: 0
        }
    }

    private static func process(
        _ plan: TracePlan, _ rows: PublicTraceReader, _ malformed: (Int, [TraceProblem]) -> Void
    ) throws -> ArrivalPlan.Process {
        var plan = plan
        var reader = rows
        var rates: [TraceRate] = []
        while let row = try reader.next() {
            switch row {
            case .request(let request):
                var record = RecordedArrival(milliseconds: request.at.milliseconds)
                record.length = request.inputTokens
                record.outputTokens = request.outputTokens
                record.blocks = request.blocks
                plan.records.append(record)
            case .rate(let rate): rates.append(rate)
            }
        }
        if reader.skipped > 0 { malformed(reader.skipped, reader.problems) }
        guard rates.isEmpty else {
            return .step(
                levelsPerSecond: rates.map { $0.perSecond * plan.speed },
                atSeconds: rates.map { $0.at.seconds / plan.speed })
        }
        return .trace(plan)
    }

    /// The arrivals of all schedulers of one of our own traces, merged by time.
    private static func records(of source: @escaping LineReader.Source) throws -> [RecordedArrival]
    {
        var records: [RecordedArrival] = []
        for workload in try TraceWorkload.read(source) {
            for stimulus in workload.stimuli {
                guard case .arrive(let arrival) = stimulus.kind else { continue }
                var record = RecordedArrival(
                    milliseconds: Instant.origin.interval(to: stimulus.at).milliseconds)
                record.rows = arrival.rows
                record.length = arrival.length
                record.classIndex = arrival.priorityClass.rawValue
                record.tenant = arrival.tenant.rawValue
                records.append(record)
            }
        }
        // By time and, among equals, in the order of the file.
        return records.enumerated().sorted {
            ($0.element.milliseconds, $0.offset) < ($1.element.milliseconds, $1.offset)
        }.map(\.element)
    }
}
