internal import ServingModel

/// What a request is about, within its tenant.
struct Subject: Hashable {
    var tenant: TenantID
    var key: SupersedeKey
}

extension Scheduler {
    /// Ends the waiting request about the same thing, if there is one: only the latest counts, whatever
    /// becomes of it. A request that runs already is not touched.
    mutating func supersede(_ arrival: Arrival, into actions: inout ActionBuffer) {
        guard let key = arrival.supersedes else { return }
        let subject = Subject(tenant: arrival.tenant, key: key)
        guard let latest = subjects.removeValue(forKey: subject),
            let slot = table.slot(of: latest.id),
            table.nodes[Int(slot)].sequence == latest.sequence
        else { return }
        let request = remove(slot)
        actions.append(.reject(request.id, .superseded, retryAfter: .zero))
    }

    /// Remembers what a request is about that has just been taken in.
    mutating func noteSubject(_ arrival: Arrival) {
        guard let key = arrival.supersedes, let slot = table.slot(of: arrival.id) else { return }
        if subjects.count >= 2 * table.count + 64 {
            // Entries of requests that have left stay until there are more of them than of others.
            let table = table
            subjects = subjects.filter { entry in
                table.slot(of: entry.value.id).map {
                    table.nodes[Int($0)].sequence == entry.value.sequence
                } ?? false
            }
        }
        subjects[Subject(tenant: arrival.tenant, key: key)] = (
            arrival.id, table.nodes[Int(slot)].sequence
        )
    }

    /// The class in which a request waits: the next lesser one when its own has used up its part of the
    /// queue and the lesser one has not.
    func degraded(_ index: Int) -> Int {
        guard configuration.degradesWhenFull, isSlackAware, index > 0, index + 1 < classes.count,
            ledger.requests < configuration.maxQueuedRequests
        else { return index }
        let part = max(configuration.maxQueuedRequests / classes.count, 1)
        let isFull = queuedRequests(of: ClassIndex(index)) >= part
        return isFull && queuedRequests(of: ClassIndex(index + 1)) < part ? index + 1 : index
    }
}
