package import ControlCore
package import ServingModel

/// How long a simulated device needs for a batch: `base + perRow * ceil(rows / tile) * tile`, with
/// log-normal noise, and now and then a stall or a failure.
package struct DeviceModel: Sendable, Equatable {
    /// Milliseconds of a batch without rows.
    package var base: Double
    /// Milliseconds that each row adds.
    package var perRow: Double
    /// Rows that the device rounds a batch up to.
    package var tile = 1
    /// Deviation of the logarithm of the noise; 0 for none.
    package var noise = 0.0
    /// Probability that a batch stalls.
    package var stallProbability = 0.0
    /// Bounds of a stall's length in milliseconds.
    package var stallMilliseconds = 20.0...60.0
    /// Probability that a batch fails after running.
    package var failureProbability = 0.0

    /// Durations of the cheaper variants as parts of the full model's, dearest first.
    package var variantFactors: [Double] = []

    /// A device without noise and faults.
    package init(base: Double, perRow: Double, tile: Int = 1) {
        self.base = base
        self.perRow = perRow
        self.tile = tile
    }

    /// Device E of the scheduling notes: small fixed cost.
    package static let easy = DeviceModel(base: 0.696, perRow: 0.0792).noisy()

    /// Device M of the scheduling notes, the usual one.
    package static let medium = DeviceModel(base: 1.390, perRow: 0.0793).noisy()

    /// Device H of the scheduling notes: large fixed cost.
    package static let hard = DeviceModel(base: 3.070, perRow: 0.0770).noisy()

    /// The same device with the notes' noise of 2 % and stalls in one batch of 2,000.
    package func noisy(stallProbability: Double = 0.0005) -> DeviceModel {
        var copy = self
        copy.noise = 0.02
        copy.stallProbability = stallProbability
        return copy
    }

    /// The same device, computing in whole tiles.
    package func tiled(_ tile: Int) -> DeviceModel {
        var copy = self
        copy.tile = tile
        return copy
    }

    /// Milliseconds of a batch without noise.
    package func mean(rows: Int) -> Double {
        base + perRow * Double((rows + tile - 1) / tile * tile)
    }

    /// The duration of one run; `variant` 0 is the full model.
    package func sample(rows: Int, variant: Int = 0, _ random: inout Seeded) -> Interval {
        var duration = mean(rows: rows)
        if variant > 0, !variantFactors.isEmpty {
            duration *= variantFactors[min(variant, variantFactors.count) - 1]
        }
        return disturbed(duration, &random)
    }

    /// What noise and stalls make of a duration in milliseconds.
    func disturbed(_ milliseconds: Double, _ random: inout Seeded) -> Interval {
        var duration = milliseconds
        if noise > 0 { duration *= random.logNormal(median: 1, sigma: noise) }
        if stallProbability > 0, random.chance(stallProbability) {
            duration += random.uniform(stallMilliseconds.lowerBound, stallMilliseconds.upperBound)
        }
        return Interval(milliseconds: duration)
    }

    /// What a server has learnt from warm-up: four runs of each of six sizes, each size `unit` times as
    /// many rows where a row has a length.
    package func warmedUp(
        _ random: Seeded, tileKnown: Bool = true, variant: Int = 0, unit: Int = 1
    ) -> LatencyModel {
        var random = random
        var runs: [(rows: Int, took: Interval)] = []
        for _ in 0..<4 {
            for rows in [1, 8, 32, 128, 256, 512] {
                let size = rows * unit
                runs.append((size, sample(rows: size, variant: variant, &random)))
            }
        }
        return LatencyModel(warmUp: runs, tile: tileKnown ? tile : 1)
    }
}
