internal import SchedulerCore
internal import ServingModel

/// I10: what a class sends in a batch stands together in the class's order.
extension ActionChecker {
    /// Requests among whom nobody is passed over: one class in one queue and, where shares decide
    /// between accounts, of one tenant and modality.
    private struct Line: Equatable {
        var priorityClass: Int
        var queue: Queue
        var tenant: TenantID?
        var modality: ModalityIndex?
    }

    /// Refuses a batch that leaves somebody behind who stands between two of its members. Called before
    /// the members' lives change.
    func checkOrder(_ ids: ArraySlice<RequestID>, at now: Instant) throws(Violation) {
        // Where there are fewer accounts than tenants, one tenant's requests may wait in several.
        guard configuration.policy.keepsDeadlines, configuration.tenants?.maxTenants ?? 256 > 16
        else { return }
        let riders = Set(ids)
        var lines: [(line: Line, first: Arrival, last: Arrival)] = []
        for arrival in ids.compactMap({ records[$0]?.arrival }) {
            let line = line(of: arrival)
            if let index = lines.firstIndex(where: { $0.line == line }) {
                if stands(arrival, before: lines[index].first) { lines[index].first = arrival }
                if stands(lines[index].last, before: arrival) { lines[index].last = arrival }
            } else {
                lines.append((line, arrival, arrival))
            }
        }
        for record in records.values
        where record.life == .waiting && !riders.contains(record.arrival.id) {
            let passed = record.arrival
            let line = line(of: passed)
            guard let (_, first, last) = lines.first(where: { $0.line == line }),
                stands(first, before: passed), stands(passed, before: last)
            else { continue }
            throw no(.passedOver, now, "\(passed.id) between \(first.id) and \(last.id)")
        }
    }

    private func line(of arrival: Arrival) -> Line {
        let hasShares =
            configuration.tenants != nil
            || configuration.modalities.contains { $0.deviceShare != nil }
        return Line(
            priorityClass: classIndex(arrival), queue: queue(of: arrival),
            tenant: hasShares ? arrival.tenant : nil, modality: hasShares ? arrival.modality : nil)
    }

    /// Whether a request certainly stands before another: within a slot of deadlines the score decides.
    private func stands(_ left: Arrival, before right: Arrival) -> Bool {
        if let slot = configuration.score?.slot.nanoseconds {
            return left.deadline.nanoseconds / slot < right.deadline.nanoseconds / slot
        }
        return (left.deadline, left.id) < (right.deadline, right.id)
    }
}
