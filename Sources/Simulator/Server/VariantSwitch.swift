internal import ControlCore
package import ServingModel

/// The part of a live server that loads a cheaper variant under overload and unloads it afterwards, by the
/// same ladder. While the variant is loaded, each batch chooses as if it had always been there.
package struct VariantSwitch: Sendable {
    private static let variant = VariantIndex(1)

    /// How long a load takes.
    package var loadTime: Interval

    private var ladder = VariantLadder(variants: 1)
    private var arrivals = DecayedRate(timeConstant: .milliseconds(100))
    private var rejects = DecayedRate(timeConstant: .milliseconds(200))
    private var loadEnd = Instant.distantFuture

    /// A switch whose variant is not loaded yet.
    package init(loadTime: Interval) {
        self.loadTime = loadTime
    }

    mutating func arrived(rows: Int, at now: Instant) { arrivals.add(rows, at: now) }

    mutating func rejected(at now: Instant) { rejects.add(1, at: now) }

    /// Whether somebody has to look: not at every event.
    func isDue(at now: Instant) -> Bool { ladder.isDue(at: now) || now >= loadEnd }

    /// Whether the variant is resident from now on; `nil` when nothing changes. `capacity` is in rows per
    /// millisecond.
    mutating func look(capacity: Double, at now: Instant) -> Bool? {
        if now >= loadEnd {
            loadEnd = .distantFuture
            ladder.loaded(Self.variant)
            return true
        }
        guard ladder.isDue(at: now) else { return nil }
        let pressure = VariantPressure(
            rate: arrivals.value(at: now), capacity: capacity, rejected: rejects.value(at: now))
        switch ladder.look(at: now, pressure: { _ in pressure })?.decision {
        case .load:
            loadEnd = now + loadTime
            return nil
        case .unload:
            ladder.left(Self.variant)
            return false
        case nil: return nil
        }
    }
}
