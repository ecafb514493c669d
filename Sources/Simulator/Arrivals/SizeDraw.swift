/// Draws the sizes of a plan.
struct SizeDraw: Sendable {
    private let plan: SizePlan
    private var random: Seeded

    init(_ plan: SizePlan, _ random: Seeded) {
        self.plan = plan
        self.random = random
    }

    mutating func next() -> Int {
        switch plan {
        case .fixed(let size): return size
        case .uniform(let range): return random.integer(in: range)
        case .logNormal(let median, let sigma, let range):
            let value = random.logNormal(median: median, sigma: sigma).rounded()
            return Int(
                min(max(value, Double(range.lowerBound)), Double(range.upperBound)))
        case .choice(let sizes):
            var rest = random.unit() * sizes.reduce(0) { $0 + $1.weight }
            for candidate in sizes.dropLast() {
                rest -= candidate.weight
                if rest < 0 { return candidate.size }
            }
            return sizes.last?.size ?? 1
        }
    }
}

/// Counts how many requests bring an input that has come before.
struct RepeatedInputs: Sendable {
    private let share: Double
    private let cumulative: [Double]
    private var seen: [Bool]
    private var random: Seeded

    init(_ plan: PopularInputs, _ random: Seeded) {
        share = plan.share
        self.random = random
        var sum = 0.0
        cumulative = (1...max(plan.inputs, 1)).map {
            sum += 1 / Double($0)
            return sum
        }
        seen = Array(repeating: false, count: cumulative.count)
    }

    /// Of `requests`, the number that an unlimited cache of answers would have caught.
    mutating func count(of requests: Int) -> Int {
        var caught = 0
        for _ in 0..<requests where random.unit() < share {
            let point = random.unit() * cumulative[cumulative.count - 1]
            var low = 0
            var high = cumulative.count - 1
            while low < high {
                let middle = (low + high) / 2
                if cumulative[middle] > point { high = middle } else { low = middle + 1 }
            }
            if seen[low] { caught += 1 }
            seen[low] = true
        }
        return caught
    }
}
