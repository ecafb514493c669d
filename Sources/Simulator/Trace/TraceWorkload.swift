internal import ControlCore
package import SchedulerCore
internal import ServingModel
package import TraceFormat

/// The traffic of a recorded run, ready to meet another policy.
///
/// Arrivals and cancellations are those of the recording, with their classes, deadlines, sizes and shapes.
/// The device is simulated: its line and its noise are learnt from the recorded batches. Requests that the
/// live server turned away before they were parsed have left no arrival; ``turnedAway`` counts them.
package struct TraceWorkload: Sendable {
    /// Whose traffic it is, and what its scheduler was built with.
    package let header: TraceHeader

    /// Requests that came.
    package private(set) var requests = 0

    /// Requests that were turned away before they came, and are not played.
    package private(set) var turnedAway = 0

    /// What the world did, in order of time.
    package private(set) var stimuli: [Stimulus] = []

    /// The device as it was in the recording.
    package var device: DeviceModel {
        let state = learnt.state
        var device = DeviceModel(base: state.base, perRow: state.perRow, tile: state.tile)
        device.noise = min(state.sigma, 0.3)
        return device
    }

    private var learnt: LatencyModel
    private let origin: Instant
    /// Present number of each living request, because a server uses its own numbers again.
    private var numbers: [RequestID: RequestID] = [:]
    /// The batch that each instance runs.
    private var running: [Launch?]
    private var started: [Instant]

    private init(_ header: TraceHeader, origin: Instant) {
        self.header = header
        self.origin = origin
        learnt = header.configuration.latency
        running = Array(repeating: nil, count: header.configuration.instances)
        started = Array(repeating: .origin, count: header.configuration.instances)
    }

    /// The traffic of every scheduler in a trace; whether the trace is whole does not matter.
    ///
    /// - Throws: ``TraceProblem`` for a line that is not understood, and what the source throws.
    package static func read(_ source: @escaping LineReader.Source) throws -> [TraceWorkload] {
        var reader = TraceReader(source)
        var workloads: [TraceWorkload] = []
        while let item = try reader.next() {
            switch item {
            case .scheduler(let header):
                workloads.append(TraceWorkload(header, origin: reader.origin))
            case .step(let number, let step, _): workloads[number - 1].take(step)
            case .end: break
            }
        }
        return workloads
    }

    // MARK: Reading

    private mutating func take(_ step: Step) {
        let at = shifted(step.input.at)
        switch step.input.event {
        case .arrived(var arrival):
            requests += 1
            let number = RequestID(UInt64(requests))
            numbers[arrival.id] = number
            arrival.id = number
            if arrival.deadline != .distantFuture { arrival.deadline = shifted(arrival.deadline) }
            stimuli.append(Stimulus(at: at, .arrive(arrival)))
        case .cancelled(let id):
            if let number = numbers[id] { stimuli.append(Stimulus(at: at, .cancel(number))) }
        case .completed(let instance, let result):
            learn(instance.rawValue, result, at: step.input.at)
        case .turnedAway(_, let rows): turnedAway += rows
        case .variant(let variant, let isResident):
            stimuli.append(Stimulus(at: at, .variant(variant, isResident: isResident)))
        case .limited(let rows): stimuli.append(Stimulus(at: at, .limit(rows: rows)))
        case .queueLimited(let requests):
            stimuli.append(Stimulus(at: at, .limitQueue(requests: requests)))
        case .preferred(let variant): stimuli.append(Stimulus(at: at, .prefer(variant)))
        case .instanceReady, .instanceLost, .probe, .timerFired, .draining, .granted, .held: break
        }
        for case .launch(let launch) in step.actions
        where running.indices.contains(launch.instance.rawValue) {
            running[launch.instance.rawValue] = launch
            started[launch.instance.rawValue] = step.input.at
        }
    }

    private mutating func learn(_ instance: Int, _ result: BatchResult, at now: Instant) {
        guard running.indices.contains(instance), let launch = running[instance] else { return }
        running[instance] = nil
        guard result == .success, launch.variant == .full else { return }
        learnt.observe(
            rows: launch.rows * max(launch.paddedLength, 1),
            took: started[instance].interval(to: now))
    }

    private func shifted(_ time: Instant) -> Instant {
        .origin + origin.interval(to: time)
    }

    // MARK: Playing

    /// The recording as a scenario, for reports: its classes, its devices and how long it took.
    package var scenario: Scenario {
        var scenario = Scenario(name: "\(header.model) version \(header.version), recorded")
        scenario.devices.count = header.configuration.instances
        scenario.devices.baseMilliseconds = device.base
        scenario.devices.perItemMilliseconds = device.perRow
        scenario.devices.tile = device.tile
        scenario.devices.noise = device.noise
        scenario.classes = header.configuration.classes.map { entry in
            var plan = ScenarioClass(
                name: entry.name, deadlineMilliseconds: entry.defaultDeadline.milliseconds)
            plan.weight = entry.weight
            plan.floorShare = entry.floorShare
            return plan
        }
        let last = stimuli.last.map { Instant.origin.interval(to: $0.at).milliseconds } ?? 0
        scenario.durationSeconds = (last.rounded(.down) + 1) / 1_000
        scenario.warmupSeconds = 0
        return scenario
    }

    /// Plays the traffic to `policy` on simulated devices and answers the figures.
    ///
    /// - Throws: ``ConfigurationProblem`` when the policy's settings cannot be used, ``TraceProblem`` when
    ///   there is nothing to play.
    package func run(_ policy: Policy, seed: UInt64 = 1) throws -> PolicyReport {
        guard requests > 0, header.configuration.instances > 0 else {
            throw TraceProblem(line: 1, "no request of \(header.model) came; allowed: at least one")
        }
        var configuration = header.configuration
        configuration.policy = policy
        configuration.latency = learnt
        configuration.isArbitrated = false
        if let problem = configuration.problem { throw problem }
        let devices = Array(repeating: device, count: configuration.instances)
        var server = VirtualServer(
            configuration, VirtualServer.Options(devices: devices, Seeded(seed)))
        let outcome = try server.run(stimuli)
        var completed = CompletedRun()
        completed.fill(
            from: outcome, configuration.classes.map(\.name),
            seconds: max(outcome.measuredSeconds, 1e-9))
        var report = PolicyReport(name: policy.name)
        report.figures = completed.figures
        report.classes = completed.classes
        return report
    }
}
