internal import ServingModel

/// Too much memory in use: fewer requests at a time.
///
/// What waits is what can be limited at once: it holds the clients' bytes, and it is what batches are made
/// of. A limit begins at what really waited, or one largest batch, because a fifth less than a maximum that
/// nobody comes near changes nothing. Each second above the threshold cuts it; each second below the calm one gives some
/// back; between them it stays, so that it settles in the band instead of swinging across it.
///
/// Where several cuts leave the memory as it was, it is not the requests that take it. Then refusing them
/// serves nobody, and the limit goes back, until the memory has risen again.
struct MemoryRule: Sendable, Equatable {
    /// Most requests that may wait; `nil` for no limit.
    private(set) var limit: Int?

    private var changedAt: Instant?
    /// Memory at the first cut, or when cuts were found futile.
    private var reference = 0.0
    private var cuts = 0
    private var isFutile = false

    mutating func decide(
        _ sample: HealthSample, _ settings: HealthSettings, at now: Instant
    ) -> HealthChange? {
        guard let memory = sample.memory else { return nil }
        if memory <= settings.mostMemory { cuts = 0 }
        if memory < settings.calmMemory { isFutile = false }
        if isFutile, memory > reference + 2 * settings.leastEffect { restart(memory) }
        guard changedAt.map({ $0.interval(to: now) >= settings.memoryPause }) ?? true else {
            return nil
        }
        if memory > settings.mostMemory, !isFutile {
            guard let next = cut(memory, sample, settings) else { return nil }
            return change(to: next, sample, memory, at: now)
        }
        guard memory < settings.calmMemory || isFutile, let limit else { return nil }
        // A limit that nobody comes near is on its way out.
        let growth = 2 * sample.mostWaiting < limit ? 2 : settings.recovery
        let grown = Int((Double(limit) * growth).rounded(.down))
        return change(to: max(grown, limit + 1), sample, memory, at: now)
    }

    private mutating func restart(_ memory: Double) {
        isFutile = false
        cuts = 0
        reference = memory
    }

    /// The next lower limit; `nil` where there is none, or cuts turn out to be futile.
    private mutating func cut(
        _ memory: Double, _ sample: HealthSample, _ settings: HealthSettings
    ) -> Int? {
        if cuts == 0 { reference = memory }
        if cuts >= settings.futileCuts, abs(memory - reference) < settings.leastEffect {
            isFutile = true
            reference = memory
            return nil
        }
        let present = min(limit ?? .max, max(sample.mostWaiting, sample.rows))
        let lower = Int((Double(present) * settings.cut).rounded(.down))
        let next = min(max(lower, settings.leastRequests), sample.longestQueue)
        cuts += 1
        return next == limit ? nil : next
    }

    private mutating func change(
        to requests: Int, _ sample: HealthSample, _ memory: Double, at now: Instant
    ) -> HealthChange {
        changedAt = now
        limit = requests < sample.longestQueue ? requests : nil
        return HealthChange(
            .memory, .requests(min(requests, sample.longestQueue)), figure: memory)
    }
}
