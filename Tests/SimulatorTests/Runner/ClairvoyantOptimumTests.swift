internal import SchedulerCore
internal import ServingModel
internal import Simulator
internal import Testing

@Suite("Clairvoyant optimum")
struct ClairvoyantOptimumTests {
    /// Tries every subset of requests and every way to cut it into batches.
    static func best(
        _ times: [Double], _ deadlines: [Double], _ device: DeviceModel, maxBatch: Int
    ) -> Int {
        var best = 0
        for subset in 0..<(1 << times.count) {
            let members = times.indices.filter { subset & (1 << $0) != 0 }
            guard members.count > best else { continue }
            for cuts in 0..<(1 << max(members.count - 1, 0)) {
                var batches: [[Int]] = [[]]
                for (position, member) in members.enumerated() {
                    batches[batches.count - 1].append(member)
                    if cuts & (1 << position) != 0 { batches.append([]) }
                }
                var clock = 0.0
                let fits = batches.filter { !$0.isEmpty }.allSatisfy { batch in
                    guard batch.count <= maxBatch else { return false }
                    clock = max(clock, batch.map { times[$0] }.max() ?? 0)
                    clock += device.mean(rows: batch.count)
                    return batch.allSatisfy { clock <= deadlines[$0] + 1e-9 }
                }
                if fits {
                    best = members.count
                    break
                }
            }
        }
        return best
    }

    @Test("No other choice of requests and batches serves more", arguments: 1...12)
    func exhaustive(seed: UInt64) {
        var random = Seeded(seed)
        let device = DeviceModel(base: 3, perRow: 1)
        let maxBatch = random.integer(in: 2...7)
        var clock = 0.0
        var times: [Double] = []
        for _ in 0..<7 {
            clock += Double(random.integer(in: 0...3))
            times.append(clock)
        }
        let patience = Double(random.integer(in: 5...12))
        let arrivals = times.enumerated().map { number, time in
            let at = Instant(nanoseconds: UInt64(time * 1_000_000))
            return (
                at: at,
                arrival: Arrival(
                    id: RequestID(UInt64(number + 1)), priorityClass: ClassIndex(0),
                    deadline: at + Interval(milliseconds: patience))
            )
        }
        let optimum = ClairvoyantOptimum(
            device: device, arrivals: arrivals, maxBatch: maxBatch)
        let expected = Self.best(
            times, times.map { $0 + patience }, device, maxBatch: maxBatch)
        #expect(optimum.served == expected)
        #expect(optimum.requests == 7)
    }
}
