internal import EngineAPI
package import ServingModel

/// Engine instances that are made anew, because they are suspected of keeping memory that they should not.
extension ServedModel {
    /// Has an instance made anew, once the batch has ended that it may run. Meanwhile the others serve.
    ///
    /// - Returns: Whether that has begun; false when the instance cannot be spared now.
    package func renew(_ instance: InstanceID) -> Bool {
        // On a shared device the instance is the only one, and its turns are not its own.
        guard specification.device == nil else { return false }
        let begun = funnel.withLock { $0.beginRenewal(of: instance, at: clock.now()) }
        guard let begun else { return false }
        carryOut(begun.work)
        if begun.isIdle { crew[instance.rawValue].worker.postRenewal() }
        return true
    }

    /// Makes the instances of a worker anew, on its thread.
    func renew(_ worker: InstanceWorker<Batch>, _ runner: inout BatchRunner) {
        var failure: EngineError?
        do throws(EngineError) {
            try runner.renew()
        } catch {
            failure = error
        }
        if failure == nil { book.withLock { $0.renewals[worker.id.rawValue] += 1 } }
        var work = funnel.withLock { $0.endRenewal(at: clock.now()) }
        if let own = work.launches.firstIndex(where: { $0.instance == worker.id }) {
            worker.keep(work.launches.remove(at: own).batch)
        }
        carryOut(work)
        specification.onRenewal(worker.id, failure)
    }
}
