internal import ServingModel

/// Answers that take too long: a cheaper variant, though the full model would still keep its promises.
///
/// It comes when the mean latency has been too high for a while and the full model has much to do, and goes
/// when the load, by itself, no longer needs it: the latency cannot tell, because the variant has lowered
/// it. A model that is slow without much to do would not be quicker in the queue, and keeps its quality.
struct LatencyRule: Sendable, Equatable {
    /// How many steps down the ladder are preferred.
    private(set) var level = 0

    private var changedAt: Instant?
    private var slow = Persistence()
    private var calm = Persistence()

    mutating func decide(
        _ sample: HealthSample, _ settings: HealthSettings, at now: Instant
    ) -> HealthChange? {
        let latency = sample.meanLatency ?? .zero
        let isSlow = latency > settings.slow && sample.load >= settings.calmLoad
        let isCalm = sample.load < settings.calmLoad
        let wantsCheaper = slow.lasts(isSlow, for: settings.slowFor, at: now)
        let wantsDearer = calm.lasts(isCalm, for: settings.calmFor, at: now)
        guard changedAt.map({ $0.interval(to: now) >= settings.latencyPause }) ?? true else {
            return nil
        }
        if wantsCheaper, level < sample.cheaperVariants {
            level += 1
        } else if wantsDearer, level > 0 {
            level -= 1
        } else {
            return nil
        }
        changedAt = now
        slow.forget()
        calm.forget()
        return HealthChange(
            .latency, .variant(VariantIndex(level)), figure: latency.milliseconds)
    }
}
