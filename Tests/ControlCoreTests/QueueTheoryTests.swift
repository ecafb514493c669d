import ControlCore
import Testing

/// The rows are those of the notes behind the scheduling policy, for device M: 1.39 ms and 0.0793 ms a
/// row.
@Suite("Queue theory of a batch device")
struct QueueTheoryTests {
    static let medium = QueueTheory(base: 1.390, perRow: 0.0793)

    @Test(
        "The steady P99 of device M is that of the table at each rate",
        arguments: [
            (3.0, 0.24, 3.6), (6, 0.48, 5.3), (9, 0.71, 9.7), (10.1, 0.80, 13.9),
            (11, 0.87, 21.7), (11.4, 0.90, 28.8), (11.7, 0.93, 38.3), (12, 0.95, 57.2),
            (12.2, 0.967, 85.0), (12.4, 0.983, 165.8),
        ])
    func table(rate: Double, utilisation: Double, p99: Double) throws {
        #expect(abs(Self.medium.utilisation(rate: rate) - utilisation) < 0.006)
        let steady = try #require(Self.medium.steadyP99(rate: rate))
        #expect(abs(steady / p99 - 1) < 0.01, "\(steady)")
    }

    @Test(
        "The rate without misses within 80 ms is that of the table for each device",
        arguments: [(0.696, 0.0792, 12.407), (1.390, 0.0793, 12.172), (3.070, 0.0770, 11.990)])
    func zeroMiss(base: Double, perRow: Double, rate: Double) {
        let bound = QueueTheory(base: base, perRow: perRow).zeroMissRate(deadline: 80)
        #expect(abs(bound - rate) < 0.003, "\(bound)")
    }

    @Test("At that rate the longest stay is the deadline", arguments: [1, 2, 4, 8])
    func consistency(devices: Int) throws {
        let theory = QueueTheory(base: 1.390, perRow: 0.0793, devices: devices)
        let bound = theory.zeroMissRate(deadline: 80)
        let stay = try #require(theory.longestStay(rate: bound))
        #expect(abs(stay - 80) < 1e-6)
        let above = theory.servedRate(offered: bound * 1.000_001, deadline: 80)
        #expect(abs(above / bound - 1) < 1e-4, "\(above)")
    }

    @Test("The stable batch fills exactly its cycle", arguments: [3.0, 9, 12])
    func stableBatch(rate: Double) throws {
        let rows = try #require(Self.medium.stableBatch(rate: rate))
        let cycle = try #require(Self.medium.cycle(rate: rate))
        #expect(abs(1.390 + 0.0793 * rows - cycle) < 1e-9)
        #expect(abs(rows - rate * cycle) < 1e-9)
    }

    @Test("The knee is 0.955 for device M and 0.90 for device H, not 0.8 for all")
    func knee() {
        #expect(abs(Self.medium.knee(deadline: 80) - 0.955) < 0.001)
        #expect(abs(QueueTheory(base: 3.070, perRow: 0.0770).knee(deadline: 80) - 0.90) < 0.001)
    }

    @Test("Twice the capacity offered, 12,290 a second can still be served in time")
    func overload() {
        let served = Self.medium.servedRate(offered: 24, deadline: 80)
        #expect(abs(served - 12.290) < 0.02, "\(served)")
    }

    @Test("At or beyond the capacity there is no cycle, and M/M/1 has no mean")
    func unstable() {
        #expect(Self.medium.cycle(rate: 12.7) == nil)
        #expect(Self.medium.stableBatch(rate: 13) == nil)
        #expect(QueueTheory.singleServerStay(rate: 2, service: 2) == nil)
        #expect(
            QueueTheory.singleServerStay(rate: 12.0, service: 12.2).map { abs($0 - 5) < 1e-6 }
                == true)
    }

    @Test("A deadline that no request makes gives rate and knee 0")
    func hopeless() {
        #expect(Self.medium.zeroMissRate(deadline: 2) == 0)
        #expect(Self.medium.knee(deadline: 2) == 0)
        #expect(Self.medium.servedRate(offered: 1, deadline: 1) == 0)
    }
}
