internal import ControlCore
internal import SchedulerCore
internal import ServingModel
package import Simulator

/// Random worlds in the manner of swarm testing (Groce and others, 2012): each world draws first which
/// features it has at all and how strongly, so that rare combinations occur undiluted.
package struct Swarm: Sendable {
    let random: Seeded
    /// Whether worlds draw from the scheduler's options too.
    let drawsOptions: Bool

    /// Worlds drawn from `random`; without options unless asked for.
    package init(_ random: Seeded, drawsOptions: Bool = false) {
        self.random = random
        self.drawsOptions = drawsOptions
    }

    /// A world of about `requests` requests.
    package func world(requests: Int) -> World {
        var draw = random.split("configuration")
        var device = device(&draw)
        var configuration = configuration(device, &draw)
        if drawsOptions { drawOptions(&configuration, &device) }
        let devices = (0..<configuration.instances).map { _ in
            var copy = device
            if draw.chance(0.2) { copy.perRow *= draw.uniform(0.5, 2) }
            return copy
        }
        var stimuli = stimuli(requests, configuration, device)
        if drawsOptions { stimuli = label(stimuli, configuration) }
        return World(configuration, devices: devices, stimuli, random.split("devices"))
    }

    private func device(_ draw: inout Seeded) -> DeviceModel {
        let scale = draw.pick(0.005, 1, 1, 1, 50)
        var device = DeviceModel(
            base: scale * draw.uniform(0, 4), perRow: scale * draw.uniform(0.01, 0.5),
            tile: draw.pick(1, 1, 1, 4, 16))
        device.noise = draw.pick(0, 0.02, 0.3)
        if draw.chance(0.3) {
            device.stallProbability = 0.05
            device.stallMilliseconds = (10 * scale)...(50 * scale)
        }
        if draw.chance(0.3) { device.failureProbability = 0.1 }
        return device
    }

    private func configuration(
        _ device: DeviceModel, _ draw: inout Seeded
    ) -> SchedulerConfiguration {
        let unit = device.mean(rows: 8)
        let classes = (0..<draw.integer(in: 1...3)).map { index in
            PriorityClass(
                name: "class \(index)", weight: 16 >> (2 * index),
                floorShare: draw.pick(0, 0.05, 0.1, 0.5),
                defaultDeadline: Interval(milliseconds: unit * draw.pick(2, 5, 20, 100)))
        }
        var latency = device.warmedUp(draw.split("warm-up"), tileKnown: draw.chance(0.8))
        if draw.chance(0.3) {
            let error = draw.pick(0.1, 0.5, 2, 10)
            latency = LatencyModel(
                base: device.base * error, perRow: device.perRow * error, tile: device.tile)
        }
        var configuration = SchedulerConfiguration(
            classes: classes, instances: draw.pick(1, 1, 2, 4),
            maxBatchRows: draw.pick(1, 2, 8, 64, 1_024), latency: latency)
        configuration.maxQueuedRequests = draw.pick(1, 4, 50, 50, 10_000, 10_000)
        configuration.maxQueuedBytes = draw.pick(200, 5_000, 1 << 30)
        configuration.maxShapes = draw.pick(1, 2, 3)
        configuration.guardInterval = Interval(milliseconds: draw.pick(0, 0.01 * unit, 0.3 * unit))
        configuration.minEfficiency = draw.pick(0.1, 0.5, 0.9)
        var separate = draw.split("fast fail")
        configuration.fastFail = separate.chance(0.4) ? .tail : .head
        return configuration
    }

    // MARK: Stimuli

    private func stimuli(
        _ requests: Int, _ configuration: SchedulerConfiguration, _ device: DeviceModel
    ) -> [Stimulus] {
        var stimuli = arrivals(requests, configuration, device)
        var draw = random.split("faults")
        let end = stimuli.last?.at ?? .origin
        if draw.chance(0.5) { stimuli += cancels(of: stimuli, device, &draw) }
        if draw.chance(0.3) {
            let losses = losses(before: end, configuration, &draw)
            stimuli += losses + probes(after: losses, before: end)
        }
        if draw.chance(0.1) {
            stimuli.append(Stimulus(at: instant(draw.uniform(0.8, 1), of: end), .drain))
        }
        // Sorting must not move stimuli of one instant: the order would depend on the algorithm.
        return stimuli.enumerated()
            .sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }
            .map(\.element)
    }

    private func instant(_ part: Double, of end: Instant) -> Instant {
        Instant.origin
            + Interval(milliseconds: part * Instant.origin.interval(to: end).milliseconds)
    }

    /// Instances that go, most of which come back; some come back unasked.
    private func losses(
        before end: Instant, _ configuration: SchedulerConfiguration, _ draw: inout Seeded
    ) -> [Stimulus] {
        var stimuli: [Stimulus] = []
        for _ in 0..<draw.integer(in: 1...6) {
            let instance = InstanceID(draw.integer(in: 0...(configuration.instances - 1)))
            let lost = draw.unit()
            let back = lost + draw.exponential(mean: 0.1)
            stimuli.append(Stimulus(at: instant(lost, of: end), .lose(instance)))
            if draw.chance(0.9) {
                stimuli.append(Stimulus(at: instant(back, of: end), .restore(instance)))
            }
        }
        return stimuli
    }

    /// Some of those that went are tried before they come back, or instead.
    private func probes(after losses: [Stimulus], before end: Instant) -> [Stimulus] {
        var draw = random.split("probes")
        guard draw.chance(0.7) else { return [] }
        var stimuli: [Stimulus] = []
        for stimulus in losses {
            guard case .lose(let instance) = stimulus.kind else { continue }
            for _ in 0..<draw.integer(in: 0...3) {
                let later =
                    stimulus.at
                    + Interval(
                        milliseconds: draw.exponential(mean: 0.05)
                            * Instant.origin.interval(to: end).milliseconds)
                stimuli.append(Stimulus(at: later, .probe(instance)))
            }
        }
        return stimuli
    }

    private func arrivals(
        _ requests: Int, _ configuration: SchedulerConfiguration, _ device: DeviceModel
    ) -> [Stimulus] {
        var draw = random.split("arrivals")
        let capacity = 8 / device.mean(rows: 8) * Double(configuration.instances)
        let rate = capacity * draw.pick(0.1, 0.5, 0.9, 1.2, 3)
        let process = draw.pick(
            ArrivalProcess.even(rate: rate), .poisson(rate: rate),
            .modulated(rates: [rate / 4, rate * 4], dwell: 30 / rate),
            .clumps(rate: rate, alpha: 1.3))
        var gaps = ArrivalGaps(process, draw.split("gaps"))
        let shapes = draw.pick(1, 1, 2, 4)
        let mostRows = draw.pick(1, 1, 4, 40)
        let mostBytes = draw.pick(0, 100, 300)
        let hasOpenEnds = draw.chance(0.3)
        let isAnnounced = draw.chance(0.5)
        var clock = 0.0
        var stimuli: [Stimulus] = []
        for number in 1...UInt64(max(requests, 1)) {
            clock += gaps.next()
            let index = draw.integer(in: 0...(configuration.classes.count))
            let entry = configuration.classes[min(index, configuration.classes.count - 1)]
            let patience = entry.defaultDeadline.milliseconds
            let relative = draw.pick(
                patience, patience, draw.uniform(0, patience), draw.exponential(mean: patience), 0)
            let now = Instant.origin + Interval(milliseconds: clock)
            let isOpen = hasOpenEnds && draw.chance(0.2)
            let arrival = Arrival(
                id: RequestID(number), priorityClass: ClassIndex(index),
                deadline: isOpen ? .distantFuture : now + Interval(milliseconds: relative),
                rows: draw.integer(in: 1...mostRows), bytes: draw.integer(in: 0...mostBytes),
                shape: ShapeID(UInt64(draw.integer(in: 0...(shapes - 1)))),
                isFollowed: isAnnounced)
            stimuli.append(Stimulus(at: now, .arrive(arrival)))
        }
        return stimuli
    }

    private func cancels(
        of arrivals: [Stimulus], _ device: DeviceModel, _ draw: inout Seeded
    ) -> [Stimulus] {
        let probability = draw.pick(0.05, 0.5)
        var cancels: [Stimulus] = []
        for stimulus in arrivals where draw.chance(probability) {
            guard case .arrive(let arrival) = stimulus.kind else { continue }
            let delay = draw.exponential(mean: 3 * device.mean(rows: 8))
            let cancel = Stimulus(
                at: stimulus.at + Interval(milliseconds: delay), .cancel(arrival.id))
            cancels.append(cancel)
            if draw.chance(0.1) { cancels.append(cancel) }
        }
        return cancels
    }
}
