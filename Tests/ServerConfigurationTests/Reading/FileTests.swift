import ServerConfiguration
import ServingModel
import Testing

@Suite("Reading the configuration file")
struct FileTests {
    @Test(
        "An empty file means the defaults",
        arguments: ["", "\n", "# nothing\n", "---\n", "limits:\n"])
    func empty(yaml: String) throws {
        #expect(
            try ServerConfiguration.load(yaml: yaml, origin: "headway.yaml")
                == ServerConfiguration())
    }

    @Test("The defaults are those that the documents promise")
    func defaults() {
        let defaults = ServerConfiguration()
        #expect(defaults.network.host == "127.0.0.1")
        #expect(defaults.network.httpPort == 8000)
        #expect(defaults.network.metricsPort == 8002)
        #expect(defaults.repositories.isEmpty)
        #expect(defaults.classes == PriorityClass.defaultTable)
        #expect(defaults.limits.maxBodyBytes == 67_108_864)
        #expect(defaults.limits.maxQueuedRequests == 16_384)
        #expect(defaults.limits.maxQueuedBytes == 1_073_741_824)
        #expect(defaults.limits.maxConnections == 20_000)
        #expect(defaults.limits.maxIncomingBytes == 1_073_741_824)
        #expect(defaults.limits.maxStreams == 4_096)
        #expect(defaults.limits.minUploadRate == 16_384)
        #expect(defaults.limits.writeTimeout == .seconds(30))
        #expect(!defaults.runtime.checksOutputs)
        #expect(defaults.limits.headerTimeout == .seconds(10))
        #expect(defaults.limits.idleTimeout == .seconds(300))
        #expect(defaults.limits.drainTimeout == .seconds(30))
        #expect(defaults.limits.maxHeaderBytes == 65_536)
        #expect(defaults.runtime.threadsPerInstance == 1)
        #expect(defaults.logLevel == .info)
    }

    @Test("Every key of a file reaches its place")
    func everyKey() throws {
        let yaml = """
            network:
              host: 0.0.0.0
              http_port: 9000
              metrics_port: 0
            repositories: [models, /srv/models]
            log_level: debug
            limits:
              max_body_bytes: 2048
              max_header_bytes: 4096
              max_queued_requests: 7
              max_queued_bytes: 8192
              max_connections: 9
              max_incoming_bytes: 9000
              max_streams: 5
              min_upload_bytes_per_s: 100
              write_timeout_ms: 3500
              header_timeout_ms: 1500
              idle_timeout_ms: 2500
              drain_timeout_ms: 0
            runtime:
              event_loops: 3
              threads_per_instance: 4
              check_outputs: true
            classes:
              - {name: gold, weight: 10, default_deadline_ms: 50}
              - name: "1"
                weight: 2
                floor_share: 0.25
                default_deadline_ms: 60000
            """
        let read = try ServerConfiguration.load(yaml: yaml, origin: "headway.yaml")
        #expect(read.network.host == "0.0.0.0")
        #expect(read.network.httpPort == 9000)
        #expect(read.network.metricsPort == 0)
        #expect(read.repositories == ["models", "/srv/models"])
        #expect(read.logLevel == .debug)
        #expect(read.limits.maxBodyBytes == 2048)
        #expect(read.limits.maxHeaderBytes == 4096)
        #expect(read.limits.maxQueuedRequests == 7)
        #expect(read.limits.maxQueuedBytes == 8192)
        #expect(read.limits.maxConnections == 9)
        #expect(read.limits.maxIncomingBytes == 9_000)
        #expect(read.limits.maxStreams == 5)
        #expect(read.limits.minUploadRate == 100)
        #expect(read.limits.writeTimeout == .milliseconds(3_500))
        #expect(read.runtime.checksOutputs)
        #expect(read.limits.headerTimeout == .milliseconds(1_500))
        #expect(read.limits.idleTimeout == .milliseconds(2_500))
        #expect(read.limits.drainTimeout == .zero)
        #expect(read.runtime.eventLoops == 3)
        #expect(read.runtime.threadsPerInstance == 4)
        #expect(
            read.classes == [
                PriorityClass(
                    name: "gold", weight: 10, floorShare: 0, defaultDeadline: .milliseconds(50)),
                PriorityClass(
                    name: "1", weight: 2, floorShare: 0.25, defaultDeadline: .seconds(60)),
            ])
    }

    @Test("The number of event loops is half of the cores unless the operator fixes it")
    func eventLoops() throws {
        let free = ServerConfiguration().runtime
        #expect([1, 2, 3, 8].map(free.eventLoops(cores:)) == [1, 1, 1, 4])
        let yaml = "runtime: {event_loops: 5}"
        let fixed = try ServerConfiguration.load(yaml: yaml, origin: "headway.yaml").runtime
        #expect(fixed.eventLoops(cores: 2) == 5)
        let null = "runtime: {event_loops: null}"
        #expect(
            try ServerConfiguration.load(yaml: null, origin: "headway.yaml").runtime.eventLoops
                == nil)
    }
}
