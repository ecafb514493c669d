import ScenarioFiles
import Simulator
import Testing

@Suite("The report on a terminal")
struct ReportTextTests {
    @Test("Columns are aligned, numbers to the right, and every figure has its unit")
    func golden() {
        let lines = ReportText(sample(), isColoured: false).lines
        #expect(
            lines == [
                "sample",
                "  25 s, seed 1, 12,000 requests/s, 1 device",
                "",
                "  policy             in time/s  rejected %  late %  mean ms  P50 ms  P90 ms  P99 ms  strict P99 ms  batch",
                "  swb                   11,990        0.08       0     43.1    42.0    60.5    71.0           72.0    346",
                "  greedy <b>             6,000        2.00    48.0     43.1    42.0    60.5    71.0          never    346",
                "  source @ 12,000/s                                                             210",
                "",
                "  in time %    high    low",
                "  swb         99.96  99.96",
                "  greedy <b>   40.0   40.0",
                "",
                "  strict P99 ms at rate/s   swb  greedy <b>",
                "  6,000                    72.0       never",
                "  12,000                   72.0       never",
                "",
                "  target          of          has to be  is",
                "  latency_ms.p99  swb         ≤ 76 ms    71.0 ms  ✓ holds",
                "  late_pct        greedy <b>  ≤ 0 %      48.0 %   ✗ missed",
            ])
    }

    @Test("The verdict counts targets, and there is none without targets")
    func verdict() {
        #expect(
            ReportText(sample(), isColoured: false).verdict == "✗ sample: 1 of 2 targets missed")
        let held = sample { $0.targets.removeLast() }
        #expect(ReportText(held, isColoured: false).verdict == "✓ sample: the target holds")
        let none = sample { $0.targets = [] }
        #expect(ReportText(none, isColoured: false).verdict == nil)
    }

    @Test("Colours come only when they are asked for, and never change the columns")
    func colours() {
        let plain = ReportText(sample(), isColoured: false).lines
        let coloured = ReportText(sample(), isColoured: true).lines
        #expect(!plain.joined().contains("\u{1B}"))
        #expect(coloured.joined().contains("\u{1B}[31m✗ missed\u{1B}[0m"))
        let stripped = coloured.map { line in
            ["0", "1", "2", "31", "32"].reduce(line) {
                $0.split(separator: "\u{1B}[\($1)m", omittingEmptySubsequences: false).joined()
            }
        }
        #expect(stripped == plain)
    }

    @Test("With several seeds the median is shown")
    func median() {
        let lines = ReportText(sample(seeds: 3), isColoured: false).lines
        #expect(lines[1].contains("median of 3 seeds (1 to 3)"))
        #expect(lines[4].contains(" 72.0 "))
    }

    @Test("A figure that misses by less than it shows is written out")
    func precision() {
        let close = sample {
            $0.targets = [ScenarioTarget(policy: "swb", figure: "latency_ms.p99", .atMost(70.99))]
        }
        let line = ReportText(close, isColoured: false).lines.last
        #expect(line?.contains("71.0 ms") == true && line?.contains("✗ missed") == true)
        let hair = sample {
            $0.targets = [ScenarioTarget(policy: "swb", figure: "rejected_pct", .atMost(0.0799))]
        }
        #expect(
            ReportText(hair, isColoured: false).lines.last?.hasSuffix("0.08 %  ✗ missed") == true)
    }
}
