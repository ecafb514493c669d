internal import ServingModel

/// One instance of a model on a thread of its own.
///
/// The thread makes the engine's instance, warms it up, and then does whatever job is put into its
/// mailbox, such as a batch. The call that hands in a finished job puts the next one there, so that a
/// busy instance never waits for another thread.
final class InstanceWorker<Job: Sendable>: Sendable {
    /// What the thread is to do next.
    enum Errand: Sendable {
        /// A job.
        case job(Job)
        /// To make the engine's instance anew.
        case renewal
        /// To hold what is wanted by now of the model's variants.
        case refit
    }

    private struct Mailbox {
        var mail: Mail?
        /// Whether to look at what it shall hold, before anything else.
        var isToRefit = false
    }

    private enum Mail: Sendable {
        case errand(Errand)
        case stop
    }

    let id: InstanceID
    private let mailbox = Guarded(Mailbox())
    private let parker = Parker()

    init(id: InstanceID) {
        self.id = id
    }

    /// Gives the idle instance a job.
    func post(_ job: Job) {
        keep(job)
        parker.unpark()
    }

    /// Gives the instance a job on its own thread, which need not be woken.
    func keep(_ job: Job) {
        mailbox.withLock { box in
            precondition(box.mail == nil, "instance \(id) was given a job before it took the last")
            box.mail = .errand(.job(job))
        }
    }

    /// Tells the idle instance to be made anew, unless it is to end.
    func postRenewal() {
        mailbox.withLock { if $0.mail == nil { $0.mail = .errand(.renewal) } }
        parker.unpark()
    }

    /// Tells the instance to look at what it shall hold, before its next job.
    func postRefit() {
        mailbox.withLock { $0.isToRefit = true }
        parker.unpark()
    }

    /// Ends the thread once it is idle.
    func stop() {
        mailbox.withLock { $0.mail = .stop }
        parker.unpark()
    }

    /// Waits for the next job; `nil` when the instance shall end.
    func receive() -> Job? {
        while let errand = receiveErrand() {
            if case .job(let job) = errand { return job }
        }
        return nil
    }

    /// Waits for the next errand; `nil` when the instance shall end.
    func receiveErrand() -> Errand? {
        while true {
            let mail = mailbox.withLock { box -> Mail? in
                guard !box.isToRefit else {
                    box.isToRefit = false
                    return .errand(.refit)
                }
                return box.mail.take()
            }
            switch mail {
            case .errand(let errand): return errand
            case .stop: return nil
            case nil: parker.park()
            }
        }
    }
}
