import GatewayCore
import ServingModel
import ServingRuntime
import Testing

@Suite("A decision in words")
struct DecisionStoryTests {
    private func story(
        _ outcome: DecisionRecord.Outcome, _ work: DecisionRecord.Work, ahead: Int = 3,
        deadline: Interval = .milliseconds(40), took: Interval = .milliseconds(20),
        loading: Interval? = nil
    ) -> String {
        let record = DecisionRecord(
            label: .none, priorityClass: ClassIndex(0), outcome: outcome, ahead: ahead, size: 8,
            arrival: .origin, deadline: .origin + deadline, ended: .origin + took, work: work,
            loading: loading)
        return DecisionStory(record, classes: PriorityClass.defaultTable).sentences
            .joined(separator: " ")
    }

    private let ride = BatchRide(
        batch: BatchID(812), instance: InstanceID(1), rule: .crossing, rows: 16, requests: 15,
        leftBehind: 4, launched: .origin + .milliseconds(12), predicted: .milliseconds(9),
        assembly: .microseconds(30), compute: .milliseconds(7))

    @Test("A batch: why it waited, with whom it rode, which rule, what was promised and what came")
    func batch() {
        #expect(
            story(.inTime, .batch(ride))
                == "It came in class high with 40.0 ms for its answer. "
                + "It waited 12.0 ms: every instance was computing, and 3 requests waited already. "
                + "It rode batch 812 on instance 1 with 14 other requests, 16 rows in all. "
                + "Requests that could not be saved were left, so that all on board would be in time "
                + "(4 stayed behind). "
                + "The batch was promised to take at most 9.00 ms and took 8.00 ms: 30 µs until the "
                + "engine began, 7.00 ms in the engine. "
                + "It was answered 20.0 ms before its deadline.")
    }

    @Test(
        "A request whose model was not in memory: how long it waited for it, or that it could not")
    func paging() {
        let waited = story(.inTime, .batch(ride), ahead: 0, loading: .milliseconds(11))
        #expect(
            waited.contains(
                "Its model was not in memory: it waited 11.0 ms for it to be brought in. "
                    + "It waited 12.0 ms: its model had to be brought in first, and nobody waited "
                    + "before it."))
        let refused = story(.rejected(.deadlineUnreachable), .none, loading: .zero)
        #expect(refused.contains("could not be brought in and answer in time"))
    }

    @Test("A late answer tells whether it was expected to be late")
    func late() {
        let surprised = story(
            .late, .batch(ride), deadline: .milliseconds(30), took: .milliseconds(45))
        #expect(surprised.hasSuffix("because the batch took longer than promised."))
        let expected = story(
            .late, .batch(ride), deadline: .milliseconds(15), took: .milliseconds(20))
        #expect(expected.hasSuffix("and was expected to be: it was served all the same."))
    }

    @Test("A generation: prompt, steps, company, and the pace against the promise")
    func generation() {
        let ride = GenerationRide(
            started: .origin + .milliseconds(5), firstToken: .origin + .milliseconds(10),
            cachedTokens: 4, generatedTokens: 11, steps: 12, companions: 30, preemptions: 1,
            perToken: .milliseconds(2), predictedStep: .milliseconds(1), isCutOff: false)
        #expect(
            story(.inTime, .generation(ride), ahead: 1)
                == "It came in class high with 40.0 ms for its first token. "
                + "It waited 5.00 ms: no slot or no memory was free, and 1 request waited already. "
                + "Its prompt of 8 tokens, of which the prefix cache had 4 was read in 5.00 ms. "
                + "It got 11 tokens in 12 steps shared with 2.5 others on average, one each 1.00 ms "
                + "(promised 2.00 ms); a step alone was expected to take 1.00 ms. "
                + "It was sent back to the queue 1× because memory ran short. "
                + "Its first token came 30.0 ms before its deadline.")
    }

    @Test("Every reason for a refusal and every rule has a sentence of its own")
    func distinct() {
        let reasons = RejectReason.allCases.map { story(.rejected($0), .none) }
        #expect(Set(reasons).count == reasons.count)
        var other = ride
        let rules = LaunchRule.allCases.map { rule in
            other.rule = rule
            return story(.inTime, .batch(other))
        }
        #expect(Set(rules).count == rules.count)
    }
}
