internal import EngineAPI
internal import ServingModel

/// One instance of a model on a thread of its own.
///
/// The thread makes the engine's instance, warms it up, and then runs whatever batch is put into its
/// mailbox. The call that hands in a finished batch puts the next one there, so that a busy instance
/// never waits for another thread.
final class InstanceWorker: Sendable {
    private enum Mail: Sendable {
        case batch(Batch)
        case stop
    }

    let id: InstanceID
    private let mailbox = Guarded<Mail?>(nil)
    private let parker = Parker()

    init(id: InstanceID) {
        self.id = id
    }

    /// Gives the idle instance a batch.
    func post(_ batch: Batch) {
        keep(batch)
        parker.unpark()
    }

    /// Gives the instance a batch on its own thread, which need not be woken.
    func keep(_ batch: Batch) {
        mailbox.withLock { mail in
            precondition(mail == nil, "instance \(id) was given a batch before it took the last")
            mail = .batch(batch)
        }
    }

    /// Ends the thread once it is idle.
    func stop() {
        mailbox.withLock { $0 = .stop }
        parker.unpark()
    }

    /// Waits for the next batch; `nil` when the instance shall end.
    func receive() -> Batch? {
        while true {
            let mail = mailbox.withLock { mail in
                let taken = mail
                mail = nil
                return taken
            }
            switch mail {
            case .batch(let batch): return batch
            case .stop: return nil
            case nil: parker.park()
            }
        }
    }
}
