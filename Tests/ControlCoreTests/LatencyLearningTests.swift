internal import ControlCore
internal import SchedulerTesting
internal import ServingModel
internal import Simulator
internal import Testing

@Suite("Latency model: learning")
struct LatencyLearningTests {
    /// How far a promise, without its margin, is from the device's mean, relatively.
    static func error(_ model: LatencyModel, _ device: DeviceModel, rows: Int) -> Double {
        abs((model.base + model.perRow * Double(rows)) / device.mean(rows: rows) - 1)
    }

    @Test(
        "A model that starts ten times off finds devices of any speed",
        arguments: [0.000_5, 0.005, 1, 5_000], [0.1, 10])
    func convergence(scale: Double, error: Double) throws {
        let device = DeviceModel(base: 1.39 * scale, perRow: 0.0793 * scale)
        try forEachSeed(count: 3) { seeded in
            var random = seeded
            var noisy = device
            noisy.noise = 0.02
            var model = LatencyModel(base: device.base * error, perRow: device.perRow * error)
            for _ in 0..<1_000 {
                let rows = random.integer(in: 1...500)
                model.observe(rows: rows, took: noisy.sample(rows: rows, &random))
            }
            for rows in [1, 30, 500] {
                let off = Self.error(model, device, rows: rows)
                try require(off < 0.08, "\(rows) rows: \(off), \(model)")
            }
        }
    }

    @Test("Warm-up finds the line from few runs, and the margin covers most of the noise")
    func warmUp() throws {
        try forEachSeed(count: 10) { random in
            let device = DeviceModel.medium.noisy(stallProbability: 0)
            var model = device.warmedUp(random)
            for rows in [1, 60, 500] {
                try require(Self.error(model, device, rows: rows) < 0.05, "\(rows): \(model)")
            }
            var noise = random.split("noise")
            var kept = 0
            for _ in 0..<1_000 {
                let took = device.sample(rows: 350, &noise)
                if took <= model.latency(rows: 350) { kept += 1 }
                model.observe(rows: 350, took: took)
            }
            // The margin is the 95 % quantile; its steps let it swing by about two points.
            try require((900...985).contains(kept), "\(kept) of 1000 promises kept")
        }
    }

    @Test("Warm-up works from one size, from one run and from none")
    func poorWarmUp() {
        let none = LatencyModel(warmUp: [])
        #expect(none.latency(rows: 1) > .zero)
        let one = LatencyModel(warmUp: [(rows: 4, took: .milliseconds(8))])
        #expect(abs(one.latency(rows: 4).milliseconds - 8 * one.margin) < 0.1)
        let falling = LatencyModel(
            warmUp: [(rows: 1, took: .milliseconds(8)), (rows: 8, took: .milliseconds(4))])
        #expect(falling.perRow > 0)
        #expect(falling.base >= 0)
        let instant = LatencyModel(warmUp: [(rows: 1, took: .zero), (rows: 2, took: .zero)])
        #expect(instant.latency(rows: 1) >= .zero)
    }

    @Test("I11: one stall of a hundred times the usual moves no promise by more than two percent")
    func stall() throws {
        try forEachSeed(count: 20) { seeded in
            var random = seeded
            let device = DeviceModel.medium.noisy(stallProbability: 0)
            var model = device.warmedUp(random.split("warm-up"))
            for _ in 0..<300 {
                let rows = random.integer(in: 1...500)
                model.observe(rows: rows, took: device.sample(rows: rows, &random))
            }
            let before = model
            let rows = random.integer(in: 1...500)
            model.observe(rows: rows, took: Interval(milliseconds: 100 * device.mean(rows: rows)))
            for rows in [1, 30, 350, 1_000] {
                let moved =
                    model.latency(rows: rows).milliseconds
                    / before.latency(rows: rows).milliseconds - 1
                try require(abs(moved) < 0.02, "\(rows) rows: \(moved)")
            }
        }
    }

    @Test(
        "A device that becomes twice as slow is covered by the promise within two hundred batches")
    func slowdown() {
        var model = LatencyModel(base: 1.39, perRow: 0.0793)
        var random = Seeded(11)
        var device = DeviceModel(base: 1.39, perRow: 0.0793)
        device.noise = 0.02
        for _ in 0..<300 { model.observe(rows: 100, took: device.sample(rows: 100, &random)) }
        device.base *= 2
        device.perRow *= 2
        for _ in 0..<200 { model.observe(rows: 100, took: device.sample(rows: 100, &random)) }
        #expect(model.latency(rows: 100).milliseconds > device.mean(rows: 100), "\(model)")
        for _ in 0..<800 { model.observe(rows: 100, took: device.sample(rows: 100, &random)) }
        #expect(Self.error(model, device, rows: 100) < 0.05, "\(model)")
        // The margin falls by 0.00015 a batch, as the specification has it.
        #expect(model.margin < 1.35, "the margin comes back: \(model)")
    }

    @Test("A batch size that never varies does not wind the model up")
    func windUp() {
        var model = LatencyModel(base: 1.39, perRow: 0.0793)
        var random = Seeded(12)
        let device = DeviceModel.medium.noisy(stallProbability: 0)
        for _ in 0..<20_000 { model.observe(rows: 200, took: device.sample(rows: 200, &random)) }
        let before = model.latency(rows: 200).milliseconds
        for _ in 0..<3 { model.observe(rows: 20, took: device.sample(rows: 20, &random)) }
        let moved = model.latency(rows: 200).milliseconds / before - 1
        #expect(abs(moved) < 0.15, "\(moved) \(model)")
        #expect(Self.error(model, device, rows: 20) < 0.25, "\(model)")
    }
}
