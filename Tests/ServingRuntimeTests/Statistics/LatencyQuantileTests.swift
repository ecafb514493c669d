import ServingModel
import ServingRuntime
import Testing

@Suite("Quantiles of a latency histogram")
struct LatencyQuantileTests {
    @Test("A quantile lies within its bucket, as far in as its share of the bucket's samples")
    func interpolated() {
        var histogram = LatencyHistogram()
        #expect(histogram.quantile(0.5) == nil)
        for _ in 0..<100 { histogram.record(.milliseconds(2)) }
        #expect(histogram.quantile(1) == Interval(milliseconds: 2.5))
        #expect(histogram.quantile(0.5) == Interval(milliseconds: 1.75))
        histogram.record(.seconds(100))
        #expect(histogram.quantile(1) == .seconds(60))
    }

    @Test("The difference of two readings holds what came between them")
    func difference() {
        var histogram = LatencyHistogram()
        histogram.record(.milliseconds(1))
        let before = histogram
        histogram.record(.milliseconds(40))
        let later = histogram.since(before)
        #expect(later.count == 1 && later.sum == .milliseconds(40))
        #expect(later.quantile(1) == .milliseconds(50))
    }
}
