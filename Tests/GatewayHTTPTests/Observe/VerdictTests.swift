import GatewayHTTP
import Testing

@Suite("The verdict of the dashboard")
struct VerdictTests {
    private let kept = PromiseReport(model: "digits", name: "high", inTime: 1_000)

    @Test("Kept promises are good, and no requests are idle")
    func good() {
        let good = Verdict(state: "ready", promises: [kept], rate: 16.7)
        #expect(good == .init(.good, "All promises kept", "17 requests/s"))
        let quiet = Verdict(
            state: "ready", promises: [PromiseReport(model: "m", name: "high")], rate: 0)
        #expect(quiet.level == .idle)
    }

    @Test("A class in trouble is named with its figures, and counts as bad from five percent")
    func trouble() {
        let late = PromiseReport(
            model: "tales", name: "high", queued: 812, inTime: 968, late: 32)
        #expect(
            Verdict(state: "ready", promises: [kept, late], rate: 0.25)
                == .init(.warn, "tales: high class late 3.2 % — queue 812", "0.3 requests/s"))
        let refused = PromiseReport(
            model: "digits", name: "low", rank: 2, inTime: 80, late: 10, refused: 10)
        let leaking = Verdict(
            state: "ready", promises: [kept], memoryGrowth: 2_000_000, rate: 1)
        #expect(leaking.level == .warn && leaking.text == "Memory only grows, by 120 MB a minute")
        let worse = Verdict(state: "ready", promises: [late, refused], rate: 1)
        #expect(worse.level == .bad)
        #expect(worse.text == "tales: high class late 3.2 % — queue 812 · and 1 more")
        #expect(
            Verdict(state: "ready", promises: [refused], rate: 1).text
                == "digits: low class late 10 %, refused 10 % — queue 0")
    }

    @Test("A few broken promises are told without alarm")
    func few() {
        let few = PromiseReport(model: "m", name: "low", inTime: 9_999, late: 1)
        let verdict = Verdict(state: "ready", promises: [kept, few], rate: 100)
        #expect(verdict.level == .good)
        #expect(verdict.text == "Promises kept but for 0.01 % of low")
    }

    @Test("What keeps the server from serving comes before what it serves")
    func state() {
        #expect(Verdict(state: "draining", promises: [kept], rate: 1).text.hasPrefix("Stopping"))
        #expect(Verdict(state: "starting", promises: [], rate: 0).text.hasPrefix("Starting"))
        #expect(Verdict(state: "ready", promises: [], rate: 0).text == "No models")
        let missing = Verdict(
            state: "ready", promises: [kept], missing: [("a", "broken"), ("b", "gone")], rate: 1)
        #expect(missing == .init(.warn, "Not served: a and 1 more", "broken"))
        let failed = Verdict(state: "ready", promises: [kept], failures: [("a", 3)], rate: 1)
        #expect(failed.text == "a: its engine failed 3 requests")
    }
}

extension Verdict {
    fileprivate init(_ level: Level, _ text: String, _ detail: String) {
        self.init(state: "ready", promises: [], rate: 0)
        self.level = level
        self.text = text
        self.detail = detail
    }
}
