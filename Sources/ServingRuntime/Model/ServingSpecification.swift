package import ControlCore
package import EngineAPI
package import ServingModel

/// How one model version shall be served.
package struct ServingSpecification: Sendable {
    /// What clients see.
    package var interface: ModelInterface

    /// Copies of the model that run side by side, at least 1.
    package var instances: Int

    /// Priority classes, most important first.
    package var classes: [PriorityClass]

    /// Most requests that may wait.
    package var maxQueuedRequests: Int

    /// Most payload bytes that may wait.
    package var maxQueuedBytes: Int

    /// Names of the model's variants, the full model's own first, then the cheaper ones, dearest first;
    /// empty where there is but one.
    package var variants: [String] = []

    /// How the cheaper variants come into memory when they are needed; `nil` for always being there.
    package var variantLoading: VariantLoading?

    /// Rows that the engine rounds a batch up to; 1 when it does not.
    package var tile: Int

    /// Whether instances compute on cores that event loops need too, because there are not enough.
    package var sharesCores: Bool

    /// The device that it computes on beside other models, one batch or step at a time; `nil` for one of its
    /// own. A model on a shared device has one instance.
    package var device: DeviceArbiter?

    /// Decides when it is in memory; `nil` for always.
    package var memory: MemoryManager?

    /// Records what the scheduler is told and answers; `nil` for no recording.
    package var recorder: TraceRecorder?

    /// What is remembered about requests that have ended.
    package var decisions = DecisionSettings()

    /// When instances that do not work are taken out of service; `nil` for never.
    package var breaker: BreakerSettings? = BreakerSettings()

    /// When settings are changed because the model is not well; `nil` for never.
    package var health: HealthSettings?

    /// Told of each change of the health rules, made or, in a dry run, not made.
    package var onHealthChange: @Sendable (HealthChange) -> Void = { _ in }

    /// Whether answers are looked at before they leave: extents other than the declared ones, and numbers that
    /// are not finite, count as failures.
    package var checksOutputs = false

    /// Told when an instance is taken out of service, tried, or put back to work.
    package var onInstanceChange: @Sendable (BreakerDecision) -> Void = { _ in }

    /// Told when an instance was made anew, or could not be.
    package var onRenewal: @Sendable (InstanceID, EngineError?) -> Void = { _, _ in }

    /// Told of every batch that the engine failed, on the instance's thread.
    package var onEngineFailure: @Sendable (EngineError) -> Void

    /// A specification with the default limits.
    package init(
        interface: ModelInterface, instances: Int = 1,
        classes: [PriorityClass] = PriorityClass.defaultTable, maxQueuedRequests: Int = 16_384,
        maxQueuedBytes: Int = 1 << 30, tile: Int = 1, sharesCores: Bool = false,
        onEngineFailure: @escaping @Sendable (EngineError) -> Void = { _ in }
    ) {
        self.interface = interface
        self.instances = instances
        self.classes = classes
        self.maxQueuedRequests = maxQueuedRequests
        self.maxQueuedBytes = maxQueuedBytes
        self.tile = tile
        self.sharesCores = sharesCores
        self.onEngineFailure = onEngineFailure
    }
}
