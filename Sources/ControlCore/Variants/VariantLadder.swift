package import ServingModel

/// Which cheaper variants of a model are in memory, where they are brought in only when they are needed.
///
/// The next rung down is wanted when the cheapest variant in memory cannot keep up, and given up when the
/// next dearer one could do without it; each by a ``VariantHysteresis`` of its own. One rung moves at
/// a time, and the cheapest leaves first. A rung that could not be loaded is not tried again for a
/// while, which doubles with every failure.
///
/// The caller carries a move out, tells when it is done, and tells the scheduler: of a variant that came
/// once it is there, of one that goes before it leaves.
package struct VariantLadder: Sendable, Equatable {
    /// How a ladder is set.
    package struct Settings: Sendable, Equatable {
        /// When a rung is wanted.
        package var hysteresis = VariantHysteresis()
        /// How often to look.
        package var period = Interval.milliseconds(100)
        /// Pause after a load that failed for the first time.
        package var firstPause = Interval.seconds(1)
        /// The longest pause after failures.
        package var longestPause = Interval.seconds(60)

        /// The page's values, which are the simulator's.
        package init() {}
    }

    /// Where a variant is.
    package enum Residency: Sendable, Equatable {
        /// Not in memory.
        case absent
        /// On its way into memory.
        case loading
        /// In memory.
        case resident
        /// On its way out.
        case leaving
    }

    /// Something to be done.
    package struct Move: Sendable, Equatable {
        /// The variant that it is about.
        package var variant: VariantIndex
        /// Whether to load it or to unload it.
        package var decision: VariantHysteresis.Decision
        /// The reading that led to it, by the capacity without the variant.
        package var pressure: VariantPressure
        /// Whether a health rule asked for it.
        package var isPreferred: Bool
    }

    private struct Rung: Sendable, Equatable {
        var hysteresis: VariantHysteresis
        var residency = Residency.absent
        /// Pause after the next failure.
        var pause: Interval
        /// Not to be loaded before.
        var notBefore = Instant.origin
    }

    private let settings: Settings
    private var rungs: [Rung]
    private var nextLook = Instant.origin
    private var isClosed = false

    /// A ladder of so many cheaper variants, none of which is in memory.
    package init(variants: Int, _ settings: Settings = Settings()) {
        self.settings = settings
        rungs = Array(
            repeating: Rung(hysteresis: settings.hysteresis, pause: settings.firstPause),
            count: variants)
    }

    /// Where each cheaper variant is, dearest first.
    package var residencies: [Residency] { rungs.map(\.residency) }

    /// Whether none of them is in memory or moves.
    package var isEmpty: Bool { rungs.allSatisfy { $0.residency == .absent } }

    /// Whether one of them is on its way.
    package var isMoving: Bool {
        rungs.contains { $0.residency == .loading || $0.residency == .leaving }
    }

    /// Whether it is time to look: not at every event.
    package func isDue(at now: Instant) -> Bool { now >= nextLook && !isClosed }

    /// Decides whether a variant is to come or to go.
    ///
    /// - Parameters:
    ///   - preferred: The variant that a health rule prefers.
    ///   - pressure: Reads what there is to do, by the capacity of a variant.
    package mutating func look(
        preferred: VariantIndex = .full, at now: Instant,
        pressure: (VariantIndex) -> VariantPressure
    ) -> Move? {
        nextLook = now + settings.period
        let next = rungs.firstIndex { $0.residency != .resident } ?? rungs.count
        guard rungs[next...].allSatisfy({ $0.residency == .absent }) else { return nil }
        for rung in [next, next - 1] where rungs.indices.contains(rung) {
            guard now >= rungs[rung].notBefore else { continue }
            let reading = pressure(VariantIndex(rung))
            let isPreferred = preferred.rawValue > rung
            let decision = rungs[rung].hysteresis.decide(
                reading, isPreferred: isPreferred, at: now)
            guard let decision else { continue }
            rungs[rung].residency = decision == .load ? .loading : .leaving
            return Move(
                variant: VariantIndex(rung + 1), decision: decision, pressure: reading,
                isPreferred: isPreferred)
        }
        return nil
    }

    /// A variant is in memory.
    package mutating func loaded(_ variant: VariantIndex) {
        change(variant, from: .loading, to: .resident)
        rungs[variant.rawValue - 1].pause = settings.firstPause
    }

    /// A variant could not be loaded.
    package mutating func failed(_ variant: VariantIndex, at now: Instant) {
        change(variant, from: .loading, to: .absent)
        let index = variant.rawValue - 1
        rungs[index].hysteresis = settings.hysteresis
        rungs[index].notBefore = now + rungs[index].pause
        rungs[index].pause = min(rungs[index].pause * 2, settings.longestPause)
    }

    /// A variant has left memory.
    package mutating func left(_ variant: VariantIndex) {
        change(variant, from: .leaving, to: .absent)
    }

    /// Nothing shall move any more.
    package mutating func close() { isClosed = true }

    private mutating func change(
        _ variant: VariantIndex, from old: Residency, to new: Residency
    ) {
        precondition(
            rungs[variant.rawValue - 1].residency == old, "variant \(variant) is not \(old)")
        rungs[variant.rawValue - 1].residency = new
    }
}
