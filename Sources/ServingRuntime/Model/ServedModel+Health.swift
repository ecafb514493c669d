internal import SchedulerCore
internal import ServingModel

extension ServedModel {
    /// Gives the model's health rules a sample, and its ladder of variants a look that no request would give it;
    /// asked once a second. `memory` is the part of the process's memory that is in use, where it is known.
    package func tend(memory: Double?) {
        if specification.variantLoading != nil { passOverHung() }
        guard specification.health != nil || specification.variantLoading != nil else { return }
        let statistics = statistics
        let totals = HealthTotals(
            busy: statistics.busy.reduce(.zero, +), answered: statistics.success.count,
            latency: statistics.success.total)
        carryOut(funnel.withLock { $0.tend(totals, memory: memory, at: clock.now()) })
        specification.device?.settle()
    }
}
