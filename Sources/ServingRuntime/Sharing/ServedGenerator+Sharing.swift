internal import SchedulerCore
internal import ServingModel

extension ServedGenerator: DeviceParty {
    func ask(_ chores: inout [DeviceChore]) -> DeviceRequest? {
        funnel.withLock { $0.claim(at: clock.now()) }.map { .step($0) }
    }

    func take(
        _ claim: BatchClaim?, within longest: Interval, _ chores: inout [DeviceChore]
    ) -> Instant? {
        let work = funnel.withLock { $0.handle(.granted(longest: longest), at: clock.now()) }
        chores.append { [self] in carryOut(work) }
        return work.turn.map { $0.step.launched + $0.step.plan.predicted }
    }
}
