internal import ServingModel
internal import Simulator
internal import Testing

@Suite("Latency histogram")
struct LatencyHistogramTests {
    @Test("A quantile is within 0.2 percent of the exact one, whatever the magnitude")
    func error() {
        var random = Seeded(7)
        for scale in [1e2, 1e4, 1e6, 1e9, 1e12] {
            var histogram = LatencyHistogram()
            var exact: [UInt64] = []
            for _ in 0..<2_000 {
                let value = Interval(
                    nanoseconds: UInt64(random.logNormal(median: scale, sigma: 1)))
                histogram.add(value)
                exact.append(value.nanoseconds)
            }
            exact.sort()
            for quantile in [0.01, 0.5, 0.9, 0.99, 0.999, 1] {
                let rank = max(Int((quantile * 2_000).rounded(.up)) - 1, 0)
                let expected = Double(exact[rank]) / 1_000_000
                let measured = histogram.milliseconds(quantile: quantile)
                #expect(
                    abs(measured - expected) <= LatencyHistogram.relativeError * expected,
                    "\(quantile) of \(scale): \(measured) instead of \(expected)")
            }
        }
    }

    @Test("Small values are exact, and no value gives zero")
    func small() {
        var histogram = LatencyHistogram()
        #expect(histogram.milliseconds(quantile: 0.99) == 0)
        for value in [3, 500, 511] as [UInt64] { histogram.add(Interval(nanoseconds: value)) }
        #expect(histogram.milliseconds(quantile: 0.1) == 3e-6)
        #expect(histogram.milliseconds(quantile: 0.5) == 500e-6)
        #expect(histogram.milliseconds(quantile: 1) == 511e-6)
        #expect(histogram.greatest == Interval(nanoseconds: 511))
    }

    @Test("Values that are missing from the population are infinitely large")
    func strict() {
        var histogram = LatencyHistogram()
        for _ in 0..<99 { histogram.add(.milliseconds(1)) }
        #expect(histogram.milliseconds(quantile: 0.99, of: 100) < 1.01)
        #expect(histogram.milliseconds(quantile: 1, of: 100) == .infinity)
    }

    @Test("Two histograms add up to the histogram of all values")
    func sum() {
        var random = Seeded(8)
        var parts = [LatencyHistogram(), LatencyHistogram()]
        var whole = LatencyHistogram()
        for index in 0..<1_000 {
            let value = Interval(nanoseconds: UInt64(random.integer(in: 0...1_000_000_000)))
            parts[index % 2].add(value)
            whole.add(value)
        }
        parts[0].add(parts[1])
        for quantile in [0.1, 0.5, 0.9, 0.99] {
            #expect(
                parts[0].milliseconds(quantile: quantile) == whole.milliseconds(quantile: quantile))
        }
        #expect(abs(parts[0].meanMilliseconds - whole.meanMilliseconds) < 1e-9)
    }
}
