import SchedulerCore
import ServingModel

/// Policies with settings that are not the usual ones.
enum Policies {
    /// Each policy with settings, as it usually is.
    static var all: [Policy] { Policy.names.dropFirst().compactMap { Policy(named: $0) } }

    /// For every setting of every policy, the usual policy and one in which that setting differs.
    static var changes: [(Policy, Policy)] {
        statics + windows + tritons + bentoMLs + clippers + nexuses + clockworks + greedies
    }

    private static func pairs<Settings: Sendable>(
        _ usual: Settings, _ make: (Settings) -> Policy, _ changes: [Change<Settings>]
    ) -> [(Policy, Policy)] {
        checkCoverage(of: usual, changes)
        return changes.map { change in
            var settings = usual
            change.apply(&settings)
            return (make(usual), make(settings))
        }
    }

    private static var statics: [(Policy, Policy)] {
        pairs(
            StaticSettings(), Policy.staticBatch,
            [
                Change("batch") { $0.batch = 3 }, Change("maxWait") { $0.maxWait = .never },
            ])
    }

    private static var windows: [(Policy, Policy)] {
        pairs(
            WindowSettings(), Policy.window,
            [
                Change("maxBatch") { $0.maxBatch = nil },
                Change("window") { $0.window = .milliseconds(20) },
                Change("shortest") { $0.shortest = .milliseconds(1) },
                Change("longest") { $0.longest = .milliseconds(200) },
                Change("every") { $0.every = 2 }, Change("factor") { $0.factor = 1.5 },
                Change("smoothing") { $0.smoothing = 1 }, Change("weights") { $0.weights = [9] },
            ])
    }

    private static var tritons: [(Policy, Policy)] {
        pairs(
            TritonSettings(), Policy.triton,
            [
                Change("preferred") { $0.preferred = [128, 4] },
                Change("delay") { $0.delay = .milliseconds(5) },
                Change("maxBatch") { $0.maxBatch = 7 },
                Change("timeouts") { $0.timeouts = [.milliseconds(1), .never] },
                Change("timeoutAction") { $0.timeoutAction = .delay },
                Change("priorities") { $0.priorities = false },
                Change("maxQueue") { $0.maxQueue = 12 },
            ])
    }

    private static var bentoMLs: [(Policy, Policy)] {
        pairs(
            BentoMLSettings(), Policy.bentoml,
            [
                Change("maxBatch") { $0.maxBatch = 100 },
                Change("maxLatency") { $0.maxLatency = .seconds(1) },
                Change("keptCalls") { $0.keptCalls = 5 },
                Change("refresh") { $0.refresh = .seconds(6) },
                Change("wait") { $0.wait = .zero }, Change("decay") { $0.decay = 0.5 },
                Change("tick") { $0.tick = .microseconds(10) },
            ])
    }

    private static var clippers: [(Policy, Policy)] {
        pairs(
            ClipperSettings(), Policy.clipper,
            [
                Change("maxBatch") { $0.maxBatch = 3 },
                Change("budgetDecay") { $0.budgetDecay = 0.5 },
                Change("exploreMean") { $0.exploreMean = 0.3 },
                Change("exploreDeviation") { $0.exploreDeviation = 0 },
                Change("deviations") { $0.deviations = 1 },
                Change("minimumSamples") { $0.minimumSamples = 7 },
                Change("additiveUntil") { $0.additiveUntil = 5 },
                Change("fitEvery") { $0.fitEvery = 1 },
                Change("isPretrained") { $0.isPretrained = false },
                Change("seed") { $0.seed = .max },
            ])
    }

    private static var nexuses: [(Policy, Policy)] {
        pairs(
            NexusSettings(), Policy.nexus,
            [
                Change("maxBatch") { $0.maxBatch = 4 }, Change("batch") { $0.batch = 2 },
                Change("timeLimit") { $0.timeLimit = .milliseconds(50) },
            ])
    }

    private static var clockworks: [(Policy, Policy)] {
        pairs(
            ClockworkSettings(), Policy.clockwork,
            [
                Change("sizes") { $0.sizes = [1, 5] }, Change("maxBatch") { $0.maxBatch = 3 },
                Change("history") { $0.history = 7 }, Change("percentile") { $0.percentile = 1 },
                Change("initialMargin") { $0.initialMargin = 2 },
            ])
    }

    private static var greedies: [(Policy, Policy)] {
        pairs(
            GreedySettings(), Policy.greedy, [Change("maxBatch") { $0.maxBatch = 3 }])
    }
}
