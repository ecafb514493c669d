internal import SchedulerCore
internal import ServingModel

extension ServedModel: DeviceParty {
    func ask(_ chores: inout [DeviceChore]) -> DeviceRequest? {
        let (claim, work) = funnel.withLock { $0.claim(at: clock.now()) }
        chores.append { [self] in carryOut(work) }
        return claim.map { .batch($0) }
    }

    func take(
        _ claim: BatchClaim?, within longest: Interval, _ chores: inout [DeviceChore]
    ) -> Instant? {
        guard let claim else { return nil }
        let work = funnel.withLock { $0.take(claim, within: longest, at: clock.now()) }
        chores.append { [self] in carryOut(work) }
        return work.launches.first.map { $0.batch.launched + $0.batch.predicted }
    }
}
