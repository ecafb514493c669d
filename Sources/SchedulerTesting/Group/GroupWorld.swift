package import SchedulerCore
internal import ServingModel
package import Simulator
package import TraceFormat

/// Everything that determines a simulated run of several models.
package struct GroupWorld: Sendable, CustomStringConvertible {
    /// What the group is told at construction.
    package var configuration: GroupConfiguration
    /// What a batch costs, by model.
    package var costs: [GangModel]
    /// What the world outside does.
    package var stimuli: [GroupStimulus]
    /// Source of the devices' noise and faults.
    package var random: Seeded
    /// Probability that a load fails.
    package var loadFailureProbability = 0.0

    /// Makes a world without failing loads.
    package init(
        _ configuration: GroupConfiguration, costs: [GangModel], _ stimuli: [GroupStimulus],
        _ random: Seeded
    ) {
        self.configuration = configuration
        self.costs = costs
        self.stimuli = stimuli
        self.random = random
    }

    /// Runs it to its end, every action and the group's own books verified on the way.
    package func run() throws -> (outcome: GroupOutcome, hash: StableHash) {
        var options = VirtualGroupServer.Options(costs: costs, random)
        options.loadFailureProbability = loadFailureProbability
        options.maxEvents = 60 * stimuli.count + 2_000
        var server = VirtualGroupServer(configuration, options)
        var checker = GroupChecker(configuration)
        var hash = StableHash()
        let outcome = try server.run(stimuli) { now, event, answer, group in
            try checker.check(event, answer, at: now)
            hash.combine("\(now.nanoseconds) \(event)")
            for action in answer.actions { hash.combine("\(action)") }
            for id in answer.members { hash.combine(id.rawValue) }
            if case .arrived(_, let arrival) = event, arrival.isFollowed { return }
            group.checkInvariants()
        }
        try checker.finish()
        return (outcome, hash)
    }

    /// Configuration and stimuli, as text.
    package var description: String {
        let events = stimuli.map { "  \($0.at.nanoseconds) \($0.kind)" }
        return (["\(configuration)", "\(costs)", "\(stimuli.count) stimuli:"] + events)
            .joined(separator: "\n")
    }
}
