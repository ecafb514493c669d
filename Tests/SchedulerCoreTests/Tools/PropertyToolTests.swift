internal import SchedulerCore
internal import SchedulerTesting
internal import ServingModel
internal import Simulator
internal import Testing

@Suite("Tools of the property tests")
struct PropertyToolTests {
    @Test("Seeds are read in decimal, and in hexadecimal as commit hashes are")
    func seeds() {
        #expect(SeedPlan.seed(from: "17") == 17)
        #expect(SeedPlan.seed(from: "0x11") == 17)
        #expect(SeedPlan.seed(from: "deadbeef") == 0xDEAD_BEEF)
        #expect(
            SeedPlan.seed(from: "5e02f832442c336cbe18a4e7dd52ee554f66d382") == 0x5E02_F832_442C_336C
        )
        #expect(SeedPlan.seed(from: "what") == nil)
        #expect(SeedPlan.seed(from: "") == nil)
    }

    @Test("The environment decides where seeds start and how many there are")
    func plans() {
        func plan(_ variables: [String: String]) -> [UInt64] {
            let plan = SeedPlan(standard: 10) { variables[$0] }
            return [plan.first, UInt64(plan.count)]
        }
        #expect(plan([:]) == [1, 10])
        #expect(plan(["SEED": "7"]) == [7, 1])
        #expect(plan(["SEEDS": "3"]) == [1, 3])
        #expect(plan(["SEED": "7", "SEEDS": "3"]) == [7, 3])
        #expect(plan(["HEADWAY_SEEDS": "5"]) == [1, 50])
        #expect(plan(["HEADWAY_SEEDS": "no"]) == [1, 10])
    }

    @Test("A failing property names its seed")
    func failure() {
        #expect {
            try forEachSeed(count: 1) { _ in try require(false, "the detail") }
        } throws: { error in
            let text = "\(error)"
            return text.contains("SEED=") && text.contains("the detail")
        }
    }

    @Test("A failing world is reported with few stimuli")
    func shrunkWorld() {
        #expect {
            try forEachWorld(count: 1) {
                Swarm($0).world(requests: 60)
            } check: { world in
                let hasBoth = [10, 50].allSatisfy { id in
                    world.stimuli.contains {
                        guard case .arrive(let arrival) = $0.kind else { return false }
                        return arrival.id == RequestID(UInt64(id))
                    }
                }
                try require(!hasBoth, "both are there")
            }
        } throws: { error in
            "\(error)".contains("2 stimuli:")
        }
    }

    @Test("Shrinking finds the smallest culprits and stops when it may not ask further")
    func shrinking() {
        let found = shrink(Array(0..<200)) { $0.contains(17) && $0.contains(171) }
        #expect(found == [17, 171])
        #expect(shrink([1, 2, 3]) { _ in true }.isEmpty)
        #expect(shrink([1, 2, 3]) { _ in false } == [1, 2, 3])
        var asked = 0
        _ = shrink(Array(0..<200), limit: 5) { _ in
            asked += 1
            return false
        }
        #expect(asked == 5)
    }

    @Test("The choice generator walks through every path once")
    func choices() {
        var choices = ChoiceGenerator()
        var paths: [[Int]] = []
        while choices.advance() {
            var path = [choices.choose(2)]
            if path[0] == 1 { path += [choices.choose(3), choices.choose(1)] }
            paths.append(path)
        }
        #expect(paths == [[0], [1, 0, 0], [1, 1, 0], [1, 2, 0]])
        #expect(choices.paths == 4)
        var none = ChoiceGenerator()
        var runs = 0
        while none.advance() { runs += 1 }
        #expect(runs == 1, "a body without choices has one path")
    }

    @Test("An announced arrival whose follower was left out no longer announces it")
    func truthfulStimuli() throws {
        let arrival = Arrival(
            id: RequestID(1), priorityClass: ClassIndex(0), deadline: .distantFuture,
            isFollowed: true)
        let world = World(
            .byHand(), devices: [DeviceModel(base: 1, perRow: 1)],
            [Stimulus(at: .origin, .arrive(arrival))], Seeded(1))
        let outcome = try world.run().outcome
        #expect(outcome.total.inTime == 1)
    }
}
