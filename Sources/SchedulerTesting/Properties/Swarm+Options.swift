internal import ControlCore
internal import SchedulerCore
internal import ServingModel
internal import Simulator

/// The scheduler's options, each drawn by a stream of its own: a new one moves no world that exists.
extension Swarm {
    func drawOptions(_ configuration: inout SchedulerConfiguration, _ device: inout DeviceModel) {
        drawVariants(&configuration, &device)
        drawTenants(&configuration, device)
        var draw = random.split("small options")
        if draw.chance(0.3) { configuration.burstSplit = BurstSplit() }
        configuration.degradesWhenFull = draw.chance(0.3)
        drawLengths(&configuration)
        if draw.chance(0.3) {
            let patience = configuration.classes[0].defaultDeadline
            var score = MultimodalScore(
                referenceCost: Interval(milliseconds: device.mean(rows: 4)),
                referenceSlack: patience)
            score.slot = max(patience / draw.pick(2, 10, 100), Interval(nanoseconds: 10_000))
            configuration.score = score
        }
    }

    private func drawLengths(_ configuration: inout SchedulerConfiguration) {
        var draw = random.split("lengths")
        guard draw.chance(0.35) else { return }
        var lengths = LengthPolicy()
        lengths.edges = draw.pick([], [], [2, 5], [1, 2, 3, 4])
        lengths.mergesLengths = draw.chance(0.8)
        lengths.maxBatchUnits = draw.pick(1 << 30, 40)
        configuration.lengths = lengths
    }

    private func drawTenants(
        _ configuration: inout SchedulerConfiguration, _ device: DeviceModel
    ) {
        var draw = random.split("tenants")
        if draw.chance(0.4) {
            var policy = TenantPolicy()
            policy.maxTenants = draw.pick(2, 3, 256)
            if draw.chance(0.5) {
                policy.grants = [
                    TenantPolicy.Grant(TenantID(1), weight: draw.pick(0.5, 2, 10)),
                    TenantPolicy.Grant(
                        TenantID(2),
                        quota: TenantPolicy.Quota(
                            rate: draw.pick(0.05, 0.5), burst: device.perRow * draw.pick(1, 20))),
                ]
            }
            if draw.chance(0.2) {
                policy.quota = TenantPolicy.Quota(rate: 0.3, burst: device.perRow * 10)
            }
            configuration.tenants = policy
        }
        if draw.chance(0.3) {
            let last = configuration.classes.count - 1
            configuration.modalities = [
                Modality("text", weight: 0.2, deviceShare: draw.pick(nil, 1)),
                Modality(
                    "image", weight: 1, deviceShare: draw.pick(nil, 3),
                    classes: draw.pick([], [ClassIndex(last), ClassIndex(0)])),
            ]
        }
    }

    private func drawVariants(
        _ configuration: inout SchedulerConfiguration, _ device: inout DeviceModel
    ) {
        var draw = random.split("variants")
        guard draw.chance(0.4) else { return }
        device.variantFactors = draw.pick([0.6], [0.6], [0.7, 0.3], [1.5])
        configuration.cheaperVariants = device.variantFactors.map { factor in
            let error = draw.pick(1, 1, 0.5, 2)
            return LatencyModel(
                base: device.base * factor * error, perRow: device.perRow * factor * error,
                tile: device.tile)
        }
        configuration.variantsAreResident = draw.chance(0.7)
    }

    /// Gives the arrivals what the options ask for, and lets variants come and go.
    func label(_ stimuli: [Stimulus], _ configuration: SchedulerConfiguration) -> [Stimulus] {
        var labelled: [Stimulus] = []
        var limits = random.split("limits")
        let limitChanges = limits.pick(0, 0, 0.03)
        var health = random.split("health")
        let healthChanges = health.pick(0, 0, 0.03)
        var draw = random.split("labels")
        let exact = draw.pick(0, 0, 0.3)
        let changes = draw.pick(0, 0.05)
        let tenants = draw.pick(1, 3, 5)
        let longest = draw.pick(1, 4, 9)
        let subjects = draw.pick(0, 0, 3, 30)
        let modalities = max(configuration.modalities.count, 1)
        for stimulus in stimuli {
            guard case .arrive(var arrival) = stimulus.kind else {
                labelled.append(stimulus)
                continue
            }
            arrival.allowsCheaperVariant = !draw.chance(exact)
            arrival.tenant = TenantID(UInt32(draw.integer(in: 0...tenants)))
            arrival.modality = ModalityIndex(draw.integer(in: 0...(modalities - 1)))
            if configuration.lengths != nil { arrival.length = draw.integer(in: 0...longest) }
            if subjects > 0, draw.chance(0.5) {
                arrival.supersedes = SupersedeKey(UInt64(draw.integer(in: 1...subjects)))
            }
            labelled.append(Stimulus(at: stimulus.at, .arrive(arrival)))
            if !arrival.isFollowed, limits.chance(limitChanges) {
                let rows = limits.pick(1, 2, 7, 2_000)
                labelled.append(Stimulus(at: stimulus.at, .limit(rows: rows)))
            }
            let count = configuration.cheaperVariants.count
            if !arrival.isFollowed, health.chance(healthChanges) {
                let change: Stimulus.Kind =
                    health.chance(0.5)
                    ? .limitQueue(requests: health.pick(1, 3, 20, 20_000))
                    : .prefer(VariantIndex(health.integer(in: 0...count)))
                labelled.append(Stimulus(at: stimulus.at, change))
            }
            if count > 0, draw.chance(changes) {
                let variant = VariantIndex(draw.integer(in: 1...count))
                let change = Stimulus.Kind.variant(variant, isResident: draw.chance(0.5))
                labelled.append(Stimulus(at: stimulus.at, change))
            }
        }
        return labelled
    }
}
