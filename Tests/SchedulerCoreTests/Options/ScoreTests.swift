internal import SchedulerCore
internal import SchedulerTesting
internal import ServingModel
internal import Testing

@Suite("Options: the multimodal score")
struct ScoreTests {
    static let score = MultimodalScore(
        referenceCost: .milliseconds(10), referenceSlack: .milliseconds(100))

    @Test(
        "The score is 0.4 for cheapness, 0.3 for urgency, 0.3 for the modality, and within [0, 1]")
    func value() {
        let best = Self.score.value(cost: .zero, slack: .zero, weight: 1)
        #expect(best == 1)
        let half = Self.score.value(
            cost: .milliseconds(5), slack: .milliseconds(100), weight: 0.5)
        #expect(abs(half - 0.5) < 1e-12)
        #expect(Self.score.value(cost: .seconds(1), slack: .never, weight: 0) == 0)
    }

    @Test("Within a slot of deadlines the higher score goes first, between slots the earlier one")
    func order() throws {
        var configuration = SchedulerConfiguration.byHand(maxBatchRows: 8)
        configuration.score = Self.score
        configuration.modalities = [Modality("text", weight: 0), Modality("image", weight: 1)]
        var machine = try CheckedScheduler(configuration)
        _ = try machine.arrive(1, due: 900, at: 0)
        _ = try machine.arrive(2, due: 901, at: 0.1)
        _ = try machine.arrive(3, due: 904, modality: 1, at: 0.1)
        _ = try machine.arrive(4, due: 903, rows: 5, modality: 0, at: 0.1)
        _ = try machine.arrive(5, due: 899, modality: 0, at: 0.1)
        let effects = try machine.complete(0, at: 3)
        #expect(effects == [.launched(0, [5, 3, 2, 4])])
    }
}
