import SchedulerCore
import SchedulerTesting
import ServingModel
import Simulator
import Testing
import TraceFormat

@Suite("Damaged traces")
struct TraceFuzzTests {
    @Test("No damage makes a reader do anything but read or name a line")
    func mutations() throws {
        try forEachSeed(count: 300) { random in
            var draw = random.split("damage")
            let world = Swarm(random).world(requests: 6)
            let trace = try world.run(checks: .none).trace
            var bytes = text(of: trace, world.configuration)
            for _ in 0..<draw.integer(in: 1...4) { damage(&bytes, &draw) }
            do {
                _ = try items(bytes, chunks: draw.pick(1, 64, 65_536))
            } catch let problem as TraceProblem {
                let lines = bytes.count { $0 == UInt8(ascii: "\n") } + 1
                try require((1...lines).contains(problem.line), "\(problem)")
                try require(!problem.message.isEmpty, "no message")
            }
        }
    }
}

/// Changes, removes, repeats or adds a few bytes.
func damage(_ bytes: inout [UInt8], _ draw: inout Seeded) {
    guard !bytes.isEmpty else { return }
    let start = draw.integer(in: 0...(bytes.count - 1))
    let end = min(start + draw.integer(in: 1...12), bytes.count)
    switch draw.integer(in: 0...5) {
    case 0: bytes[start] = UInt8(draw.integer(in: 0...255))
    case 1: bytes.removeSubrange(start..<end)
    case 2: bytes.insert(contentsOf: bytes[start..<end], at: start)
    case 3: bytes.insert(contentsOf: Array("99999999999999999999".utf8), at: start)
    case 4: bytes.insert(draw.pick(10, 32, 44, 45, 58, 61), at: start)
    default:
        // A digit becomes another digit: what stays is plausible.
        if let digit = bytes[start...].firstIndex(where: { (48...57).contains($0) }) {
            bytes[digit] = UInt8(48 + draw.integer(in: 0...9))
        }
    }
}
