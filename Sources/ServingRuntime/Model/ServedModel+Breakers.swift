internal import ControlCore
internal import EngineAPI
internal import ServingModel

extension BatchRunner.Outcome {
    /// What the batch says of its instance. Input that the engine refuses is the client's doing.
    func health(of batch: Batch, at now: Instant) -> BatchHealth {
        // A batch that was too large says something about the batch.
        guard fittingRows == nil else { return .ignored }
        return switch failure?.kind {
        case nil: .answered(took: batch.launched.interval(to: now), predicted: batch.predicted)
        case .invalidInput: .ignored
        case .unavailable, .invalidModel, .outOfMemory, .failed: .failed
        }
    }

    /// A batch that was given up at `now`. The call is not interrupted, because nothing can; what it may
    /// still return is for nobody.
    init(givingUp batch: Batch, at now: Instant) {
        let elapsed = batch.launched.interval(to: now)
        self.init(
            completions: batch.requests.map {
                Completion(request: $0, result: .failure(.givenUp($0, at: now)))
            },
            failure: EngineError(
                .failed,
                "a batch of \(batch.rows) rows has not ended after \(elapsed), predicted were "
                    + "\(batch.predicted); its instance is out of service until the call returns"),
            assembly: .zero, compute: elapsed)
    }
}

extension ServingError {
    /// What the rider of a batch is told that does not end.
    fileprivate static func givenUp(_ request: InferenceRequest, at now: Instant) -> ServingError {
        request.deadline <= now
            ? ServingError(.deadlineExceeded, "the engine has not answered in time")
            : ServingError(
                .engineFailed, "the engine does not answer; the server's log has details")
    }
}
