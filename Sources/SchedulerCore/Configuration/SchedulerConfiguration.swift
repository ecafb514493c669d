package import ControlCore
package import ServingModel

/// Everything that a ``Scheduler`` is told once, at construction.
///
/// Together with the list of timed events it determines every action: a run is
/// `(configuration, [(time, event)])`.
package struct SchedulerConfiguration: Sendable, Equatable {
    /// Priority classes, most important first; at least one.
    package var classes: [PriorityClass]

    /// Instances that share the queue.
    package var instances: Int

    /// Most rows in one batch.
    package var maxBatchRows: Int

    /// Most requests that may wait.
    package var maxQueuedRequests: Int

    /// Most payload bytes that may wait.
    package var maxQueuedBytes: Int

    /// Most different input shapes that may wait at the same time; each shape batches by itself.
    package var maxShapes: Int

    /// Time between the engine's answer and the client's, kept free in every promise.
    package var guardInterval: Interval

    /// Share of the asymptotic throughput below which protecting a more important class must not
    /// push the batches of lesser ones.
    package var minEfficiency: Double

    /// When a request that will not make its deadline is told so.
    package var fastFail: FastFail

    /// Memory of the arrival rates.
    package var rateTimeConstant: Interval

    /// What is known about the device before the first batch.
    package var latency: LatencyModel

    /// Who decides which requests ride a batch.
    package var policy: Policy

    /// Whether somebody else says when an instance may run: no event but ``Event/granted(_:_:)`` starts
    /// a batch. For models that share devices; see ``DeviceGroup``.
    package var isArbitrated: Bool

    /// What is known about the cheaper variants of the model, dearest first; empty when there are none.
    /// Which variant computes a batch is decided for each batch.
    package var cheaperVariants: [LatencyModel]

    /// Whether the cheaper variants are loaded from the start; otherwise each waits for its event
    /// ``Event/variant(_:isResident:)``.
    package var variantsAreResident: Bool

    /// How requests of different lengths share a batch; `nil` when the model does not pad. With it,
    /// ``latency`` counts padded units instead of rows.
    package var lengths: LengthPolicy?

    /// Fair shares of device time between tenants within a class, and their quotas; `nil` for none.
    package var tenants: TenantPolicy?

    /// Kinds of input with class tables and shares of their own; empty when the model has but one.
    package var modalities: [Modality]

    /// Whether a request whose class has used up its part of the queue may wait in the next lesser
    /// class instead; each class's part is the same. Never applies to the most important class.
    package var degradesWhenFull: Bool

    /// Shorter batches at the onset of a burst; `nil` for never.
    package var burstSplit: BurstSplit?

    /// How requests that are due at about the same time are ordered; `nil` for strictly by deadline.
    package var score: MultimodalScore?

    /// The page's defaults for one instance of a model with `latency`.
    package init(
        classes: [PriorityClass] = PriorityClass.defaultTable, instances: Int = 1,
        maxBatchRows: Int, latency: LatencyModel
    ) {
        self.classes = classes
        self.instances = instances
        self.maxBatchRows = maxBatchRows
        self.latency = latency
        maxQueuedRequests = 16_384
        maxQueuedBytes = 1 << 30
        maxShapes = 64
        guardInterval = .microseconds(500)
        minEfficiency = 0.5
        rateTimeConstant = .milliseconds(100)
        fastFail = .head
        policy = .slackAware
        isArbitrated = false
        cheaperVariants = []
        variantsAreResident = true
        modalities = []
        degradesWhenFull = false
    }

    /// Most units of a batch: rows, or padded units where lengths are set.
    var maxBatchSize: Int { lengths?.maxBatchUnits ?? maxBatchRows }

    /// What is wrong with it, `nil` when a scheduler can be built with it. Edges ask before they build
    /// one; a scheduler traps.
    package var problem: ConfigurationProblem? {
        do {
            try validate()
            return nil
        } catch {
            return error
        }
    }

    func validate() throws(ConfigurationProblem) {
        try require(!classes.isEmpty, "a scheduler needs at least one priority class")
        try require(instances >= 0, "negative number of instances: \(instances)")
        try require(maxBatchRows >= 1, "a batch holds at least one row, not \(maxBatchRows)")
        try require(maxQueuedRequests >= 1, "the queue holds at least one request")
        try require(maxQueuedBytes >= 1, "the queue holds at least one byte")
        try require(maxShapes >= 1, "the queue holds at least one shape")
        try require(
            minEfficiency > 0 && minEfficiency < 1, "min efficiency \(minEfficiency) not in (0, 1)")
        try require(rateTimeConstant > .zero, "rates need a positive time constant")
        for entry in classes {
            try require(entry.weight >= 1, "class \(entry.name) has weight \(entry.weight) < 1")
            try require(
                entry.floorShare >= 0 && entry.floorShare <= 0.5,
                "class \(entry.name) has floor share \(entry.floorShare) outside [0, 0.5]")
        }
        try policy.validate()
        try lengths?.validate()
        try require(
            lengths == nil || policy.keepsDeadlines, "policy \(policy.name) knows no lengths")
        try tenants?.validate()
        try burstSplit?.validate()
        try score?.validate()
        for modality in modalities { try modality.validate(classes: classes.count) }
    }
}
