/// How requests arrive in time; rates are per millisecond.
package enum ArrivalProcess: Sendable, Equatable {
    /// Equal gaps.
    case even(rate: Double)
    /// Independent exponential gaps.
    case poisson(rate: Double)
    /// Poisson whose rate jumps between the listed ones, staying `dwell` milliseconds on average.
    case modulated(rates: [Double], dwell: Double)
    /// Poisson moments at which a whole clump comes; clump sizes are Pareto with index `alpha`.
    case clumps(rate: Double, alpha: Double)
    /// The same with sizes cut to `most`, and moments rare enough that `rate` counts requests exactly.
    case boundedClumps(rate: Double, alpha: Double, most: Int)
    /// Poisson whose rate goes round through the listed ones; the stay at each is exponentially distributed
    /// with the mean of the same position, in milliseconds.
    case phases(rates: [Double], dwells: [Double])
    /// Poisson with a rate that follows a profile.
    case profile(RateProfile)
}

/// The gaps of an arrival process, one after the other.
package struct ArrivalGaps: Sendable {
    private let process: ArrivalProcess
    private var random: Seeded
    private var phase = 0
    private var phaseLeft = 0.0
    private var clumpLeft = 0
    /// Milliseconds so far.
    private var clock = 0.0
    /// Gap between the moments of bounded clumps.
    private let momentGap: Double

    /// Gaps of `process`, drawn from `random`.
    package init(_ process: ArrivalProcess, _ random: Seeded) {
        self.process = process
        self.random = random
        if case .boundedClumps(let rate, let alpha, let most) = process {
            momentGap = Self.meanClump(alpha: alpha, most: most) / rate
        } else {
            momentGap = 0
        }
    }

    /// Mean of a Pareto from 1, cut to `most` and rounded down: the sum of the chances to reach each size.
    private static func meanClump(alpha: Double, most: Int) -> Double {
        (1...max(most, 1)).reduce(0) { $0 + power(Double($1), -alpha) }
    }

    /// Milliseconds to the next arrival.
    package mutating func next() -> Double {
        switch process {
        case .even(let rate):
            return 1 / rate
        case .poisson(let rate):
            return random.exponential(mean: 1 / rate)
        case .modulated(let rates, let dwell):
            return modulated(rates, dwell)
        case .phases(let rates, let dwells):
            return phased(rates, dwells)
        case .profile(let profile):
            return thinned(profile)
        case .boundedClumps(_, let alpha, let most):
            if clumpLeft > 0 {
                clumpLeft -= 1
                return 0
            }
            let size = random.pareto(least: 1, alpha: alpha)
            clumpLeft = (size < Double(most) ? Int(size) : most) - 1
            return random.exponential(mean: momentGap)
        case .clumps(let rate, let alpha):
            if clumpLeft > 0 {
                clumpLeft -= 1
                return 0
            }
            // The mean of a Pareto from 1 is alpha / (alpha - 1); moments are rarer by that factor.
            clumpLeft = min(Int(random.pareto(least: 1, alpha: alpha)), 1_000) - 1
            return random.exponential(mean: alpha / (alpha - 1) / rate)
        }
    }

    private mutating func modulated(_ rates: [Double], _ dwell: Double) -> Double {
        var gap = 0.0
        while true {
            if phaseLeft <= 0 {
                phase = random.integer(in: 0...(rates.count - 1))
                phaseLeft = random.exponential(mean: dwell)
            }
            let candidate = random.exponential(mean: 1 / rates[phase])
            if candidate <= phaseLeft {
                phaseLeft -= candidate
                return gap + candidate
            }
            gap += phaseLeft
            phaseLeft = 0
        }
    }

    private mutating func phased(_ rates: [Double], _ dwells: [Double]) -> Double {
        var gap = 0.0
        if clock == 0 {
            // A stationary start: a phase is met as often as it lasts.
            var rest = random.unit() * dwells.reduce(0, +)
            phase = dwells.count - 1
            for index in dwells.indices.dropLast() {
                rest -= dwells[index]
                if rest < 0 {
                    phase = index
                    break
                }
            }
            phaseLeft = random.exponential(mean: dwells[phase])
        }
        while true {
            let candidate =
                rates[phase] > 0 ? random.exponential(mean: 1 / rates[phase]) : .infinity
            if candidate <= phaseLeft {
                phaseLeft -= candidate
                clock += gap + candidate
                return gap + candidate
            }
            gap += phaseLeft
            phase = (phase + 1) % rates.count
            phaseLeft = random.exponential(mean: dwells[phase])
        }
    }

    /// Thinning (Lewis and Shedler, 1979): candidates at the highest rate, each kept with the part that the
    /// rate at its time has of the highest.
    private mutating func thinned(_ profile: RateProfile) -> Double {
        let start = clock
        let highest = profile.highest
        guard highest > 0 else { return .infinity }
        while clock < 1e12 {
            clock += random.exponential(mean: 1 / highest)
            if random.unit() * highest < profile.rate(at: clock) { return clock - start }
        }
        return .infinity
    }
}
