package import ServingModel

/// The memory of a simulated server's process.
package struct ProcessMemory: Sendable, Equatable {
    /// Megabytes that it may have; beyond them the system ends the process.
    package var limitMB: Double
    /// Megabytes that it has without requests.
    package var residentMB: Double
    /// Megabytes that each request takes that waits or runs.
    package var perRequestMB: Double
    /// Megabytes that something else in the process adds each second.
    package var driftMBPerSecond: Double
    /// From the end of the process to the moment when it serves again.
    package var restart: Interval

    /// Makes a model; see the properties.
    package init(
        limitMB: Double, residentMB: Double = 0, perRequestMB: Double = 0,
        driftMBPerSecond: Double = 0, restartSeconds: Double = 5
    ) {
        self.limitMB = limitMB
        self.residentMB = residentMB
        self.perRequestMB = perRequestMB
        self.driftMBPerSecond = driftMBPerSecond
        restart = Interval(milliseconds: restartSeconds * 1_000)
    }

    /// Megabytes in use with so many requests, `now` after the start.
    func used(requests: Int, since start: Instant, at now: Instant) -> Double {
        residentMB + perRequestMB * Double(requests)
            + driftMBPerSecond * start.interval(to: now).seconds
    }
}

/// A time in which the memory of a device holds batches of so many rows only.
package struct Squeeze: Sendable, Equatable {
    /// When it begins.
    package var from: Instant
    /// When it ends.
    package var until: Instant
    /// Most rows that fit.
    package var rows: Int

    /// Makes a squeeze.
    package init(fromSecond: Double, toSecond: Double, rows: Int) {
        from = .origin + Interval(milliseconds: fromSecond * 1_000)
        until = .origin + Interval(milliseconds: toSecond * 1_000)
        self.rows = rows
    }

    func holds(at now: Instant) -> Bool { from <= now && now < until }
}
