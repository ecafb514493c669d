import ServerConfiguration
import ServingModel
import Testing

@Suite("The section of memory that models share")
struct MemorySectionTests {
    @Test("Every key reaches its place, from the file and from the environment")
    func keys() throws {
        let yaml = """
            memory:
              limit_bytes: 1073741824
              minimum_residency_ms: 500
              page_idle_after_ms: 60000
            """
        let read = try ServerConfiguration.load(yaml: yaml, origin: "headway.yaml")
        #expect(read.memory.limitBytes == 1 << 30)
        #expect(read.memory.minimumResidency == .milliseconds(500))
        #expect(read.memory.idleAfter == .seconds(60))
        let environment = [
            "HEADWAY_MEMORY_LIMIT_BYTES": "1073741824",
            "HEADWAY_MEMORY_MINIMUM_RESIDENCY_MS": "500",
            "HEADWAY_MEMORY_PAGE_IDLE_AFTER_MS": "60000",
        ]
        #expect(try ServerConfiguration.resolve(environment: environment) == read)
    }

    @Test("The limit is in bytes, or a part of the machine's memory, or there is none")
    func limit() throws {
        #expect(ServerConfiguration().memory.limit(allowedBytes: 1_000) == nil)
        let bytes = try ServerConfiguration.load(
            yaml: "memory: {limit_bytes: 2000000}", origin: "headway.yaml")
        #expect(bytes.memory.limit(allowedBytes: 1_000) == 2_000_000)
        let percent = try ServerConfiguration.load(
            yaml: "memory: {limit_percent: 40}", origin: "headway.yaml")
        #expect(percent.memory.limit(allowedBytes: 1_000) == 400)
    }

    @Test(
        "What cannot be is refused with what is allowed",
        arguments: [
            ("memory: {limit_bytes: 1000}", "from 1048576 to 1125899906842624"),
            ("memory: {limit_percent: 101}", "from 1 to 100"),
            ("memory: {limit_bytes: 2000000, limit_percent: 50}", "give one of them"),
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
