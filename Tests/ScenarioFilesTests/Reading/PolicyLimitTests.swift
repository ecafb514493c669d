import ScenarioFiles
import SchedulerCore
import Simulator
import Testing

@Suite("Choosing policies by name")
struct PolicyLimitTests {
    private func scenario() -> Scenario { sample().scenario }

    @Test("Policies of the file are kept with their settings, in the order of the names")
    func kept() throws {
        var read = scenario()
        try read.limitPolicies(to: ["greedy <b>", "swb", "swb"])
        #expect(read.policies.map(\.name) == ["greedy <b>", "swb"])
        #expect(read.targets.count == 2)
    }

    @Test("A policy that the file does not have runs with its defaults; targets of others go")
    func added() throws {
        var read = scenario()
        try read.limitPolicies(to: ["triton"])
        #expect(read.policies == [ScenarioPolicy(.triton(TritonSettings()), name: "triton")])
        #expect(read.targets.isEmpty)
    }

    @Test("An unknown one is refused with the nearest name")
    func unknown() {
        var read = scenario()
        let error = #expect(throws: UnknownPolicy.self) { try read.limitPolicies(to: ["nexsu"]) }
        #expect(error?.description.contains("did you mean 'nexus'") == true)
        #expect(error?.description.contains("greedy <b>") == true)
    }

    @Test("No names change nothing")
    func nothing() throws {
        var read = scenario()
        try read.limitPolicies(to: [])
        #expect(read == scenario())
    }
}
