internal import ControlCore
internal import SchedulerCore
internal import SchedulerTesting
internal import ServingModel
internal import Simulator
internal import Testing

/// Eight seconds of 2,000 requests a second on a device that does 930, with 700 a second before and after,
/// and room for 200 that wait.
@Suite("Refused clients that come back")
struct RetryRunTests {
    private struct Result {
        var served: Double
        var attempts: Double
        /// Of those who came after the burst, for the first time or again.
        var outcome: Outcome
    }

    private func run(obedient: Double, _ advice: RetryAdvice?) throws -> Result {
        let device = DeviceModel(base: 10, perRow: 1)
        let random = Seeded(5)
        var configuration = SchedulerConfiguration(
            classes: [.forTest("only", deadline: 1_000)], maxBatchRows: 128,
            latency: device.warmedUp(random.split("warm-up")))
        configuration.maxQueuedRequests = 200
        var options = VirtualServer.Options(devices: [device], random.split("devices"))
        options.retries = RetryPlan(attempts: 5, obedientShare: obedient)
        options.advice = advice
        var server = VirtualServer(configuration, options)
        let load = ScenarioLoad(
            ArrivalPlan(.step(levelsPerSecond: [700, 2_000, 700], atSeconds: [0, 10, 18])),
            classes: [ScenarioClass(name: "only", deadlineMilliseconds: 1_000)],
            faults: FaultPlan(), seconds: 70, random.split("load"))
        let outcome = try server.run(load)
        return Result(
            served: Double(outcome.total.inTime) / Double(outcome.wishes),
            attempts: Double(outcome.total.arrived) / Double(outcome.wishes), outcome: outcome)
    }

    @Test(
        "Turns bring nearly everybody through, with fewer attempts than the backlog's length does")
    func turns() throws {
        let backlog = try run(obedient: 1, nil)
        let turns = try run(obedient: 1, RetryAdvice())
        #expect(turns.served > 0.98, "\(turns.served)")
        #expect(backlog.served < 0.92, "\(backlog.served)")
        #expect(turns.attempts < 1.4 && turns.attempts < backlog.attempts, "\(turns.attempts)")
    }

    @Test("Those who do not listen gain nothing, and cost those who do little")
    func impatient() throws {
        let nobody = try run(obedient: 0, RetryAdvice())
        let most = try run(obedient: 0.8, RetryAdvice())
        #expect(nobody.served < 0.92, "\(nobody.served)")
        #expect(most.served > 0.95, "\(most.served)")
    }

    @Test("Every attempt of every client ends once")
    func conservation() throws {
        let result = try run(obedient: 0.5, RetryAdvice())
        #expect(result.outcome.total.ended == result.outcome.total.arrived)
        #expect(result.outcome.total.arrived > result.outcome.wishes)
    }
}
