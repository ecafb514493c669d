internal import ControlCore
internal import ServingModel
internal import Testing

@Suite("When to load a cheaper variant")
struct VariantHysteresisTests {
    static func at(_ milliseconds: UInt64) -> Instant { .origin + .milliseconds(milliseconds) }

    static func pressure(_ load: Double, rejected: Double = 0) -> VariantPressure {
        VariantPressure(rate: load * 10, capacity: 10, rejected: rejected * load * 10)
    }

    @Test(
        "Near capacity, with one percent rejected or half a second of latency, it is loaded, once")
    func load() {
        var controller = VariantHysteresis()
        #expect(controller.decide(Self.pressure(0.97), at: Self.at(0)) == nil)
        #expect(controller.decide(Self.pressure(0.971), at: Self.at(1)) == .load)
        #expect(controller.isWanted)
        #expect(controller.decide(Self.pressure(2), at: Self.at(2)) == nil)
        controller = VariantHysteresis()
        #expect(controller.decide(Self.pressure(0.9, rejected: 0.011), at: Self.at(0)) == nil)
        #expect(controller.decide(Self.pressure(0.9, rejected: 0.012), at: Self.at(0)) == .load)
        controller = VariantHysteresis()
        #expect(controller.decide(Self.pressure(0.5, rejected: 0.03), at: Self.at(0)) == .load)
        controller = VariantHysteresis()
        var slow = Self.pressure(0.5)
        slow.meanLatency = .milliseconds(501)
        #expect(controller.decide(slow, at: Self.at(0)) == .load)
    }

    @Test("It is unloaded after a quiet second, two seconds after it was wanted at the earliest")
    func unload() {
        var controller = VariantHysteresis()
        _ = controller.decide(Self.pressure(1), at: Self.at(0))
        #expect(controller.decide(Self.pressure(0.8), at: Self.at(100)) == nil)
        #expect(controller.decide(Self.pressure(0.8), at: Self.at(1_500)) == nil, "two seconds")
        #expect(controller.decide(Self.pressure(0.9), at: Self.at(1_900)) == nil, "not quiet")
        #expect(controller.decide(Self.pressure(0.8), at: Self.at(2_100)) == nil, "quiet anew")
        #expect(controller.decide(Self.pressure(0.8), at: Self.at(3_000)) == nil)
        #expect(controller.decide(Self.pressure(0.8), at: Self.at(3_100)) == .unload)
        #expect(!controller.isWanted)
    }

    @Test("When traffic ends, what was rejected last does not keep it")
    func end() {
        var controller = VariantHysteresis()
        _ = controller.decide(Self.pressure(2, rejected: 0.5), at: Self.at(0))
        var unloaded: UInt64?
        for step in UInt64(1)..<100 where unloaded == nil {
            let time = Double(step) * 100
            let pressure = VariantPressure(
                rate: 20 * decay(time / 100), capacity: 10,
                rejected: 10 * decay(time / 200))
            if controller.decide(pressure, at: Self.at(step * 100)) == .unload { unloaded = step }
        }
        #expect(unloaded.map { $0 < 40 } == true)
    }

    @Test("When traffic ends, what was rejected last does not bring it in")
    func quietEnd() {
        var controller = VariantHysteresis()
        for step in UInt64(0)..<1_000 {
            let time = Double(step) * 100
            let pressure = VariantPressure(
                rate: 8 * decay(time / 100), capacity: 10, rejected: 0.04 * decay(time / 200))
            #expect(controller.decide(pressure, at: Self.at(step * 100)) == nil)
            #expect(pressure.rejectedShare <= 0.004)
        }
    }

    @Test("Where all insist on the full model, it neither comes nor stays")
    func insistence() {
        var controller = VariantHysteresis()
        var pressure = Self.pressure(2, rejected: 0.5)
        pressure.willing = 0
        #expect(controller.decide(pressure, isPreferred: true, at: Self.at(0)) == nil)
        pressure.willing = 0.5
        #expect(controller.decide(pressure, at: Self.at(0)) == .load)
        pressure.willing = 0
        #expect(controller.decide(pressure, at: Self.at(2_000)) == nil)
        #expect(controller.decide(pressure, at: Self.at(3_000)) == .unload)
    }

    @Test("Without traffic nothing is loaded")
    func silence() {
        var controller = VariantHysteresis()
        let slow = VariantPressure(meanLatency: .seconds(1))
        #expect(controller.decide(slow, at: Self.at(0)) == nil)
    }
}
