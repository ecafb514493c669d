internal import SchedulerCore
internal import ServingModel

extension ClassIndex: TextValue {
    var word: String { rawValue.word }
    static var form: String { "a position in the table of classes" }
    init?(word: String) {
        guard let position = Int(word: word), TraceLimits.positions.contains(position) else {
            return nil
        }
        self.init(position)
    }
}

extension TenantPolicy.Quota: TextValue {
    var word: String { rate.word + "/" + burst.word }
    static var form: String { "RATE/BURST, both finite numbers" }
    init?(word: String) {
        let parts = word.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let rate = Double(word: String(parts[0])),
            let burst = Double(word: String(parts[1]))
        else { return nil }
        self.init(rate: rate, burst: burst)
    }
}

extension TenantPolicy.Grant: TextRecord {
    static var fields: [Field<Self>] { [Field("weight", \.weight), Field("quota", \.quota)] }
}

extension TenantPolicy: TextRecord {
    /// Grants have lines of their own.
    static var fields: [Field<Self>] {
        [
            Field("weight", \.weight), Field("quota", \.quota),
            Field("max_tenants", \.maxTenants),
        ]
    }
}

extension LengthPolicy: TextRecord {
    static var fields: [Field<Self>] {
        [
            Field("edges", \.edges), Field("merges_lengths", \.mergesLengths),
            Field("max_batch_units", \.maxBatchUnits),
        ]
    }
}

extension Modality: TextRecord {
    static var fields: [Field<Self>] {
        [
            Field("weight", \.weight), Field("device_share", \.deviceShare),
            Field("classes", \.classes),
        ]
    }
}

extension BurstSplit: TextRecord {
    static var fields: [Field<Self>] {
        [
            Field("min_efficiency", \.minEfficiency), Field("young_share", \.youngShare),
            Field("time_ns", \.timeConstant),
        ]
    }
}

extension MultimodalScore: TextRecord {
    static var fields: [Field<Self>] {
        [
            Field("slot_ns", \.slot), Field("reference_cost_ns", \.referenceCost),
            Field("reference_slack_ns", \.referenceSlack),
        ]
    }
}
