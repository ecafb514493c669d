internal import ControlCore
internal import Foundation
internal import SchedulerCore
internal import ServingModel
internal import Simulator

/// What decisions cost on this machine: the shipping scheduler, in real time, under a steady queue.
struct DecisionCost {
    /// Rows of the batches that it forms.
    static let batch = 350

    /// Lengths of the queue that it is measured at.
    static let depths = [1_000, 100_000]

    /// Microseconds for one arrival, by block of ``batch`` arrivals.
    private(set) var arrivals: [Double] = []

    /// Microseconds from a completed batch to the next one.
    private(set) var picks: [Double] = []

    private static let rounds = 300
    private static let roundsBefore = 30

    /// Measures one policy with `depth` requests waiting.
    init(_ policy: Policy, depth: Int) {
        let latency = LatencyModel(base: 1.39, perRow: 0.0793)
        var configuration = SchedulerConfiguration(
            classes: [
                PriorityClass(
                    name: "only", weight: 1, floorShare: 0, defaultDeadline: .seconds(3_600))
            ], maxBatchRows: Self.batch, latency: latency)
        configuration.maxQueuedRequests = depth * 2 + Self.batch
        configuration.policy = policy
        var scheduler = Scheduler(configuration)
        var buffer = ActionBuffer()
        var now = Instant.origin
        var id: UInt64 = 0
        func arrive(_ count: Int) {
            for _ in 0..<count {
                id += 1
                // Deadlines ascend in steps that let the oldest waiting request still make its own.
                let deadline = now + .seconds(3_600) + Interval(nanoseconds: id)
                let arrival = Arrival(
                    id: RequestID(id), priorityClass: ClassIndex(0), deadline: deadline)
                buffer.removeAll()
                scheduler.handle(.arrived(arrival), at: now, into: &buffer)
            }
        }
        scheduler.handle(.instanceReady(InstanceID(0)), at: now, into: &buffer)
        arrive(1)
        var runs = buffer.hasLaunch
        arrive(depth + Self.batch - 1)
        let clock = ContinuousClock()
        for round in 0..<(Self.roundsBefore + Self.rounds) {
            runs = runs || buffer.hasLaunch
            // Some policies wait for company; their timer starts the batch.
            while !runs, let wakeup = scheduler.nextWakeup {
                now = max(now, wakeup)
                buffer.removeAll()
                scheduler.handle(.timerFired, at: now, into: &buffer)
                runs = buffer.hasLaunch
            }
            guard runs else { return }
            now = now + .milliseconds(29)
            buffer.removeAll()
            let pick = clock.measure {
                scheduler.handle(.completed(InstanceID(0), .success), at: now, into: &buffer)
            }
            runs = buffer.hasLaunch
            let arrival = clock.measure { arrive(Self.batch) }
            guard round >= Self.roundsBefore else { continue }
            picks.append(pick / .microseconds(1))
            arrivals.append(arrival / .microseconds(1) / Double(Self.batch))
        }
    }

    /// The table for every policy of a scenario.
    static func lines(of scenario: Scenario) -> [String] {
        var lines = [
            "What decisions cost here: a batch of \(batch) out of a steady queue, median (P99) in µs"
        ]
        let width = max(scenario.policies.map(\.name.count).max() ?? 0, 6)
        for policy in scenario.policies {
            var line = "  " + policy.name.padding(toLength: width, withPad: " ", startingAt: 0)
            for depth in depths {
                let cost = DecisionCost(policy.policy, depth: depth)
                guard !cost.picks.isEmpty else {
                    line += "   \(depth) waiting: never starts a batch"
                    continue
                }
                line += String(
                    format: "   %6d waiting: arrive %5.2f, pick %6.1f (%.1f)", depth,
                    median(cost.arrivals), median(cost.picks), quantile(cost.picks, 0.99))
            }
            lines.append(line)
        }
        return lines
    }

    private static func median(_ values: [Double]) -> Double { quantile(values, 0.5) }

    private static func quantile(_ values: [Double], _ part: Double) -> Double {
        let sorted = values.sorted()
        return sorted[min(Int(part * Double(sorted.count)), sorted.count - 1)]
    }
}

extension ActionBuffer {
    fileprivate var hasLaunch: Bool {
        actions.contains { if case .launch = $0 { true } else { false } }
    }
}
