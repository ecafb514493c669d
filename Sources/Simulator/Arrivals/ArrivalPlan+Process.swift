extension ArrivalPlan {
    /// The mean rate in requests per second over a run of `seconds`, micro-bursts and all.
    package func meanRatePerSecond(over seconds: Double) -> Double {
        let bursts = microBursts.map { Double($0.size) / $0.everyMilliseconds * 1_000 } ?? 0
        return bursts + process.meanRatePerSecond(over: seconds)
    }

    /// The same plan with every rate `factor` times as high; a trace is played faster.
    package func scaled(by factor: Double) -> ArrivalPlan {
        var copy = self
        copy.process = process.scaled(by: factor)
        copy.microBursts?.everyMilliseconds /= factor
        return copy
    }
}

extension ArrivalPlan.Process {
    /// The process with rates per millisecond; `nil` for a trace, which has no process.
    var arrivalProcess: ArrivalProcess? {
        switch self {
        case .poisson(let rate): return .poisson(rate: rate / 1_000)
        case .even(let rate): return .even(rate: rate / 1_000)
        case .mmpp(let rates, let dwells):
            let count = rates.count
            return .phases(
                rates: rates.map { $0 / 1_000 },
                dwells: (0..<count).map { dwells[min($0, dwells.count - 1)] })
        case .pareto(let rate, let alpha, let maxClump):
            return .boundedClumps(rate: rate / 1_000, alpha: alpha, most: maxClump)
        case .diurnal, .step, .ramp: return profile.map { .profile($0) }
        case .trace: return nil
        }
    }

    private var profile: RateProfile? {
        switch self {
        case .diurnal(let rate, let amplitude, let period):
            .sinusoidal(mean: rate / 1_000, amplitude: amplitude, period: period * 1_000)
        case .step(let levels, let times):
            .levels(
                zip(times, levels).map { RateProfile.Point(at: $0 * 1_000, rate: $1 / 1_000) })
        case .ramp(let points):
            .points(
                points.map {
                    RateProfile.Point(at: $0.second * 1_000, rate: $0.ratePerSecond / 1_000)
                })
        case .poisson, .even, .mmpp, .pareto, .trace: nil
        }
    }

    func meanRatePerSecond(over seconds: Double) -> Double {
        switch self {
        case .poisson(let rate), .even(let rate), .pareto(let rate, _, _): return rate
        case .mmpp(let rates, let dwells):
            let stays = rates.indices.map { dwells[min($0, dwells.count - 1)] }
            let requests = zip(rates, stays).reduce(0) { $0 + $1.0 * $1.1 }
            return requests / stays.reduce(0, +)
        case .diurnal, .step, .ramp:
            return (profile?.mean(until: seconds * 1_000) ?? 0) * 1_000
        case .trace(let plan):
            guard let last = plan.records.last, last.milliseconds > 0 else { return 0 }
            return Double(plan.records.count) / last.milliseconds * 1_000 * plan.speed
        }
    }

    func scaled(by factor: Double) -> ArrivalPlan.Process {
        switch self {
        case .poisson(let rate): return .poisson(ratePerSecond: rate * factor)
        case .even(let rate): return .even(ratePerSecond: rate * factor)
        case .mmpp(let rates, let dwells):
            return .mmpp(ratesPerSecond: rates.map { $0 * factor }, dwellMilliseconds: dwells)
        case .diurnal(let rate, let amplitude, let period):
            return .diurnal(
                ratePerSecond: rate * factor, amplitude: amplitude, periodSeconds: period)
        case .pareto(let rate, let alpha, let maxClump):
            return .pareto(ratePerSecond: rate * factor, alpha: alpha, maxClump: maxClump)
        case .step(let levels, let times):
            return .step(levelsPerSecond: levels.map { $0 * factor }, atSeconds: times)
        case .ramp(let points):
            return .ramp(
                points: points.map {
                    RatePoint(second: $0.second, ratePerSecond: $0.ratePerSecond * factor)
                })
        case .trace(var plan):
            plan.speed *= factor
            return .trace(plan)
        }
    }
}
