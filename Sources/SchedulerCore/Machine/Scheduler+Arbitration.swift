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
        purge(at: now, into: &actions)
        guard ledger.requests > 0 else { return }
        self.grant = grant
        instances[id.rawValue] = .idle
        launch(on: id, at: now, into: &actions)
        self.grant = nil
    }

    /// Notes when a held instance is expected back; anything else has its own time.
    mutating func hold(_ id: InstanceID, until: Instant) {
        guard case .held = instances[id.rawValue] else { return }
        instances[id.rawValue] = .held(until: until)
    }
}
