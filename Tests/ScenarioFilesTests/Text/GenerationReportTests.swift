import ScenarioFiles
import SchedulerCore
import Simulator
import Testing

/// A finished scenario of text generation with round figures.
private func sampleText() -> FinishedScenario {
    sample(sweep: false) { scenario in
        scenario.generation = GenerationPlan()
        scenario.classes = Array(ScenarioClass.ofGeneratedText.prefix(2))
        scenario.policies = [
            ScenarioPolicy(GenerationRule(.slackAware)),
            ScenarioPolicy(GenerationRule(.orca), name: "orca <b>"),
        ]
        scenario.references = []
        scenario.targets = [
            ScenarioTarget(policy: "swb", figure: "weighted_in_time_pct", .atLeast(99)),
            ScenarioTarget(policy: "swb", figure: "preemptions", .atMost(2)),
        ]
    }
}

/// The same with the figures of text in its reports.
private var finished: FinishedScenario {
    let sample = sampleText()
    var reports = sample.result.reports
    for report in reports.indices {
        for index in reports[report].policies.indices {
            reports[report].policies[index].take(figures(index))
        }
    }
    return FinishedScenario(sample.scenario, ScenarioResult(sample.scenario, reports))
}

private func figures(_ index: Int) -> GenerationFigures {
    var figures = GenerationFigures()
    figures.weightedInTimePercent = index == 0 ? 99.5 : 60
    figures.generatedPerSecond = 7_608
    figures.firstToken.p50 = 80
    figures.firstToken.p99 = 420
    figures.perToken.p50 = 30
    figures.perToken.p99 = 37.6
    figures.gap.p99 = 44
    figures.preemptions = index == 0 ? 0 : 31
    figures.prefixHitPercent = 23
    figures.peakKeyValuePercent = 98
    figures.rejectedByReason = [RejectedShare(reason: "deadline_missed", percent: 2)]
    return figures
}

extension PolicyReport {
    fileprivate mutating func take(_ figures: GenerationFigures) {
        self.figures.inTimePerSecond = 40.6
        self.figures.generation = figures
        for index in classes.indices {
            classes[index].firstTokenP99Milliseconds = 410
            classes[index].perTokenP99Milliseconds = 37
        }
        firstTokenCurve = latencyCurve
        gapCurve = latencyCurve
        series.keyValueTokens = [1_000, 2_000, 3_000, 2_000]
    }
}

@Suite("Reports of text generation")
struct GenerationReportTests {
    @Test("The table on a terminal has the figures of text, each with its unit")
    func terminal() {
        let lines = ReportText(finished, isColoured: false).lines
        #expect(lines[1].contains("text generation with room for 300,000 tokens"))
        #expect(
            lines[3].hasPrefix(
                "  policy    in time/s  weighted % in time  rejected %  late %  tokens/s  TTFT P50 ms"
            ))
        #expect(lines[4].contains("40.6") && lines[4].contains("7,608"))
        #expect(lines[4].contains("37.6"))
        #expect(lines.contains { $0.contains("weighted_in_time_pct") && $0.contains("✓ holds") })
        #expect(lines.contains { $0.contains("≤ 2 times") && $0.contains("✓ holds") })
    }

    @Test(
        "The page has plots of both promises, of the classes and of memory, and no name as markup")
    func page() {
        let html = ReportPage([finished], command: "headway simulate x").html
        for title in [
            "Time to the first token by percentile", "Gap between tokens by percentile",
            "In time, by class", "Tokens held", "Tokens of a step",
        ] {
            #expect(html.contains(title), "\(title)")
        }
        #expect(html.contains("TTFT of high, 500 ms") && html.contains("TPOT of medium, 60 ms"))
        #expect(!html.contains("Latency by percentile"))
        #expect(!html.contains("<b>") && html.contains("orca &lt;b&gt;"))
    }

    @Test("JSON has the figures by the names that targets use, and tells why requests were refused")
    func json() {
        let json = ReportJSON.text([finished], withSeries: true)
        for name in GenerationFigures.names {
            let key = name.split(separator: ".")[0]
            #expect(json.contains("\"\(key)\":"), "\(name)")
        }
        #expect(json.contains("\"rejected_by_reason\":") && json.contains("\"deadline_missed\": 2"))
        for key in ["ttft_cdf", "gap_cdf", "kv_tokens", "ttft_p99_ms", "tpot_p99_ms"] {
            #expect(json.contains("\"\(key)\":"), "\(key)")
        }
    }

    @Test("Every name of a figure leads to one")
    func names() {
        let report = finished.result.reports[0]
        for name in GenerationFigures.names {
            #expect(report.figure(name, policy: "swb") != nil, "\(name)")
        }
        #expect(report.figure("tpot_ms.p99", policy: "swb") == 37.6)
        #expect(report.figure("ttft_p99_ms", policy: "swb", className: "high") == 410)
    }
}
