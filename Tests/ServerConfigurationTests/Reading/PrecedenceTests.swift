import ServerConfiguration
import ServingModel
import Testing

@Suite("Precedence of flags, environment, file and defaults")
struct PrecedenceTests {
    private static let yaml = "network: {host: file, http_port: 1, metrics_port: 2}"

    @Test(
        "Flags win over the environment, the environment over the file, the file over the defaults")
    func order() throws {
        let resolved = try ServerConfiguration.resolve(
            file: (Self.yaml, "headway.yaml"),
            environment: ["HEADWAY_HTTP_PORT": "11", "HEADWAY_METRICS_PORT": "12"],
            overrides: Overrides(metricsPort: 22))
        #expect(resolved.network.host == "file")
        #expect(resolved.network.httpPort == 11)
        #expect(resolved.network.metricsPort == 22)
        #expect(resolved.limits == ServerConfiguration().limits)
    }

    @Test("Step by step gives the same as all at once")
    func steps() throws {
        let environment = ["HEADWAY_HOST": "environment"]
        let overrides = Overrides(httpPort: 21, settings: ["limits.max_connections=5"])
        let stepwise = try ServerConfiguration.load(yaml: Self.yaml, origin: "headway.yaml")
            .overridden(byEnvironment: environment).overridden(by: overrides)
        #expect(
            stepwise
                == (try ServerConfiguration.resolve(
                    file: (Self.yaml, "headway.yaml"), environment: environment,
                    overrides: overrides)))
        #expect(stepwise.limits.maxConnections == 5)
    }

    @Test("Every flag reaches its place")
    func flags() throws {
        let resolved = try ServerConfiguration.resolve(
            overrides: Overrides(
                host: "::1", httpPort: 0, metricsPort: 0, repositories: ["a:b", "c"],
                eventLoops: 6, threadsPerInstance: 7, logLevel: "error",
                logFormat: "json", record: "run.trace"))
        #expect(resolved.network.host == "::1")
        #expect(resolved.network.httpPort == 0)
        #expect(resolved.network.metricsPort == 0)
        #expect(resolved.repositories == ["a:b", "c"])
        #expect(resolved.runtime.eventLoops == 6)
        #expect(resolved.runtime.threadsPerInstance == 7)
        #expect(resolved.logLevel == .error)
        #expect(resolved.logFormat == .json)
        #expect(resolved.record == "run.trace")
        #expect(ServerConfiguration().record == nil)
    }

    @Test("Every key that one text can express is reachable by the environment and by --set")
    func everyKeyByText() throws {
        let values: [String: String] = [
            "network.host": "h", "repositories": "a:b", "log_level": "trace",
            "runtime.event_loops": "3", "runtime.threads_per_instance": "3",
            "runtime.check_outputs": "true",
            "variants.exact_classes": "high", "breaker.enabled": "false",
            "health.enabled": "false", "health.dry_run": "true", "health.batch_rule": "false",
            "health.utilization_percent": "70", "health.memory_rule": "false",
            "health.memory_percent": "95", "health.memory_calm_percent": "60",
            "health.memory_limit_bytes": "2000000000", "health.latency_rule": "false",
            "health.latency_ms": "700", "health.load_calm_percent": "60",
            "memory.limit_bytes": "2000000000", "memory.limit_percent": "40",
            "breaker.adaptive": "false", "breaker.failures": "3", "breaker.slowdown": "4",
            "generation.slots": "3", "generation.prefix_slots": "3",
            "generation.kv_memory_percent": "3", "generation.threads": "3",
            "generation.max_step_tokens": "4096", "generation.exact": "true",
            "generation.policy": "orca", "generation.ttft_ms": "300,400",
            "log_format": "json", "observability.trace_ratio": "0.25",
            "observability.trace_endpoint": "http://localhost:4318/v1/traces",
        ]
        for key in ServerConfiguration.reference {
            guard let variable = key.environment else { continue }
            let value = values[key.path] ?? "2048"
            // Only these keys contradict another when they alone are small.
            let holdBodies = ["limits.max_queued_bytes", "limits.max_incoming_bytes"]
            let companion = holdBodies.contains(key.path) ? ["limits.max_body_bytes=1024"] : []
            let byEnvironment = try ServerConfiguration.resolve(
                environment: [variable: value], overrides: Overrides(settings: companion))
            let byFlag = try ServerConfiguration.resolve(
                overrides: Overrides(settings: companion + ["\(key.path)=\(value)"]))
            #expect(byEnvironment == byFlag, "\(key.path)")
            #expect(byEnvironment != ServerConfiguration(), "\(key.path)")
        }
    }

    @Test("Empty variables count as not set, and foreign variables are left alone")
    func otherVariables() throws {
        let resolved = try ServerConfiguration().overridden(
            byEnvironment: [
                "HEADWAY_HTTP_PORT": "", "HEADWAY_ONNXRUNTIME": "/lib/x.so", "PATH": "/bin",
            ])
        #expect(resolved == ServerConfiguration())
    }

    @Test("Errors name the variable or the flag that carried the value")
    func origins() {
        let found = problems { () throws(ServerConfiguration.ConfigurationError) in
            _ = try ServerConfiguration.resolve(
                file: ("log_level: loud", "headway.yaml"),
                environment: ["HEADWAY_HTTP_PORT": "http", "HEADWAY_MODEL_REPOSITORY": "a::b"],
                overrides: Overrides(
                    metricsPort: 65_536,
                    settings: ["limits.max_conections=1", "classes=x", "x", "log_level=inf"]))
        }
        #expect(
            found.map { String($0.prefix(while: { $0 != ";" })) } == [
                "headway.yaml:1: log_level is the text 'loud'",
                "HEADWAY_HTTP_PORT: network.http_port is the text 'http'",
                "HEADWAY_MODEL_REPOSITORY: repositories is a list with the text '' in it",
                "--set limits.max_conections=1: unknown key 'limits.max_conections'",
                "--set classes=x: 'classes' can only be set in the file",
                "--set x: no '='",
                "--metrics-port: network.metrics_port is 65536",
                "--set log_level: log_level is the text 'inf'",
            ])
        #expect(found[3].contains("did you mean 'limits.max_connections'?"))
    }
}
