import ScenarioFiles
import Simulator
import Testing

@Suite("What queue theory says of a scenario")
struct ExplanationTests {
    private func text(_ finished: FinishedScenario) -> String {
        Explanation(finished).lines.joined(separator: "\n").split(whereSeparator: \.isWhitespace)
            .joined(separator: " ")
    }

    @Test("It names M/M/1, the batch device's bound, the rate without misses and the knee")
    func theory() {
        let explained = text(
            sample(classes: 1) { $0.classes[0].deadlineMilliseconds = 80 })
        #expect(explained.contains("95.2 % of the 12,610/s (1/c)"))
        #expect(explained.contains("1/(μ - λ) = 1.64 ms with μ = 12,610/s"))
        #expect(explained.contains("b* = λa/(1 - λc) = 345 items, 28.7 ms each"))
        #expect(explained.contains("2a/(1 - λc) = 57.4 ms"))
        #expect(explained.contains("up to 12,172/s nobody need miss a deadline of 80 ms"))
        #expect(explained.contains("from 95.5 % (12,041/s) on, P99 breaks: 1 - 2ak/D"))
        #expect(explained.contains("is 1.24 times the longest stay"))
    }

    @Test("Several devices share a queue, and the formulas say so")
    func devices() {
        let explained = text(
            sample(classes: 1) { $0.devices.count = 4 })
        #expect(explained.contains("4 of them"))
        #expect(explained.contains("(1 + 1/M)a/(1 - λc/M)"))
    }

    @Test("With classes it says whose deadline the bound is of, and how each class fared")
    func classes() {
        let explained = text(sample())
        #expect(explained.contains("if all requests had it"))
        #expect(explained.contains("high 99.96 % in time, P99 38.3 ms"))
    }

    @Test("Overload is told from load")
    func overload() {
        var busy = sample(classes: 1)
        for index in busy.result.reports[0].policies.indices {
            busy.result.reports[0].policies[index].figures.offeredPerSecond = 24_000
        }
        let explained = text(busy)
        #expect(explained.contains("the offered load is above the capacity"))
        #expect(explained.contains("no batch is large enough"))
        #expect(explained.contains("can be in time if the rest is refused early"))
    }

    @Test("The sweep for the measured curve goes around the knee, and is short")
    func sweep() throws {
        let sweep = try #require(Explanation.sweep(of: sample(seeds: 5).scenario))
        #expect(sweep.policies.map(\.name) == ["swb"])
        #expect(sweep.seeds == 1 && sweep.durationSeconds <= 6 && sweep.targets.isEmpty)
        #expect(sweep.sweepRatesPerSecond.count == 10)
        #expect(sweep.sweepRatesPerSecond.allSatisfy { (3_000...12_500).contains($0) })
    }

    @Test("Models that share devices are set side by side")
    func shared() {
        let finished = sample(sweep: false) { scenario in
            scenario.models = ["one", "two"].map { name in
                var model = ScenarioModel(name: name)
                model.classes = scenario.classes
                model.residentMB = 10_000
                return model
            }
        }
        #expect(Explanation.sweep(of: finished.scenario) == nil)
        let explained = text(finished)
        #expect(explained.contains("20,000 MB of 16,384 MB: not all of them fit"))
    }

    @Test("A gang brings the advice where to place the model, and the barrier that it pays")
    func placement() {
        let finished = sample(sweep: false) { scenario in
            scenario.devices.count = 4
            var model = ScenarioModel(name: "wide")
            model.devices.baseMilliseconds = 20
            model.devices.perItemMilliseconds = 1
            model.gang = 2
            model.communicationMilliseconds = 3
            model.classes = scenario.classes
            scenario.models = [model]
        }
        let explained = text(finished)
        #expect(explained.contains("Where to put wide"))
        #expect(explained.contains("Placement on 4 devices for 100 rows/s"))
        #expect(explained.ranges(of: "Placement on").count == 1, "it is told once")
        #expect(explained.contains("gangs of 2"))
        #expect(explained.contains("all-reduce"))
    }
}
