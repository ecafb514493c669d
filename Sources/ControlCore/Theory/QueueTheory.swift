/// What arithmetic says about a batch device before anything is simulated.
///
/// The device needs `base + perRow * rows` milliseconds for a batch; `devices` of them share one queue.
/// All rates are rows per millisecond, all times milliseconds. The traffic is a fluid: it has no bursts, so
/// these are the best figures that any policy can reach, and a measured curve lies above them.
package struct QueueTheory: Sendable, Equatable {
    /// Milliseconds of a batch without rows (`a`).
    package var base: Double

    /// Milliseconds that each row adds (`c`).
    package var perRow: Double

    /// Devices that take batches from one queue (`M`).
    package var devices: Int

    /// Factor from the fluid's longest stay to a P99 under Poisson arrivals; measured, 1.15 to 1.3.
    package static let poissonFactor = 1.3

    /// Theory for `devices` that need `base + perRow * rows` milliseconds.
    package init(base: Double, perRow: Double, devices: Int = 1) {
        precondition(base >= 0 && perRow > 0, "a device has base >= 0 and perRow > 0")
        precondition(devices >= 1, "theory needs a device")
        self.base = base
        self.perRow = perRow
        self.devices = devices
    }

    /// Rate that batches of unbounded size approach: `M / c`.
    package var capacity: Double { Double(devices) / perRow }

    /// Rate that batches of `rows` sustain.
    package func capacity(batch rows: Int) -> Double {
        Double(devices * rows) / (base + perRow * Double(rows))
    }

    /// Part of the capacity that `rate` asks for, `λc / M`.
    package func utilisation(rate: Double) -> Double { rate / capacity }

    /// The mean stay in an M/M/1 queue that serves `service` a millisecond: `1 / (μ - λ)`; `nil` when
    /// the queue grows without end.
    package static func singleServerStay(rate: Double, service: Double) -> Double? {
        rate < service ? 1 / (service - rate) : nil
    }

    /// Length of a batch when each takes what arrived during the one before, `a / (1 - ρ)`; `nil` at or
    /// above the capacity.
    package func cycle(rate: Double) -> Double? {
        let free = 1 - utilisation(rate: rate)
        return free > 0 ? base / free : nil
    }

    /// Rows of such a batch, `(λ/M) a / (1 - ρ)`: the smallest that keeps up with `rate`.
    package func stableBatch(rate: Double) -> Double? {
        cycle(rate: rate).map { $0 * rate / Double(devices) }
    }

    /// The longest stay: a request just misses a batch, waits until the next device is free, and rides a
    /// whole batch, `(1 + 1/M) a / (1 - ρ)`. For one device this is `2a / (1 - λc)`.
    package func longestStay(rate: Double) -> Double? {
        cycle(rate: rate).map { $0 * (1 + 1 / Double(devices)) }
    }

    /// The 99 % quantile of the stay without bursts: a request that arrives at a uniform moment.
    package func steadyP99(rate: Double) -> Double? {
        cycle(rate: rate).map { $0 * (1 + 0.99 / Double(devices)) }
    }

    /// The highest rate at which nobody need miss a deadline of `deadline`, `(1 - 2a/D) / c` for one
    /// device; 0 when not even a lone request makes it.
    package func zeroMissRate(deadline: Double) -> Double {
        guard deadline > 0 else { return 0 }
        return max(1 - (1 + 1 / Double(devices)) * base / deadline, 0) * capacity
    }

    /// The utilisation beyond which the P99 under Poisson arrivals exceeds `deadline`: `1 - 2ak/D` for
    /// one device. It is a property of the device and the deadline, not a fixed 80 %.
    package func knee(deadline: Double, factor: Double = poissonFactor) -> Double {
        guard deadline > 0 else { return 0 }
        return max(1 - (1 + 1 / Double(devices)) * base * factor / deadline, 0)
    }

    /// Rows per millisecond that can be answered in time while `rate` are offered.
    ///
    /// Above ``zeroMissRate(deadline:)`` a policy that drops early fills each batch with what has just
    /// enough time left: the cycle `L` solves `λ(D - L) = (L - a) / c`, and `(L - a) / (cL)` are served.
    package func servedRate(offered rate: Double, deadline: Double) -> Double {
        guard rate > zeroMissRate(deadline: deadline) else { return rate }
        let cycle = (rate * deadline * perRow + base) / (rate * perRow + 1)
        guard cycle > base else { return 0 }
        return min(rate, Double(devices) * (cycle - base) / (perRow * cycle))
    }
}
