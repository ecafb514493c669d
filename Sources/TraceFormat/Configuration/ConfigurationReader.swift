internal import ControlCore
internal import SchedulerCore
internal import ServingModel

/// Gathers a configuration from its lines.
struct ConfigurationReader {
    private static let names = [
        "limits", "class", "latency", "policy", "variant", "lengths", "tenants", "tenant",
        "modality", "burst_split", "score",
    ]
    private static let needed = ["limits", "class", "latency", "policy"]
    private static let repeated = ["class", "variant", "tenant", "modality"]

    static var empty: SchedulerConfiguration {
        SchedulerConfiguration(
            classes: [], maxBatchRows: 1, latency: LatencyModel(base: 1, perRow: 0.1))
    }

    private var configuration = Self.empty
    private var seen: Set<String> = []

    /// Takes one line, without its indentation.
    mutating func read(_ line: ArraySlice<UInt8>) throws(LineProblem) {
        var scanner = LineScanner(line)
        let word = try scanner.word("the part of the configuration")
        let name = word.text
        guard Self.names.contains(name) else {
            throw LineProblem(
                "unknown part \(word.quoted) of a configuration; allowed: "
                    + Self.names.joined(separator: ", "))
        }
        guard seen.insert(name).inserted || Self.repeated.contains(name) else {
            throw LineProblem("\(name) stands twice; allowed: once")
        }
        switch name {
        case "limits": try configuration.read(&scanner)
        case "class": configuration.classes.append(try Self.priorityClass(&scanner))
        case "latency": configuration.latency = try Self.latency(&scanner)
        case "policy": configuration.policy = try Policy(&scanner)
        default: try readOption(name, &scanner)
        }
        try scanner.end()
    }

    private mutating func readOption(
        _ name: String, _ scanner: inout LineScanner
    ) throws(LineProblem) {
        switch name {
        case "variant": configuration.cheaperVariants.append(try Self.latency(&scanner))
        case "lengths": configuration.lengths = try Self.record(LengthPolicy(), &scanner)
        case "tenants": configuration.tenants = try Self.record(TenantPolicy(), &scanner)
        case "tenant":
            guard configuration.tenants != nil else {
                throw LineProblem("a tenant stands alone; allowed: below tenants")
            }
            configuration.tenants?.grants.append(try Self.grant(&scanner))
        case "modality": configuration.modalities.append(try Self.modality(&scanner))
        case "burst_split": configuration.burstSplit = try Self.record(BurstSplit(), &scanner)
        default:
            let score = MultimodalScore(referenceCost: .zero, referenceSlack: .zero)
            configuration.score = try Self.record(score, &scanner)
        }
    }

    private static func record<Record: TextRecord>(
        _ usual: Record, _ scanner: inout LineScanner
    ) throws(LineProblem) -> Record {
        var record = usual
        try record.read(&scanner)
        return record
    }

    private static func grant(
        _ scanner: inout LineScanner
    ) throws(LineProblem) -> TenantPolicy.Grant {
        let number = try scanner.word("the tenant's number").number(
            "the tenant", in: 0...Int(UInt32.max))
        return try record(TenantPolicy.Grant(TenantID(UInt32(number))), &scanner)
    }

    private static func modality(_ scanner: inout LineScanner) throws(LineProblem) -> Modality {
        try record(Modality(try name(&scanner, "the modality")), &scanner)
    }

    private static func name(
        _ scanner: inout LineScanner, _ what: String
    ) throws(LineProblem) -> String {
        let word = try scanner.word(what)
        guard let name = String(word: word.text) else {
            throw LineProblem("\(what) is \(word.quoted); allowed: \(String.form)")
        }
        return name
    }

    /// The configuration, once all of its lines were read.
    func finish() throws(LineProblem) -> SchedulerConfiguration {
        for name in Self.needed where !seen.contains(name) {
            throw LineProblem("the configuration has no line '\(name)'")
        }
        guard TraceLimits.positions.contains(configuration.instances) else {
            throw LineProblem(
                "\(configuration.instances) instances; allowed: 0 to "
                    + "\(TraceLimits.positions.upperBound)")
        }
        if let problem = configuration.problem { throw LineProblem(problem.description) }
        return configuration
    }

    private static func priorityClass(
        _ scanner: inout LineScanner
    ) throws(LineProblem) -> PriorityClass {
        let name = try name(&scanner, "the class")
        return try record(
            PriorityClass(name: name, weight: 1, floorShare: 0, defaultDeadline: .seconds(1)),
            &scanner)
    }

    private static func latency(
        _ scanner: inout LineScanner
    ) throws(LineProblem) -> LatencyModel {
        var state = LatencyModel.State()
        try state.read(&scanner)
        if let problem = state.problem { throw LineProblem(problem) }
        return LatencyModel(state)
    }
}

extension LatencyModel.State {
    /// What makes it no state that a model can be in.
    fileprivate var problem: String? {
        if !(1...1 << 30).contains(tile) { return "tile is \(tile); allowed: 1 to \(1 << 30)" }
        if !(0...1e12).contains(base) { return "base is \(base); allowed: 0 to 1e12" }
        if !(0...1e12).contains(perRow) || perRow == 0 {
            return "per_row is \(perRow); allowed: above 0, to 1e12"
        }
        if !(1...1.5).contains(margin) { return "margin is \(margin); allowed: 1 to 1.5" }
        if observations < 0 { return "observations is \(observations); allowed: 0 and more" }
        if covariance.count != 3 || ceiling.count != 3 {
            return "covariance and ceiling have three numbers each"
        }
        return nil
    }
}
