import ServerConfiguration
import Testing

@Suite("Contradictions between keys")
struct ContradictionTests {
    @Test("Two listeners cannot share a port, unless the system picks both")
    func ports() throws {
        let equal = "network: {http_port: 8002}"
        #expect(
            problems(in: equal) == [
                "network.http_port and network.metrics_port are both 8002; "
                    + "give them different ports, or 0 to pick a free one"
            ])
        #expect(problems(in: "network: {http_port: 0, metrics_port: 0}").isEmpty)
    }

    @Test("A flag resolves a contradiction that the file alone would have")
    func resolved() throws {
        let resolved = try ServerConfiguration.resolve(
            file: ("network: {http_port: 8002}", "headway.yaml"),
            overrides: Overrides(metricsPort: 9002))
        #expect(resolved.network.httpPort == 8002)
        #expect(resolved.network.metricsPort == 9002)
    }

    @Test("A flag that creates a contradiction is an error")
    func created() {
        let found = problems { () throws(ServerConfiguration.ConfigurationError) in
            _ = try ServerConfiguration().overridden(by: Overrides(httpPort: 8002))
        }
        #expect(found.count == 1)
    }

    @Test("The largest body fits into the queue")
    func bodyAndQueue() {
        let found = problems(in: "limits: {max_queued_bytes: 1048576}")
        #expect(found.count == 1)
        #expect(found.first?.contains("limits.max_body_bytes is 67108864") == true)
    }

    @Test("The largest body may come in")
    func bodyAndBudget() {
        let found = problems(in: "limits: {max_incoming_bytes: 1048576}")
        #expect(found.count == 1)
        #expect(found.first?.contains("limits.max_body_bytes is 67108864") == true)
    }

    @Test("The floor shares of all classes fit into one batch")
    func floors() {
        let rows = ["a", "b", "c"].map {
            "- {name: \($0), weight: 1, floor_share: 0.4, default_deadline_ms: 1}"
        }
        let found = problems(in: "classes:\n" + rows.joined(separator: "\n"))
        #expect(found.count == 1)
        #expect(found.first?.contains("floor_share") == true)
    }
}
