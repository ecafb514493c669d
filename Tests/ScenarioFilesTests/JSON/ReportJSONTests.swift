import Foundation
import ScenarioFiles
import Simulator
import Testing

@Suite("The JSON report")
struct ReportJSONTests {
    @Test("Names, order and numbers are these, to the letter")
    func golden() {
        let small = sample(classes: 1, sweep: false) {
            $0.policies.removeLast()
            $0.targets.removeLast()
            $0.references = []
        }
        #expect(
            ReportJSON.text([small]) == """
                {
                  "scenario": "sample",
                  "seed": 1,
                  "policies": [
                    {
                      "name": "swb",
                      "offered_rps": 12000,
                      "completed_rps": 12000,
                      "in_time_rps": 11990,
                      "latency_ms": {
                        "mean": 43.125,
                        "p50": 42,
                        "p90": 60.5,
                        "p99": 71,
                        "p999": 77.1235
                      },
                      "strict_p99_ms": 72,
                      "rejected_pct": 0.08,
                      "late_pct": 0,
                      "mean_batch": 346,
                      "classes": [
                        {
                          "name": "high",
                          "in_time_pct": 99.96,
                          "p99_ms": 38.25,
                          "rejected_pct": 0,
                          "late_pct": 0,
                          "offered_rps": 6000,
                          "in_time_rps": 0
                        }
                      ],
                      "in_time_pct": 99.92,
                      "failed_pct": 0,
                      "error_pct": 0.08,
                      "cheaper_variant_pct": 0
                    }
                  ],
                  "targets": [
                    {
                      "policy": "swb",
                      "figure": "latency_ms.p99",
                      "at_most": 76,
                      "over": "every",
                      "measured": [71],
                      "deciding": 71,
                      "holds": true
                    }
                  ],
                  "holds": true
                }

                """)
    }

    private func parsed(_ finished: [FinishedScenario], series: Bool = false) throws -> Any {
        try JSONSerialization.jsonObject(
            with: Data(ReportJSON.text(finished, withSeries: series).utf8))
    }

    @Test("A rejected request counts as infinite, which is null")
    func null() throws {
        let report = try #require(try parsed([sample()]) as? [String: Any])
        let policies = try #require(report["policies"] as? [[String: Any]])
        #expect(policies[0]["strict_p99_ms"] as? Double == 72)
        #expect(policies[1]["strict_p99_ms"] is NSNull)
        #expect(policies[1]["name"] as? String == "greedy <b>")
        #expect(report["holds"] as? Bool == false)
    }

    @Test("Time series and curves are written when they are asked for")
    func series() throws {
        let short = try #require(try parsed([sample()]) as? [String: Any])
        let brief = try #require((short["policies"] as? [[String: Any]])?.first)
        #expect(brief["series"] == nil && brief["latency_cdf"] == nil)
        let long = try #require(try parsed([sample()], series: true) as? [String: Any])
        let full = try #require((long["policies"] as? [[String: Any]])?.first)
        let series = try #require(full["series"] as? [String: Any])
        #expect(series["queued"] as? [Double] == [1, 2, 3, 4])
        #expect(series["memory_mb"] == nil)
        #expect((full["latency_cdf"] as? [Any])?.count == 7)
    }

    @Test("Further seeds stand beside the first; several scenarios make a list")
    func several() throws {
        let report = try #require(try parsed([sample(seeds: 3)]) as? [String: Any])
        #expect(report["seed"] as? Int == 1)
        let further = try #require(report["further_seeds"] as? [[String: Any]])
        #expect(further.compactMap { $0["seed"] as? Int } == [2, 3])
        let list = try #require(
            try parsed([sample(name: "a"), sample(name: "b")]) as? [[String: Any]])
        #expect(list.compactMap { $0["scenario"] as? String } == ["a", "b"])
    }

    @Test("Names with quotes, backslashes and control characters stay what they are")
    func escaping() throws {
        let name = "a \"b\" \\ \n\t\u{1} ü 🚋"
        let report = try #require(try parsed([sample(name: name)]) as? [String: Any])
        #expect(report["scenario"] as? String == name)
    }
}
