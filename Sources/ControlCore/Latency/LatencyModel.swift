package import ServingModel

/// What a device is expected to need for a batch, learnt online: `margin * (base + perRow * rows)`.
///
/// Recursive least squares with forgetting on the *relative* error, so that small and large batches
/// count alike; outliers (stalls) are winsorised before they can move the line; `margin` follows the
/// 95 % quantile of observed over predicted, so that a prediction is a promise and not a mean.
/// Rows are rounded up to `tile`, the granularity in which the engine really computes.
///
/// Invariants: `base >= 0`, `perRow > 0`, `margin` in [1, 1.5]; the prediction is monotone in rows.
package struct LatencyModel: Sendable, Equatable {
    /// Rows that the engine rounds a batch up to; 1 when it does not.
    package let tile: Int

    /// Milliseconds of a batch without rows.
    package private(set) var base: Double

    /// Milliseconds that each row adds.
    package private(set) var perRow: Double

    /// Factor from the mean to the promised latency, in [1, 1.5].
    package private(set) var margin = 1.05

    /// Batches seen.
    package private(set) var observations = 0

    /// Running mean deviation of observed over predicted, scaled to a standard deviation.
    private var sigma = 0.02

    /// Covariance of (base, perRow) and its ceiling; the ceiling stops the wind-up that forgetting
    /// causes while the batch size hardly varies.
    private var covariance: Covariance
    private let ceiling: Covariance

    private struct Covariance: Sendable, Equatable {
        var base: Double
        var cross: Double
        var perRow: Double
    }

    private static let forgetting = 0.995
    private static let smallestSlope = 1e-6

    /// A line to start from; `base` and `perRow` in milliseconds.
    package init(base: Double, perRow: Double, tile: Int = 1) {
        precondition(tile >= 1, "a tile has at least one row, not \(tile)")
        self.tile = tile
        self.base = max(base, 0)
        self.perRow = max(perRow, Self.smallestSlope)
        // The page's prior, diag(4, 0.01), belongs to a device with L(1) = 1.47 ms. Scaling it with
        // the square of L(1) lets a 5 us model and a 5 s model learn alike.
        let unit = max((self.base + self.perRow * Double(tile)) / 1.47, 1e-6)
        covariance = Covariance(base: 4 * unit * unit, cross: 0, perRow: 0.01 * unit * unit)
        ceiling = Covariance(base: 1e3 * unit * unit, cross: 0, perRow: 10 * unit * unit)
    }

    /// A line through warm-up runs, given as rows and the time each run took.
    ///
    /// Uses the fastest run of each size, because warm-up runs only err upwards, then lets all runs
    /// pass through ``observe(rows:took:)`` once so that margin and confidence are seeded too.
    package init(warmUp runs: [(rows: Int, took: Interval)], tile: Int = 1) {
        var fastest: [(rows: Double, took: Double)] = []
        for run in runs.sorted(by: { ($0.rows, $0.took) < ($1.rows, $1.took) }) {
            let rows = Double(Self.effective(run.rows, tile: tile))
            if fastest.last?.rows != rows { fastest.append((rows, run.took.milliseconds)) }
        }
        let line = Self.fit(fastest)
        self.init(base: line.base, perRow: line.perRow, tile: tile)
        for run in runs { observe(rows: run.rows, took: run.took) }
    }

    /// The promised latency of a batch of `rows`.
    package func latency(rows: Int) -> Interval {
        Interval(milliseconds: margin * mean(rows: rows))
    }

    /// The most rows whose promised latency is within `limit`; 0 when not even one row is.
    package func rows(within limit: Interval) -> Int {
        let exact = (limit.milliseconds / margin - base) / perRow
        guard exact >= Double(tile) else { return 0 }
        guard exact < 1e9 else { return 1_000_000_000 }
        let rows = Int(exact) / tile * tile
        // Rounding in the division must not promise more than `latency(rows:)` does.
        return latency(rows: rows) <= limit ? rows : rows - tile
    }

    /// Whether small and large batches are promised to be shorter than by `other`.
    package func isQuicker(than other: LatencyModel) -> Bool {
        latency(rows: 1) < other.latency(rows: 1)
            && latency(rows: 1 << 20) < other.latency(rows: 1 << 20)
    }

    /// Rows per millisecond that batches of `rows` sustain.
    package func throughput(rows: Int) -> Double {
        Double(max(rows, 1)) / max(margin * mean(rows: max(rows, 1)), 1e-9)
    }

    /// The batch that reaches `share` of the asymptotic throughput `1 / perRow`, at least one tile.
    package func rows(atEfficiency share: Double) -> Int {
        let exact = share * base / (perRow * (1 - share))
        guard exact < 1e9 else { return 1_000_000_000 }
        return max((Int(exact.rounded(.up)) + tile - 1) / tile * tile, tile)
    }

    /// The smallest batch that is stable at `rate` rows per millisecond (the page's b*).
    package func stableRows(rate: Double) -> Double {
        rate * base * margin / max(0.02, 1 - rate * perRow * margin)
    }

    /// The smallest batch that keeps up with `rate` rows per millisecond, at most `limit`: that many, too,
    /// where none does.
    package func rows(keepingUpWith rate: Double, atMost limit: Int) -> Int {
        guard rate * perRow * margin < 1 else { return limit }
        return Int(min(stableRows(rate: rate).rounded(.up), Double(limit)))
    }

    /// Learns from one batch.
    package mutating func observe(rows: Int, took: Interval) {
        let predicted = max(mean(rows: rows), 1e-9)
        let raw = took.milliseconds / predicted
        let ratio = min(raw, 1 + max(0.15, 4 * sigma))
        sigma = 0.98 * sigma + 0.02 * 1.25 * abs(ratio - 1)
        let step = observations < 200 ? 0.01 : 0.003
        margin += raw > margin ? step * 0.95 : -step * 0.05
        margin = min(max(margin, 1), 1.5)
        observations += 1
        update(
            rows: Double(Self.effective(rows, tile: tile)), ratio: ratio, predicted: predicted)
    }

    private mutating func update(rows: Double, ratio: Double, predicted: Double) {
        let x0 = 1 / predicted
        let x1 = rows / predicted
        let p0 = covariance.base * x0 + covariance.cross * x1
        let p1 = covariance.cross * x0 + covariance.perRow * x1
        let gain = 1 / (Self.forgetting + x0 * p0 + x1 * p1)
        let error = ratio - (base * x0 + perRow * x1)
        base = max(base + gain * p0 * error, 0)
        perRow = max(perRow + gain * p1 * error, Self.smallestSlope)
        let shrunk = Covariance(
            base: covariance.base - gain * p0 * p0,
            cross: covariance.cross - gain * p0 * p1,
            perRow: covariance.perRow - gain * p1 * p1)
        let forget = 1 / Self.forgetting
        let grows = shrunk.base * forget < ceiling.base && shrunk.perRow * forget < ceiling.perRow
        let factor = grows ? forget : 1
        covariance = Covariance(
            base: shrunk.base * factor, cross: shrunk.cross * factor,
            perRow: shrunk.perRow * factor)
    }

    private func mean(rows: Int) -> Double {
        base + perRow * Double(Self.effective(rows, tile: tile))
    }

    private static func effective(_ rows: Int, tile: Int) -> Int {
        (rows + tile - 1) / tile * tile
    }

    /// Least squares on the relative error; a lone point is split into half base, half slope.
    private static func fit(_ points: [(rows: Double, took: Double)]) -> (
        base: Double, perRow: Double
    ) {
        guard let first = points.first else { return (1, 0.1) }
        guard points.count > 1 else {
            return (first.took / 2, first.took / 2 / max(first.rows, 1))
        }
        var s0 = 0.0
        var s1 = 0.0
        var s2 = 0.0
        var t0 = 0.0
        var t1 = 0.0
        for point in points {
            let weight = 1 / max(point.took * point.took, 1e-18)
            s0 += weight
            s1 += weight * point.rows
            s2 += weight * point.rows * point.rows
            t0 += weight * point.took
            t1 += weight * point.rows * point.took
        }
        let determinant = s0 * s2 - s1 * s1
        guard determinant > 0 else { return (first.took, smallestSlope) }
        let slope = (s0 * t1 - s1 * t0) / determinant
        guard slope > 0 else { return (first.took, smallestSlope) }
        let base = (t0 - slope * s1) / s0
        guard base >= 0 else { return (0, t1 / s2) }
        return (base, slope)
    }
}

extension LatencyModel {
    /// All that a model consists of, so that a recorded run can start again from the very same bits.
    package struct State: Sendable, Equatable {
        /// Rows that the engine rounds a batch up to, at least 1.
        package var tile = 1
        /// Milliseconds of a batch without rows, at least 0.
        package var base = 1.0
        /// Milliseconds that each row adds, above 0.
        package var perRow = 0.1
        /// Factor from the mean to the promised latency, in [1, 1.5].
        package var margin = 1.05
        /// Batches seen.
        package var observations = 0
        /// Running deviation of observed over predicted.
        package var sigma = 0.02
        /// Covariance of base and slope: variance of the base, their product, variance of the slope.
        package var covariance = [0.0, 0.0, 0.0]
        /// Where the covariance stops to grow, in the same order.
        package var ceiling = [0.0, 0.0, 0.0]

        /// A state to be filled in.
        package init() {}
    }

    /// The model as it is now.
    package var state: State {
        var state = State()
        state.tile = tile
        state.base = base
        state.perRow = perRow
        state.margin = margin
        state.observations = observations
        state.sigma = sigma
        state.covariance = [covariance.base, covariance.cross, covariance.perRow]
        state.ceiling = [ceiling.base, ceiling.cross, ceiling.perRow]
        return state
    }

    /// The model that had this state.
    package init(_ state: State) {
        precondition(state.tile >= 1, "a tile has at least one row, not \(state.tile)")
        precondition(
            state.covariance.count == 3 && state.ceiling.count == 3, "a covariance has three parts")
        tile = state.tile
        base = state.base
        perRow = state.perRow
        margin = state.margin
        observations = state.observations
        sigma = state.sigma
        covariance = Self.covariance(state.covariance)
        ceiling = Self.covariance(state.ceiling)
    }

    private static func covariance(_ parts: [Double]) -> Covariance {
        Covariance(base: parts[0], cross: parts[1], perRow: parts[2])
    }
}
