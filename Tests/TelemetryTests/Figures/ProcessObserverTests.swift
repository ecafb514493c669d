import ServingModel
import ServingRuntime
import Telemetry
import Testing

@Suite("Figures about the process")
struct ProcessObserverTests {
    @Test("Readings are plausible and never run backwards")
    func readings() throws {
        let observer = ProcessObserver(version: "0")
        let first = observer.read()
        let second = observer.read()
        #expect(first.cpuTime > .zero)
        #expect(second.cpuTime >= first.cpuTime)
        #expect(second.uptime >= first.uptime)
        #if os(Linux)
        #expect(first.residentBytes > 1 << 20)
        let machine = try #require(second.machine)
        #expect(machine.memoryTotalBytes > machine.memoryUsedBytes)
        #expect(machine.memoryTotalBytes > first.residentBytes)
        if let utilization = machine.utilization { #expect((0...1).contains(utilization)) }
        #endif
    }
}
