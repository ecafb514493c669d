import ServerConfiguration
import ServingModel
import Testing

@Suite("The sections of breakers and variants")
struct BreakerSectionTests {
    @Test("Every key reaches its place, from the file and from the environment")
    func keys() throws {
        let yaml = """
            breaker:
              enabled: false
              adaptive: false
              failures: 7
              slowdown: 4
              stall_factor: 20
              stall_ms: 2000
              first_pause_ms: 100
              longest_pause_ms: 5000
            variants:
              exact_classes: [high, low]
            """
        let read = try ServerConfiguration.load(yaml: yaml, origin: "headway.yaml")
        #expect(!read.breaker.isEnabled)
        #expect(!read.breaker.isAdaptive)
        #expect(read.breaker.failures == 7)
        #expect(read.breaker.slowdown == 4)
        #expect(read.breaker.stallFactor == 20)
        #expect(read.breaker.leastStall == .seconds(2))
        #expect(read.breaker.firstPause == .milliseconds(100))
        #expect(read.breaker.longestPause == .seconds(5))
        #expect(read.exactClasses == ["high", "low"])
        let environment = [
            "HEADWAY_BREAKER_ENABLED": "false", "HEADWAY_BREAKER_ADAPTIVE": "false",
            "HEADWAY_BREAKER_FAILURES": "7", "HEADWAY_BREAKER_SLOWDOWN": "4.0",
            "HEADWAY_BREAKER_STALL_FACTOR": "20", "HEADWAY_BREAKER_STALL_MS": "2000",
            "HEADWAY_BREAKER_FIRST_PAUSE_MS": "100", "HEADWAY_BREAKER_LONGEST_PAUSE_MS": "5000",
            "HEADWAY_VARIANTS_EXACT_CLASSES": "high:low",
        ]
        #expect(try ServerConfiguration.resolve(environment: environment) == read)
    }

    @Test(
        "What cannot be is refused with what is allowed",
        arguments: [
            ("breaker: {slowdown: 1}", "breaker.slowdown is 1"),
            ("breaker: {slowdown: fast}", "a number from 1.1 to 1000.0"),
            ("breaker: {failures: 0}", "from 1 to 1000"),
            ("breaker: {first_pause_ms: 400, longest_pause_ms: 300}", "pauses only grow"),
            ("variants: {exact_classes: [best]}", "'best', which is no class"),
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
