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
    }

    private enum Mail: Sendable {
        case errand(Errand)
        case stop
    }

    let id: InstanceID
    private let mailbox = Guarded<Mail?>(nil)
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
        mailbox.withLock { mail in
            precondition(mail == nil, "instance \(id) was given a job before it took the last")
            mail = .errand(.job(job))
        }
    }

    /// Tells the idle instance to be made anew, unless it is to end.
    func postRenewal() {
        mailbox.withLock { if $0 == nil { $0 = .errand(.renewal) } }
        parker.unpark()
    }

    /// Ends the thread once it is idle.
    func stop() {
        mailbox.withLock { $0 = .stop }
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
            let mail = mailbox.withLock { mail in
                let taken = mail
                mail = nil
                return taken
            }
            switch mail {
            case .errand(let errand): return errand
            case .stop: return nil
            case nil: parker.park()
            }
        }
    }
}
