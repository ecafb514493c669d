internal import ControlCore
package import SchedulerCore
internal import ServingModel

extension FastFail: TextValue {
    var word: String {
        switch self {
        case .head: "head"
        case .tail: "tail"
        }
    }

    static var form: String { "head or tail" }

    init?(word: String) {
        switch word {
        case "head": self = .head
        case "tail": self = .tail
        default: return nil
        }
    }
}

extension PriorityClass: TextRecord {
    static var fields: [Field<Self>] {
        [
            Field("weight", \.weight), Field("floor_share", \.floorShare),
            Field("default_deadline_ns", \.defaultDeadline),
        ]
    }
}

extension LatencyModel.State: TextRecord {
    static var fields: [Field<Self>] {
        [
            Field("tile", \.tile), Field("base", \.base), Field("per_row", \.perRow),
            Field("margin", \.margin), Field("observations", \.observations),
            Field("sigma", \.sigma), Field("covariance", \.covariance),
            Field("ceiling", \.ceiling),
        ]
    }
}

extension SchedulerConfiguration: TextRecord {
    /// The fields that are one word each; the others have lines of their own.
    static var fields: [Field<Self>] {
        [
            Field("instances", \.instances), Field("max_batch_rows", \.maxBatchRows),
            Field("max_queued_requests", \.maxQueuedRequests),
            Field("max_queued_bytes", \.maxQueuedBytes), Field("max_shapes", \.maxShapes),
            Field("guard_ns", \.guardInterval), Field("min_efficiency", \.minEfficiency),
            Field("fast_fail", \.fastFail), Field("rate_time_ns", \.rateTimeConstant),
            Field("arbitrated", \.isArbitrated),
            Field("variants_resident", \.variantsAreResident),
            Field("degrades_when_full", \.degradesWhenFull),
        ]
    }

    /// The configuration in lines, each indented and ended.
    package var canonicalText: String {
        var writer = TextWriter()
        writer.write(self)
        return writer.text
    }
}

extension TextWriter {
    /// Writes the configuration in lines, each indented and ended.
    package mutating func write(_ configuration: SchedulerConfiguration) {
        line("limits") { configuration.write(to: &$0) }
        for entry in configuration.classes {
            line("class \(entry.name.word)") { entry.write(to: &$0) }
        }
        line("latency") { configuration.latency.state.write(to: &$0) }
        line("policy \(configuration.policy.name)") {
            configuration.policy.writeSettings(to: &$0)
        }
        writeOptions(configuration)
    }

    /// Lines that most configurations do not have.
    private mutating func writeOptions(_ configuration: SchedulerConfiguration) {
        for variant in configuration.cheaperVariants {
            line("variant") { variant.state.write(to: &$0) }
        }
        if let lengths = configuration.lengths { line("lengths") { lengths.write(to: &$0) } }
        if let tenants = configuration.tenants {
            line("tenants") { tenants.write(to: &$0) }
            for grant in tenants.grants {
                line("tenant \(grant.tenant.rawValue)") { grant.write(to: &$0) }
            }
        }
        for modality in configuration.modalities {
            line("modality \(modality.name.word)") { modality.write(to: &$0) }
        }
        if let split = configuration.burstSplit { line("burst_split") { split.write(to: &$0) } }
        if let score = configuration.score { line("score") { score.write(to: &$0) } }
    }

    private mutating func line(_ name: String, _ body: (inout TextWriter) -> Void) {
        write("  ")
        write(name)
        body(&self)
        endLine()
    }
}
