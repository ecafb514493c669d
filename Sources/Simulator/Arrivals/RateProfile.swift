/// A rate, per millisecond, that is a function of the time in milliseconds.
package enum RateProfile: Sendable, Equatable {
    /// `mean * (1 + amplitude * sin(2 pi t / period))`.
    case sinusoidal(mean: Double, amplitude: Double, period: Double)
    /// Each level from its time on; the first time is 0.
    case levels([Point])
    /// Linear between the points, constant before the first and after the last.
    case points([Point])

    /// A time in milliseconds and the rate from there on, or there.
    package struct Point: Sendable, Equatable {
        /// The time.
        package var at: Double
        /// The rate.
        package var rate: Double

        /// Makes a point.
        package init(at: Double, rate: Double) {
            self.at = at
            self.rate = rate
        }
    }

    /// The rate at `time`, never negative.
    package func rate(at time: Double) -> Double {
        switch self {
        case .sinusoidal(let mean, let amplitude, let period):
            return max(mean * (1 + amplitude * sine(turns: time / period)), 0)
        case .levels(let levels):
            return levels.last { $0.at <= time }?.rate ?? 0
        case .points(let points):
            guard let next = points.firstIndex(where: { $0.at > time }) else {
                return points.last?.rate ?? 0
            }
            guard next > 0 else { return points[0].rate }
            let from = points[next - 1]
            let to = points[next]
            return from.rate + (to.rate - from.rate) * (time - from.at) / (to.at - from.at)
        }
    }

    /// A rate that is never exceeded.
    package var highest: Double {
        switch self {
        case .sinusoidal(let mean, let amplitude, _): mean * (1 + abs(amplitude))
        case .levels(let list), .points(let list): list.map(\.rate).max() ?? 0
        }
    }

    /// The mean rate from 0 to `end`.
    package func mean(until end: Double) -> Double {
        guard end > 0 else { return rate(at: 0) }
        switch self {
        case .sinusoidal(let mean, let amplitude, let period):
            let turns = end / period
            // The integral of sin over t turns is (1 - cos) / 2 pi = sin^2(pi t) / pi.
            let half = sine(turns: turns / 2)
            return mean * (1 + amplitude * half * half / (turns * 3.141592653589793))
        case .levels(let list):
            var sum = 0.0
            for (index, level) in list.enumerated() {
                let until = index + 1 < list.count ? list[index + 1].at : end
                sum += level.rate * max(min(until, end) - level.at, 0)
            }
            return sum / end
        case .points(let list):
            // The trapezium rule is exact between the points.
            let times = ([0] + list.map(\.at) + [end]).filter { $0 >= 0 && $0 <= end }.sorted()
            var sum = 0.0
            for (from, to) in zip(times, times.dropFirst()) {
                sum += (rate(at: from) + rate(at: to)) / 2 * (to - from)
            }
            return sum / end
        }
    }
}
