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
}

/// The gaps of an arrival process, one after the other.
package struct ArrivalGaps: Sendable {
    private let process: ArrivalProcess
    private var random: Seeded
    private var phase = 0
    private var phaseLeft = 0.0
    private var clumpLeft = 0

    /// Gaps of `process`, drawn from `random`.
    package init(_ process: ArrivalProcess, _ random: Seeded) {
        self.process = process
        self.random = random
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
}
