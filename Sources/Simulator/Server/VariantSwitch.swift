package import ControlCore
package import ServingModel

/// The part of a live server that loads a cheaper variant under overload and unloads it afterwards, with
/// hysteresis. While the variant is loaded, each batch chooses as if it had always been there.
package struct VariantSwitch: Sendable {
    /// When to load and unload.
    package var hysteresis = VariantHysteresis()
    /// How long a load takes.
    package var loadTime: Interval

    private var arrivals = DecayedRate(timeConstant: .milliseconds(100))
    private var rejects = DecayedRate(timeConstant: .milliseconds(200))
    private var nextLook = Instant.origin
    private var loadEnd = Instant.distantFuture
    private var isResident = false

    /// How often the hysteresis looks.
    private static let period = Interval.milliseconds(100)

    /// A switch whose variant is not loaded yet.
    package init(loadTime: Interval) {
        self.loadTime = loadTime
    }

    mutating func arrived(rows: Int, at now: Instant) { arrivals.add(rows, at: now) }

    mutating func rejected(at now: Instant) { rejects.add(1, at: now) }

    /// Whether somebody has to look: not at every event.
    func isDue(at now: Instant) -> Bool { now >= nextLook || now >= loadEnd }

    /// Whether the variant is resident from now on; `nil` when nothing changes. `capacity` is in rows per
    /// millisecond.
    mutating func look(capacity: Double, at now: Instant) -> Bool? {
        if now >= loadEnd {
            loadEnd = .distantFuture
            isResident = true
            return true
        }
        guard now >= nextLook else { return nil }
        nextLook = now + Self.period
        let pressure = VariantPressure(
            rate: arrivals.value(at: now), capacity: capacity, rejected: rejects.value(at: now))
        switch hysteresis.decide(pressure, at: now) {
        case .load: loadEnd = now + loadTime
        case .unload:
            loadEnd = .distantFuture
            guard isResident else { return nil }
            isResident = false
            return false
        case nil: break
        }
        return nil
    }
}
