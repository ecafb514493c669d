import ServerConfiguration
import ServingModel
import Testing

@Suite("The section of health rules")
struct HealthSectionTests {
    @Test("Every key reaches its place")
    func keys() throws {
        let yaml = """
            health:
              enabled: false
              dry_run: true
              batch_rule: false
              utilization_percent: 70
              memory_rule: false
              memory_percent: 75
              memory_calm_percent: 50
              memory_limit_bytes: 4294967296
              latency_rule: false
              latency_ms: 250
              load_calm_percent: 60
            """
        let health = try ServerConfiguration.load(yaml: yaml, origin: "headway.yaml").health
        #expect(!health.isEnabled && health.isDryRun)
        #expect(!health.raisesBatches && !health.limitsMemory && !health.prefersVariants)
        #expect(health.utilizationPercent == 70)
        #expect(health.memoryPercent == 75)
        #expect(health.memoryCalmPercent == 50)
        #expect(health.memoryLimitBytes == 4 << 30)
        #expect(health.latency == .milliseconds(250))
        #expect(health.loadCalmPercent == 60)
    }

    @Test(
        "What cannot be is refused with what is allowed",
        arguments: [
            ("health: {memory_percent: 101}", "from 2 to 100"),
            ("health: {memory_percent: 80}", "between the two nothing changes"),
            ("health: {memory_limit_bytes: 1}", "from 1048576"),
        ])
    func problems(yaml: String, message: String) {
        do {
            _ = try ServerConfiguration.load(yaml: yaml, origin: "headway.yaml")
            Issue.record("\(yaml) was accepted")
        } catch {
            #expect(error.description.contains(message), "\(error.description)")
        }
    }
}
