internal import ControlCore
internal import ServingModel

/// A scheduler whose instances share their devices with other models'. It queues, admits and forms
/// batches as ever; when an instance may run is somebody else's decision.
extension Scheduler {
    /// Most rows of the batch that is being formed.
    var maxBatchRows: Int {
        guard let grant else { return configuration.maxBatchRows }
        return min(configuration.maxBatchRows, max(grant.rows, 1))
    }

    /// What an instance without a batch is: free to take one, or waiting for leave to.
    func vacant(at now: Instant) -> InstanceState {
        configuration.isArbitrated ? .held(until: now) : .idle
    }

    /// Starts a batch within the limits of `grant`, unless nothing waits any more.
    mutating func take(
        _ grant: Grant, of id: InstanceID, at now: Instant, into actions: inout ActionBuffer
    ) {
        guard case .held = instances[id.rawValue] else {
            preconditionFailure("instance \(id) was granted but is not held")
        }
        if !isSlackAware {
            self.grant = grant
            instances[id.rawValue] = .idle
            dispatchByRule(at: now, into: &actions)
            if instances[id.rawValue] == .idle { instances[id.rawValue] = .held(until: now) }
            self.grant = nil
            return
        }
        purge(at: now, into: &actions)
        guard ledger.requests > 0 else { return }
        self.grant = grant
        instances[id.rawValue] = .idle
        launch(on: id, at: now, into: &actions)
        self.grant = nil
    }

    /// Notes when a held instance is expected back, or holds an idle one: what it computes with is gone
    /// for a while. Anything else has its own time.
    mutating func hold(_ id: InstanceID, until: Instant) {
        switch instances[id.rawValue] {
        case .held, .idle: instances[id.rawValue] = .held(until: until)
        case .absent, .trial, .busy, .leaving: return
        }
    }
}

/// What waits in an arbitrated scheduler, as far as it matters for whose turn it is.
struct Demand: Equatable {
    /// The most important class that has work.
    var topClass: Int
    /// When a batch of what waits must start to answer the most urgent head of that class in time.
    var latestStart: Instant
    /// When that head arrived.
    var arrival: Instant
    /// Rows that the next batch would like to have.
    var rows: Int
    /// What a batch of so many rows would take.
    var predicted: Interval
    /// Rows of the largest head: what has to fit for a batch to be possible.
    var largestHead: Int
    /// Sum of the floor shares of classes whose head has waited half of its time.
    var agedShare: Double

    /// Whether this work goes before `other`, the numbers of the models deciding between equals.
    func precedes(_ other: Demand) -> Bool {
        (topClass, latestStart, arrival) < (other.topClass, other.latestStart, other.arrival)
    }
}

extension Scheduler {
    /// What waits; `nil` when nothing does.
    func demand(at now: Instant) -> Demand? {
        guard ledger.requests > 0 else { return nil }
        var demand: Demand?
        var largestHead = 0
        var aged = 0.0
        for bucket in buckets where bucket.count > 0 {
            guard let top = bucket.queues.firstIndex(where: { !$0.isEmpty }) else { continue }
            var waiting = 0
            for queue in bucket.queues where !queue.isEmpty {
                largestHead = max(largestHead, table.request(queue.first).rows)
                waiting += queue.rows(in: table)
            }
            aged = max(aged, agedShare(in: bucket, at: now))
            let head = table.request(bucket.queues[top].first)
            let rows = min(waiting, max(configuration.maxBatchRows, head.rows))
            let predicted = bucket.latency.latency(rows: rows)
            let candidate = Demand(
                topClass: top,
                latestStart: promised(head) - configuration.guardInterval - predicted,
                arrival: head.arrival, rows: rows, predicted: predicted, largestHead: 0,
                agedShare: 0)
            if demand.map({ candidate.precedes($0) }) ?? true { demand = candidate }
        }
        demand?.largestHead = largestHead
        demand?.agedShare = aged
        return demand
    }

    /// When a request must be answered; by the default of its class where the client set no limit, so
    /// that work without deadlines has its turn too.
    private func promised(_ request: QueuedRequest) -> Instant {
        guard request.deadline == .distantFuture else { return request.deadline }
        return request.arrival
            + configuration.classes[request.priorityClass.rawValue].defaultDeadline
    }

    /// Half of what the tightest deadline of each class with traffic leaves: the longest that a
    /// newcomer of the class may find the device taken by work that could have been shorter.
    func forEachPatience(at now: Instant, _ body: (Int, Interval) -> Void) {
        for index in classes.indices
        where SlackAwarePolicy.hasTraffic(classes[index].arrivals.value(at: now)) {
            body(index, (classes[index].tightestDeadline - configuration.guardInterval) / 2)
        }
    }
}
