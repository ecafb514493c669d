import ControlCore
import SchedulerCore
import SchedulerTesting
import ServingModel
import Testing
import TraceFormat

@Suite("A configuration in a trace")
struct ConfigurationCoverageTests {
    static let changes: [Change<SchedulerConfiguration>] = [
        Change("classes") { $0.classes.append(.forTest("a b,=%é\n", weight: 7, deadline: 3)) },
        Change("instances") { $0.instances = 5 },
        Change("maxBatchRows") { $0.maxBatchRows = 4_096 },
        Change("maxQueuedRequests") { $0.maxQueuedRequests = 9 },
        Change("maxQueuedBytes") { $0.maxQueuedBytes = 10 },
        Change("maxShapes") { $0.maxShapes = 2 },
        Change("guardInterval") { $0.guardInterval = .milliseconds(3) },
        Change("minEfficiency") { $0.minEfficiency = 0.1 + 0.2 },
        Change("fastFail") { $0.fastFail = .tail },
        Change("rateTimeConstant") { $0.rateTimeConstant = .milliseconds(7) },
        Change("latency") { $0.latency.observe(rows: 3, took: .microseconds(3_333)) },
        Change("policy") { $0.policy = .triton(TritonSettings(preferred: [4, 8])) },
        Change("isArbitrated") { $0.isArbitrated = true },
        Change("cheaperVariants") {
            $0.cheaperVariants = [LatencyModel(base: 0.1, perRow: 1 / 3.0, tile: 4)]
        },
        Change("variantsAreResident") { $0.variantsAreResident = false },
        Change("lengths") { $0.lengths = LengthPolicy() },
        Change("tenants") { $0.tenants = TenantPolicy() },
        Change("modalities") {
            $0.modalities = [Modality("image", weight: 0.5, deviceShare: 2, classes: [])]
        },
        Change("degradesWhenFull") { $0.degradesWhenFull = true },
        Change("burstSplit") { $0.burstSplit = BurstSplit() },
        Change("score") {
            $0.score = MultimodalScore(
                referenceCost: .milliseconds(9), referenceSlack: .milliseconds(40))
        },
    ]

    @Test("Every field of a configuration is written and read back to the same bits")
    func fields() throws {
        checkCoverage(of: SchedulerConfiguration.byHand(), Self.changes)
        for change in Self.changes { try expectRoundTrip(change) }
    }

    @Test("Every field of a class is written and read back")
    func classes() throws {
        try expectCoverage(
            PriorityClass.forTest("a", deadline: 1),
            [
                Change("name") { $0.name = "" }, Change("weight") { $0.weight = 2 },
                Change("floorShare") { $0.floorShare = 0.3 },
                Change("defaultDeadline") { $0.defaultDeadline = .never },
            ]
        ) { $0.classes = [$1] }
    }

    @Test("Every part of a latency model is written and read back to the same bits")
    func latency() throws {
        typealias State = LatencyModel.State
        try expectCoverage(
            LatencyModel(base: 1, perRow: 1).state,
            [
                Change("tile") { $0.tile = 16 }, Change("base") { $0.base = 0.1 + 0.2 },
                Change("perRow") { $0.perRow = 1e-6 }, Change("margin") { $0.margin = 1.5 },
                Change("observations") { $0.observations = 3 },
                Change("sigma") { $0.sigma = .leastNonzeroMagnitude },
                Change("covariance") { $0.covariance[1] = -0.0 },
                Change("ceiling") { $0.ceiling[2] = .greatestFiniteMagnitude },
            ]
        ) { $0.latency = LatencyModel($1) }
        // The state is all of the model.
        #expect(
            Mirror(reflecting: LatencyModel(base: 1, perRow: 1)).children.count
                == Mirror(reflecting: State()).children.count)
    }

    @Test("Every setting of every policy is written and read back")
    func policies() throws {
        #expect(Policies.all.count == Policy.names.count - 1)
        for policy in Policies.all { try expectRoundTrip(Change("policy") { $0.policy = policy }) }
        for (usual, changed) in Policies.changes {
            try expectRoundTrip(
                Change("\(changed)") { $0.policy = changed }, from: .byHand(policy: usual))
        }
    }

    @Test("Every field of the options is written and read back")
    func options() throws {
        try expectCoverage(
            LengthPolicy(),
            [
                Change("edges") { $0.edges = [16, 64] },
                Change("mergesLengths") { $0.mergesLengths = false },
                Change("maxBatchUnits") { $0.maxBatchUnits = 5 },
            ]
        ) { $0.lengths = $1 }
        let quota = TenantPolicy.Quota(rate: 0.25, burst: 30)
        try expectCoverage(
            TenantPolicy(),
            [
                Change("grants") { $0.grants = [.init(TenantID(4), weight: 2, quota: quota)] },
                Change("weight") { $0.weight = 3 }, Change("quota") { $0.quota = quota },
                Change("maxTenants") { $0.maxTenants = 2 },
            ]
        ) { $0.tenants = $1 }
        try expectCoverage(
            Modality("text"),
            [
                Change("name") { $0.name = "image" }, Change("weight") { $0.weight = 1 },
                Change("deviceShare") { $0.deviceShare = 0.5 },
                Change("classes") { $0.classes = [ClassIndex(0)] },
            ]
        ) { $0.modalities = [$1] }
        try expectCoverage(
            BurstSplit(),
            [
                Change("minEfficiency") { $0.minEfficiency = 0.5 },
                Change("youngShare") { $0.youngShare = 0.5 },
                Change("timeConstant") { $0.timeConstant = .milliseconds(1) },
            ]
        ) { $0.burstSplit = $1 }
        try expectCoverage(
            MultimodalScore(referenceCost: .seconds(1), referenceSlack: .seconds(1)),
            [
                Change("slot") { $0.slot = .milliseconds(1) },
                Change("referenceCost") { $0.referenceCost = .seconds(2) },
                Change("referenceSlack") { $0.referenceSlack = .seconds(2) },
            ]
        ) { $0.score = $1 }
    }

    private func expectCoverage<Part>(
        _ usual: Part, _ changes: [Change<Part>],
        _ place: @escaping @Sendable (inout SchedulerConfiguration, Part) -> Void
    ) throws where Part: Sendable {
        checkCoverage(of: usual, changes)
        var base = SchedulerConfiguration.byHand()
        place(&base, usual)
        for change in changes {
            var part = usual
            change.apply(&part)
            let changed = part
            try expectRoundTrip(Change(change.field) { place(&$0, changed) }, from: base)
        }
    }

    private func expectRoundTrip(
        _ change: Change<SchedulerConfiguration>, from base: SchedulerConfiguration = .byHand()
    ) throws {
        var configuration = base
        change.apply(&configuration)
        #expect(
            base.canonicalText != configuration.canonicalText, "\(change.field) is not in the text")
        let bytes = text(of: Trace(), configuration)
        guard case .scheduler(let header) = try items(bytes).items.first else {
            Issue.record("no header")
            return
        }
        #expect(header.configuration == configuration, "\(change.field) is not read back")
        #expect(header.configuration.canonicalText == configuration.canonicalText)
    }

}

extension SchedulerConfiguration {
    fileprivate static func byHand(policy: Policy) -> SchedulerConfiguration {
        var configuration = byHand()
        configuration.policy = policy
        return configuration
    }
}
