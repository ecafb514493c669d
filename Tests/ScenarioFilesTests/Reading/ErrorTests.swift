import Testing

/// One wrong file and a part of what must be said about it.
struct WrongFile: Sendable, CustomTestStringConvertible {
    var yaml: String
    var line: Int?
    var says: [String]
    var testDescription: String { says[0] }

    init(_ yaml: String, line: Int?, _ says: String...) {
        self.yaml = yaml
        self.line = line
        self.says = says
    }
}

@Suite("Errors in scenario files")
struct ErrorTests {
    private func check(_ wrong: WrongFile) {
        let found = problems(wrong.yaml)
        #expect(found.count == 1, "\(found)")
        let place = wrong.line.map { "s.yaml:\($0): " } ?? "s.yaml: "
        #expect(found.first?.hasPrefix(place) == true, "\(found)")
        for part in wrong.says { #expect(found.first?.contains(part) == true, "\(found)") }
    }

    @Test(
        "A file that is no scenario says so",
        arguments: [
            WrongFile("", line: nil, "empty"),
            WrongFile("# only a comment", line: nil, "empty"),
            WrongFile("- a\n- b", line: 1, "the file is a list", "allowed: a mapping"),
            WrongFile("name: x\narrivals: [", line: 3, "not valid YAML"),
            WrongFile("name: x\n\tarrivals: 1", line: 2, "not valid YAML"),
            WrongFile("arrivals: {process: even, rate_rps: 1}", line: 1, "name is missing"),
            WrongFile("name: x", line: 1, "arrivals is missing"),
            WrongFile("name: x\narrivals: 3", line: 2, "arrivals is 3", "a mapping"),
            WrongFile("name: x\narrivals: {}", line: 2, "arrivals.process is missing", "mmpp"),
        ])
    func file(wrong: WrongFile) { check(wrong) }

    @Test(
        "A key that does not exist is an error with the nearest one beside it",
        arguments: [
            WrongFile(minimal("sed: 3"), line: 3, "unknown key 'sed'", "did you mean 'seed'"),
            WrongFile(
                minimal("devices: {coutn: 2}"), line: 3, "'coutn' in 'devices'", "mean 'count'"),
            WrongFile(
                minimal("rate_rps: 5"), line: 3, "unknown key 'rate_rps'", "or in 'arrivals'"),
            WrongFile(
                "name: x\narrivals: {process: even, rate_rps: 1, dwell_ms: 3}", line: 2,
                "unknown key 'dwell_ms' in 'arrivals'", "allowed: process"),
            WrongFile(
                minimal("classes: [{name: a, deadline_ms: 3, priority: 2}]"), line: 3,
                "unknown key 'priority' in 'classes[0]'", "weight"),
            WrongFile(
                minimal("policies: [{triton: {prefered: [3]}}]"), line: 3,
                "'prefered' in 'policies[0].triton'", "did you mean 'preferred'"),
        ])
    func unknown(wrong: WrongFile) { check(wrong) }

    @Test(
        "A value of the wrong kind or size names key, value and what is allowed",
        arguments: [
            WrongFile(minimal("seed: -1"), line: 3, "seed is -1", "at least 0"),
            WrongFile(minimal("seed: 1.5"), line: 3, "seed is 1.5", "a whole number"),
            WrongFile(minimal("seed: '1'"), line: 3, "seed is the text '1'"),
            WrongFile(minimal("duration_s: 0"), line: 3, "duration_s is 0", "above 0"),
            WrongFile(minimal("duration_s: .inf"), line: 3, "duration_s is inf"),
            WrongFile(
                minimal("duration_s: 5\nwarmup_s: 5"), line: 4, "less than duration_s, which is 5"),
            WrongFile(minimal("devices: {count: 0}"), line: 3, "devices.count is 0", "1 to 4096"),
            WrongFile(
                minimal("devices: {noise: -0.1}"), line: 3, "devices.noise is -0.1", "0 to 2"),
            WrongFile(
                minimal("devices: {stall_ms: [60, 20]}"), line: 3, "stall_ms is a list",
                "[smaller, larger]"),
            WrongFile(
                minimal("devices: 3"), line: 3, "devices is 3", "a mapping with the keys count"),
            WrongFile(
                minimal("optimum: maybe"), line: 3, "optimum is the text 'maybe'", "true or false"),
            WrongFile(minimal("sweep: []"), line: 3, "sweep is a list"),
            WrongFile(minimal("sweep: [1, x]"), line: 3, "a list with the text 'x' in it"),
            WrongFile(minimal("classes: []"), line: 3, "classes is an empty list"),
            WrongFile(
                minimal("classes: [{name: a}]"), line: 3, "classes[0].deadline_ms is missing"),
            WrongFile(
                minimal("classes:\n  - {name: a, deadline_ms: 1}\n  - {name: a, deadline_ms: 1}"),
                line: 5,
                "classes[1].name is 'a'", "a name of its own"),
        ])
    func values(wrong: WrongFile) { check(wrong) }

    @Test(
        "Traffic that makes no sense is refused",
        arguments: [
            WrongFile(
                "name: x\narrivals: {process: posson, rate_rps: 3}", line: 2,
                "did you mean 'poisson'"),
            WrongFile(
                "name: x\narrivals: {process: poisson}", line: 2, "arrivals.rate_rps is missing"),
            WrongFile(
                "name: x\narrivals: {process: even, rate_rps: -3}", line: 2, "rate_rps is -3",
                "above 0"),
            WrongFile(
                "name: x\narrivals: {process: mmpp, rates_rps: [1, 2, 3], dwell_ms: [1, 2]}",
                line: 2,
                "2 entries for 3 rates"),
            WrongFile(
                "name: x\narrivals: {process: mmpp, rates_rps: [0, 0], dwell_ms: 1}", line: 2,
                "all 0"),
            WrongFile(
                "name: x\narrivals: {process: step, levels_rps: [1, 2], at_s: [0]}", line: 2,
                "1 entries for 2 levels"),
            WrongFile(
                "name: x\narrivals: {process: step, levels_rps: [1, 2], at_s: [1, 2]}", line: 2,
                "does not ascend from 0"),
            WrongFile(
                "name: x\narrivals: {process: ramp, points: [[0, 1], [0, 2]]}", line: 2,
                "points[1] is a list"),
            WrongFile(
                "name: x\narrivals: {process: ramp, points: [[0, 1]], to_rps: 3}", line: 2,
                "to_rps stands beside points"),
            WrongFile(
                "name: x\narrivals: {process: ramp, to_rps: 3}", line: 2, "from_rps is missing"),
            WrongFile(
                "name: x\narrivals: {process: even, rate_rps: 1, rows: 0}", line: 2, "rows is 0",
                "uniform"),
            WrongFile(
                "name: x\narrivals: {process: even, rate_rps: 1, rows: {uniform: [8, 1]}}", line: 2,
                "rows is a mapping"),
            WrongFile(
                "name: x\narrivals: {process: even, rate_rps: 1, popular: {share: 2, inputs: 3}}",
                line: 2,
                "popular.share is 2", "0 to 1"),
        ])
    func traffic(wrong: WrongFile) { check(wrong) }

    @Test(
        "Policies are refused by name, number and setting",
        arguments: [
            WrongFile(
                minimal("policies: [tritn]"), line: 3, "unknown policy 'tritn'", "mean 'triton'",
                "swb"),
            WrongFile(minimal("policies: []"), line: 3, "policies is an empty list"),
            WrongFile(minimal("policies: [{name: x}]"), line: 3, "policies[0] names no policy"),
            WrongFile(
                minimal("policies: [{swb: {}, greedy: {}}]"), line: 3, "names swb and greedy"),
            WrongFile(
                minimal("policies:\n  - swb\n  - swb"), line: 5, "called 'swb'", "name of its own"),
            WrongFile(
                minimal("policies: [{static: {batch: 0}}]"), line: 3,
                "policies[0].static.batch is 0"),
            WrongFile(
                minimal("policies: [{static: 7}]"), line: 3, "policies[0].static is 7", "batch"),
            WrongFile(
                minimal("policies: [{window: {min_ms: 30, max_ms: 20}}]"), line: 3,
                "min_ms is above max_ms"),
            WrongFile(
                minimal("policies: [{window: {window_ms: 5, min_ms: 10}}]"), line: 3,
                "window_ms is 5"),
            WrongFile(
                minimal("policies: [{triton: {timeout_action: DROP}}]"), line: 3, "'DROP'",
                "REJECT, DELAY"),
            WrongFile(
                minimal("policies: [{clockwork: {sizes: [4, 2]}}]"), line: 3, "does not ascend"),
            WrongFile(
                minimal("policies: [{swb: {variants: sometimes}}]"), line: 3,
                "off, per_batch, sticky"),
        ])
    func policies(wrong: WrongFile) { check(wrong) }

    @Test(
        "Targets and comparisons must have something to compare",
        arguments: [
            WrongFile(minimal("targets: [{at_most: 3}]"), line: 3, "figure is missing"),
            WrongFile(
                minimal("targets: [{figure: latency_ms.p9, at_most: 3}]"), line: 3,
                "mean 'latency_ms.p90'"),
            WrongFile(minimal("targets: [{figure: late_pct}]"), line: 3, "has no bound"),
            WrongFile(
                minimal("targets: [{figure: late_pct, at_most: 1, at_least: 0}]"), line: 3,
                "has at_most and at_least"),
            WrongFile(
                minimal("targets: [{figure: late_pct, value: 1}]"), line: 3, "within_pct is missing"
            ),
            WrongFile(
                minimal("targets: [{figure: late_pct, at_most: 1, within_pct: 3}]"), line: 3,
                "within_pct without value"),
            WrongFile(
                minimal("targets: [{policy: sbw, figure: late_pct, at_most: 1}]"), line: 3,
                "mean 'swb'"),
            WrongFile(
                minimal("policies: [swb, greedy]\ntargets: [{figure: late_pct, at_most: 1}]"),
                line: 4,
                "policy is missing", "2 policies"),
            WrongFile(
                minimal("targets: [{class: hi, figure: late_pct, at_most: 1}]"), line: 3,
                "class is 'hi'",
                "allowed: default"),
            WrongFile(
                minimal("targets: [{class: default, figure: mean_batch, at_most: 1}]"), line: 3,
                "not a figure of a class"),
            WrongFile(
                minimal("targets: [{figure: p99_ms, at_most: 1}]"), line: 3,
                "not a figure of a whole run"),
            WrongFile(
                minimal("targets: [{figure: late_pct, at_most: 1, at_rate_rps: 9}]"), line: 3,
                "a rate of sweep"),
            WrongFile(
                minimal("targets: [{figure: max_rate_rps, at_least: 1}]"), line: 3, "needs a search"
            ),
            WrongFile(
                minimal("search: {low_rps: 9, high_rps: 3}"), line: 3, "low_rps is 9", "less than"),
            WrongFile(minimal("search: {low_rps: 9}"), line: 3, "high_rps is missing"),
            WrongFile(minimal("references: [{name: x}]"), line: 3, "p99_ms is missing"),
            WrongFile(
                minimal("faults: {outages: [{instance: 1, at_s: 1}]}"), line: 3, "instance is 1",
                "0 to 0"),
            WrongFile(
                minimal("models: [{name: a, arrivals: {process: even, rate_rps: 1}}]"), line: 2,
                "arrivals stands beside models"),
            WrongFile(
                "name: x\nmodels: [{name: a, gang: 2, arrivals: {process: even, rate_rps: 1}}]",
                line: 2,
                "gang is 2", "devices.count"),
            WrongFile("name: x\nmodels: [{name: a}]", line: 2, "models[0].arrivals is missing"),
        ])
    func comparisons(wrong: WrongFile) { check(wrong) }

    @Test("All problems of a file are told at once, in its order of reading")
    func all() {
        let found = problems(
            "name: x\nseed: -1\ndevices: {count: 0}\narrivals: {process: poisson, rate_rps: 0}\n"
                + "policies: [nobody]")
        #expect(
            found.map { String($0.prefix(9)) } == [
                "s.yaml:2:", "s.yaml:3:", "s.yaml:4:", "s.yaml:5:",
            ])
    }
}
