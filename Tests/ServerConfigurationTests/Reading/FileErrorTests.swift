import ServerConfiguration
import Testing

@Suite("Errors of the configuration file")
struct FileErrorTests {
    @Test(
        "An unknown key is an error that names line, key, nearest spelling and the allowed keys",
        arguments: [
            (
                "network:\n  htp_port: 1\n",
                "headway.yaml:2: unknown key 'htp_port' in 'network'; did you mean 'http_port'? "
                    + "allowed: host, http_port, metrics_port"
            ),
            (
                "limit: {}\n",
                "headway.yaml:1: unknown key 'limit'; did you mean 'limits'? "
                    + "allowed: breaker, classes, generation, health, limits, log_format, log_level, "
                    + "memory, network, observability, record, repositories, runtime, variants"
            ),
            (
                "# ports\nhttp_port: 1\n",
                "headway.yaml:2: unknown key 'http_port'; did you mean 'network.http_port'? "
                    + "allowed: breaker, classes, generation, health, limits, log_format, log_level, "
                    + "memory, network, observability, record, repositories, runtime, variants"
            ),
            (
                "runtime:\n  gpu_share: 1\n",
                "headway.yaml:2: unknown key 'gpu_share' in 'runtime'; "
                    + "allowed: check_outputs, event_loops, threads_per_instance"
            ),
            (
                "classes:\n- {name: a, weight: 1, default_deadline_ms: 1, floor: 0}\n",
                "headway.yaml:2: unknown key 'floor' in 'classes[]'; did you mean 'floor_share'? "
                    + "allowed: default_deadline_ms, floor_share, name, weight"
            ),
        ])
    func unknownKey(yaml: String, problem: String) {
        #expect(problems(in: yaml) == [problem])
    }

    @Test(
        "A value of the wrong type or out of range is an error that says what is allowed",
        arguments: [
            (
                "network: {http_port: 65536}",
                "network.http_port is 65536; allowed: a whole number from 0 to 65535"
            ),
            (
                "network: {http_port: -1}",
                "network.http_port is -1; allowed: a whole number from 0 to 65535"
            ),
            (
                "network: {http_port: '80'}",
                "network.http_port is the text '80'; allowed: a whole number from 0 to 65535"
            ),
            (
                "network: {http_port: 80.5}",
                "network.http_port is 80.5; allowed: a whole number from 0 to 65535"
            ),
            (
                "network: {http_port: }",
                "network.http_port is empty; allowed: a whole number from 0 to 65535"
            ),
            (
                "network: {http_port: [1]}",
                "network.http_port is a list; allowed: a whole number from 0 to 65535"
            ),
            ("network: {host: 127}", "network.host is 127; allowed: text that is not empty"),
            ("network: {host: ''}", "network.host is the text ''; allowed: text that is not empty"),
            (
                "network: {host: yes}",
                "network.host is the truth value true; allowed: text that is not empty"
            ),
            (
                "repositories: models",
                "repositories is the text 'models'; allowed: a list of texts that are not empty"
            ),
            (
                "repositories: [a, 1]",
                "repositories is a list with 1 in it; allowed: a list of texts that are not empty"
            ),
            (
                "network: 8000",
                "network is 8000; allowed: a mapping with the keys host, http_port, metrics_port"
            ),
            (
                "limits: {header_timeout_ms: 0}",
                "limits.header_timeout_ms is 0; allowed: a whole number from 1 to 3600000"
            ),
            (
                "limits: {max_queued_requests: 1e3}",
                "limits.max_queued_requests is 1000.0; allowed: a whole number from 1 to 1048576"
            ),
            (
                "limits: {max_body_bytes: 99999999999999999999999}",
                "limits.max_body_bytes is the text '99999999999999999999999'; allowed: a whole number from 1024 to 68719476736"
            ),
            (
                "runtime: {event_loops: 0}",
                "runtime.event_loops is 0; allowed: a whole number from 1 to 1024"
            ),
            (
                "log_level: warn",
                "log_level is the text 'warn'; did you mean 'warning'? allowed: one of trace, debug, info, notice, warning, error, critical"
            ),
            ("- 1", "the file holds a list, not keys and values"),
        ])
    func wrongValue(yaml: String, problem: String) {
        let found = problems(in: yaml)
        #expect(found == ["headway.yaml:1: \(problem)"])
    }

    @Test(
        "A table of classes is checked as a whole and column by column",
        arguments: [
            ("classes: []", "classes is a list of 0; allowed: a list of 1 to 16 classes"),
            ("classes: high", "classes is the text 'high'; allowed: a list of 1 to 16 classes"),
            (
                "classes: [high]",
                "classes[0] is the text 'high'; allowed: a mapping with the keys default_deadline_ms, floor_share, name, weight"
            ),
            ("classes: [{weight: 1, default_deadline_ms: 1}]", "classes[0].name is missing"),
            (
                "classes: [{name: a b, weight: 1, default_deadline_ms: 1}]",
                "classes[0].name is the text 'a b'; allowed: 1 to 64 of the characters a-z A-Z 0-9 - _ ."
            ),
            (
                "classes: [{name: a, weight: 0, default_deadline_ms: 1}]",
                "classes[0].weight is 0; allowed: a whole number from 1 to 1000000"
            ),
            (
                "classes: [{name: a, weight: 1, floor_share: 0.6, default_deadline_ms: 1}]",
                "classes[0].floor_share is 0.6; allowed: a number from 0.0 to 0.5"
            ),
            (
                "classes: [{name: a, weight: 1, floor_share: .nan, default_deadline_ms: 1}]",
                "classes[0].floor_share is nan; allowed: a number from 0.0 to 0.5"
            ),
            (
                "classes: [{name: a, weight: 1, default_deadline_ms: 0}]",
                "classes[0].default_deadline_ms is 0; allowed: a whole number from 1 to 86400000"
            ),
            (
                "classes: [{name: a, weight: 1, default_deadline_ms: 1}, {name: a, weight: 2, default_deadline_ms: 1}]",
                "classes[1].name is 'a' like classes[0].name; every class needs a name of its own"
            ),
        ])
    func wrongClasses(yaml: String, problem: String) {
        #expect(problems(in: yaml) == ["headway.yaml:1: \(problem)"])
    }

    @Test("Seventeen classes are too many")
    func tooManyClasses() {
        let rows = (0..<17).map { "- {name: c\($0), weight: 1, default_deadline_ms: 1}" }
        let yaml = "classes:\n" + rows.joined(separator: "\n")
        #expect(
            problems(in: yaml) == [
                "headway.yaml:2: classes is a list of 17; allowed: a list of 1 to 16 classes"
            ])
    }

    @Test("All problems of a file are reported together, each with its line")
    func allTogether() {
        let yaml = """
            network:
              http_port: x
            limits:
              max_body_bytes: 1
              nonsense: 2
            """
        let lines = problems(in: yaml).map { $0.prefix(while: { $0 != " " }) }
        #expect(lines == ["headway.yaml:2:", "headway.yaml:4:", "headway.yaml:5:"])
    }

    @Test(
        "Text that is not YAML is an error that names the file",
        arguments: [
            "network: [", "a: b: c", "\tnetwork:", "network: {}\nnetwork: {}", "a: 1\n---\nb: 2",
        ])
    func notYAML(yaml: String) throws {
        let found = problems(in: yaml)
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("headway.yaml: not valid YAML: ") == true)
    }
}
