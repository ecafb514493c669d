internal import ControlCore
internal import SchedulerCore
internal import ServingModel
internal import Simulator

/// The scheduler's options, each drawn by a stream of its own: a new one moves no world that exists.
extension Swarm {
    func drawOptions(_ configuration: inout SchedulerConfiguration, _ device: inout DeviceModel) {
        drawVariants(&configuration, &device)
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
        var draw = random.split("labels")
        let exact = draw.pick(0, 0, 0.3)
        let changes = draw.pick(0, 0.05)
        for stimulus in stimuli {
            guard case .arrive(var arrival) = stimulus.kind else {
                labelled.append(stimulus)
                continue
            }
            arrival.allowsCheaperVariant = !draw.chance(exact)
            labelled.append(Stimulus(at: stimulus.at, .arrive(arrival)))
            let count = configuration.cheaperVariants.count
            if count > 0, draw.chance(changes) {
                let variant = VariantIndex(draw.integer(in: 1...count))
                let change = Stimulus.Kind.variant(variant, isResident: draw.chance(0.5))
                labelled.append(Stimulus(at: stimulus.at, change))
            }
        }
        return labelled
    }
}
