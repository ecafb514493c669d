import ServingModel
import Simulator
import Testing

@Suite("What controllers were set to")
struct ControlLogTests {
    private let panel = ControlPanel("Speed", unit: "mph")

    private func at(_ seconds: UInt64) -> Instant { .origin + .seconds(seconds) }

    @Test("Only changes are kept, series by series, and the last of several at one moment")
    func changes() {
        var log = ControlLog()
        log.note(panel, "a", 1, at: at(0))
        log.note(panel, "a", 1, at: at(1))
        log.note(panel, "b", 1, at: at(1))
        log.note(panel, "a", 2, at: at(2))
        log.note(panel, "a", 3, at: at(2))
        log.note(ControlPanel("Other", unit: "mph"), "a", 9, at: at(3))
        #expect(log.series.map(\.name) == ["a", "b", "a"])
        #expect(
            log.series[0].changes == [.init(seconds: 0, value: 1), .init(seconds: 2, value: 3)])
    }

    @Test("Its memory is bounded")
    func bounded() {
        var log = ControlLog()
        for second in 0..<UInt64(ControlLog.mostChanges + 10) {
            log.note(panel, "a", Double(second), at: at(second))
        }
        #expect(log.series[0].changes.count == ControlLog.mostChanges)
    }
}
