internal import ControlCore
internal import Foundation
internal import SchedulerTesting
internal import ServingModel
internal import Simulator
internal import Testing

@Suite("Anomalies")
struct AnomalyTests {
    @Test(
        "The logarithm agrees with the C library",
        arguments: [1e-300, 1e-3, 0.5, 0.7499, 0.75, 1, 1.4999, 1.5, 2, 10, 12_345.678, 1e300])
    func logarithms(value: Double) {
        #expect(abs(logarithm(value) - log(value)) <= 1e-12 * max(1, abs(log(value))))
        #expect(logarithm(0) == -.infinity)
    }

    @Test("What is usual is no anomaly, however noisy, nor is one outlier among it")
    func usual() throws {
        try forEachSeed(count: 20) { random in
            var draw = random.split("samples")
            var baseline = AnomalyBaseline()
            let noise = draw.pick(0.01, 0.1, 0.5)
            var certain = 0
            for index in 0..<5_000 {
                let outlier = index % 500 == 499 ? 5.0 : 0
                baseline.observe(draw.logNormal(median: 1, sigma: noise) + outlier)
                if baseline.score >= 1 { certain += 1 }
            }
            try require(certain <= 50, "certain \(certain) times of 5,000")
        }
    }

    @Test("A lasting rise is certain after a few samples, and no anomaly once it is the custom")
    func rise() {
        var baseline = AnomalyBaseline()
        for index in 0..<200 { baseline.observe(index % 2 == 0 ? 0.1 : -0.1) }
        #expect(baseline.score == 0)
        var samples = 0
        while baseline.score < 1 {
            baseline.observe(1)
            samples += 1
        }
        #expect(samples <= 4)
        for _ in 0..<3_000 { baseline.observe(1) }
        #expect(baseline.score == 0)
    }

    @Test("A fall is none, and before fifty samples nothing is")
    func silence() {
        var baseline = AnomalyBaseline()
        for _ in 0..<49 { baseline.observe(0) }
        var young = baseline
        young.observe(0)
        #expect(young.deviation == 0)
        baseline = AnomalyBaseline()
        for _ in 0..<30 { baseline.observe(0) }
        for _ in 0..<10 { baseline.observe(9) }
        #expect(baseline.score == 0)
        for _ in 0..<300 { baseline.observe(-9) }
        #expect(baseline.score == 0)
    }

    /// Where the public traces lie on the machine that has them.
    private static let traces = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "../shared/traces").standardizedFileURL

    @Test(
        "Both labelled anomalies of a load balancer's fourteen days are found, and nothing else",
        .enabled(
            if: FileManager.default.fileExists(
                atPath: traces.appending(path: "nab_elb_windows.json").path)))
    func numenta() throws {
        let series = try String(
            contentsOf: Self.traces.appending(path: "nab_elb_request_count_8c0756.csv"),
            encoding: .utf8)
        let labels = try JSONDecoder().decode(
            [String: [[String]]].self,
            from: Data(contentsOf: Self.traces.appending(path: "nab_elb_windows.json")))
        let windows = try #require(labels.values.first).map { ($0[0].prefix(19), $0[1].prefix(19)) }
        var baseline = AnomalyBaseline()
        var alarms: [Substring] = []
        var isAlarmed = false
        for line in series.split(whereSeparator: \.isNewline).dropFirst() {
            let fields = line.split(separator: ",")
            baseline.observe(logarithm(1 + (try #require(Double(fields[1])))))
            if baseline.score >= 1, !isAlarmed { alarms.append(fields[0]) }
            // An alarm lasts until nothing is suspicious any more.
            isAlarmed = isAlarmed ? baseline.score > 0 : baseline.score >= 1
        }
        for (from, to) in windows {
            #expect(alarms.contains { from <= $0 && $0 <= to }, "\(from) to \(to)")
        }
        #expect(alarms.count == windows.count, "\(alarms)")
    }
}
