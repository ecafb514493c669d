internal import ControlCore
internal import SchedulerTesting
internal import ServingModel
internal import Simulator
internal import Testing

@Suite("Latency model: prediction")
struct LatencyModelTests {
    @Test("A batch is promised the margin times the line")
    func line() {
        let model = LatencyModel(base: 1, perRow: 0.5)
        #expect(model.latency(rows: 0) == Interval(milliseconds: 1.05 * 1))
        #expect(model.latency(rows: 10) == Interval(milliseconds: 1.05 * 6))
    }

    @Test("Rows round up to whole tiles")
    func tiles() {
        let model = LatencyModel(base: 1, perRow: 0.5, tile: 8)
        #expect(model.latency(rows: 1) == model.latency(rows: 8))
        #expect(model.latency(rows: 8) < model.latency(rows: 9))
        #expect(model.latency(rows: 9) == model.latency(rows: 16))
        #expect(model.rows(within: model.latency(rows: 15)) == 16)
        #expect(model.rows(within: model.latency(rows: 8)) == 8)
        #expect(model.rows(within: model.latency(rows: 8) - Interval(nanoseconds: 1)) == 0)
    }

    @Test("Nothing fits no time, and everything fits forever")
    func inverseEnds() {
        let model = LatencyModel(base: 1, perRow: 0.5)
        #expect(model.rows(within: .zero) == 0)
        #expect(model.rows(within: .milliseconds(1)) == 0)
        #expect(model.rows(within: .never) >= 1_000_000)
        #expect(LatencyModel(base: 0, perRow: 0).rows(within: .seconds(1)) >= 1_000_000)
    }

    @Test("The batch of half efficiency is where the fixed cost is half of the time")
    func efficiency() {
        let model = LatencyModel(base: 4, perRow: 0.5)
        #expect(model.rows(atEfficiency: 0.5) == 8)
        #expect(LatencyModel(base: 4, perRow: 0.5, tile: 5).rows(atEfficiency: 0.5) == 10)
        #expect(LatencyModel(base: 0, perRow: 0.5, tile: 5).rows(atEfficiency: 0.5) == 5)
        #expect(LatencyModel(base: 1e9, perRow: 0).rows(atEfficiency: 0.5) == 1_000_000_000)
    }

    @Test("The stable batch keeps up with the rate, and is finite beyond capacity")
    func stable() {
        let model = LatencyModel(base: 1.39, perRow: 0.0793)
        let rows = model.stableRows(rate: 8)
        // The batch that takes just as long as its rows need to arrive.
        let cycle = model.latency(rows: Int(rows.rounded())).milliseconds
        #expect(abs(8 * cycle / rows - 1) < 0.01)
        #expect(model.stableRows(rate: 1_000).isFinite)
        #expect(model.stableRows(rate: 0) == 0)
    }

    @Test("Larger batches sustain more, up to the asymptote")
    func throughput() {
        let model = LatencyModel(base: 1.39, perRow: 0.0793)
        #expect(model.throughput(rows: 1) < model.throughput(rows: 10))
        #expect(model.throughput(rows: 100_000) < 1 / (0.0793 * 1.05))
        #expect(model.throughput(rows: 0) == model.throughput(rows: 1))
    }

    @Test("I11: promises rise with the rows, and the inverse is exact to one tile")
    func monotone() throws {
        try forEachSeed(count: 60) { seeded in
            var random = seeded
            let tile = random.pick(1, 1, 3, 8, 64)
            let scale = random.pick(1e-4, 0.005, 1, 5_000)
            var model = LatencyModel(
                base: scale * random.uniform(0, 10), perRow: scale * random.uniform(0, 1),
                tile: tile)
            for _ in 0..<40 {
                let rows = random.integer(in: 1...2_000)
                let noise = random.logNormal(median: 1, sigma: 0.5)
                model.observe(
                    rows: rows, took: Interval(milliseconds: scale * Double(rows) * noise))
                try require(model.margin >= 1 && model.margin <= 1.5, "margin \(model.margin)")
                try require(model.base >= 0 && model.perRow > 0, "line \(model)")
                let a = random.integer(in: 1...2_000)
                let b = a + random.integer(in: 0...100)
                try require(model.latency(rows: a) <= model.latency(rows: b), "\(a) \(b) \(model)")
                let promise = model.latency(rows: a)
                let fits = model.rows(within: promise)
                try require(fits >= a - tile, "\(fits) of \(a) rows fit \(promise): \(model)")
                try require(fits == 0 || model.latency(rows: fits) <= promise, "\(fits) \(model)")
            }
        }
    }
}
