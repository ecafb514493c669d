package import ServingModel

/// When the health rules act, and how far they may go. The thresholds are those of the rules' source; what
/// is added is when a rule lets go again, and how often it may change its mind.
package struct HealthSettings: Sendable, Equatable {
    /// Which of the rules are on.
    package var rules: Set<HealthRule> = [.batches, .memory, .latency]
    /// Whether changes are only told, and not made.
    package var isDryRun = false

    /// Batches may become larger while a model delivers less than this part of its best throughput.
    package var leastUtilization = 0.85
    /// By how much they may become larger at a time.
    package var batchGrowth = 1.5
    /// From one growth to the next; twice as long after each that did not fit the memory.
    package var batchPause = Interval.seconds(5)
    /// No pause is longer.
    package var longestBatchPause = Interval.seconds(600)

    /// Fewer requests may wait while more than this part of the memory is in use.
    package var mostMemory = 0.90
    /// More may wait again while less than this part is; between the two nothing changes.
    package var calmMemory = 0.80
    /// What a cut leaves.
    package var cut = 0.8
    /// What a second gives back.
    package var recovery = 1.05
    /// From one change of the limit to the next.
    package var memoryPause = Interval.seconds(1)
    /// So many may wait whatever happens.
    package var leastRequests = 1
    /// After so many cuts without an effect the requests are not what takes the memory.
    package var futileCuts = 5
    /// What counts as an effect, as a part of the memory.
    package var leastEffect = 0.01

    /// A cheaper variant is preferred while the mean latency is above this.
    package var slow = Interval.milliseconds(500)
    /// For so long it must have been.
    package var slowFor = Interval.seconds(2)
    /// The dearer variant is back below this part of the full model's capacity.
    package var calmLoad = 0.85
    /// For so long the load must have been.
    package var calmFor = Interval.seconds(5)
    /// From one change of the preference to the next.
    package var latencyPause = Interval.seconds(10)

    /// The page's defaults.
    package init() {}
}

/// The rules.
package enum HealthRule: String, Sendable, Equatable, CaseIterable {
    /// Too little is delivered while work waits: larger batches.
    case batches
    /// Too much memory is in use: less at a time.
    case memory
    /// Answers take too long: a cheaper variant.
    case latency
}

/// What a rule wants changed.
package enum HealthDecision: Sendable, Equatable {
    /// A batch may have so many rows.
    case rows(Int)
    /// So many requests may wait.
    case requests(Int)
    /// Batches are computed by this variant or a cheaper one, where requests allow it.
    case variant(VariantIndex)
}

/// A change, and the figure that it was made for.
package struct HealthChange: Sendable, Equatable {
    /// The rule that made it.
    package var rule: HealthRule
    /// What is changed.
    package var decision: HealthDecision
    /// The utilisation or the part of the memory, from 0 to 1, or the mean latency in milliseconds.
    package var figure: Double

    /// Makes a change.
    package init(_ rule: HealthRule, _ decision: HealthDecision, figure: Double) {
        self.rule = rule
        self.decision = decision
        self.figure = figure
    }
}
