internal import SchedulerCore
internal import ServingModel

/// Where a served model is.
package enum ModelResidency: String, Sendable {
    /// In memory.
    case resident
    /// On its way into memory, or out of it.
    case loading
    /// Not in memory; it is loaded when it is asked for.
    case pagedOut = "paged_out"

    /// What that means for whoever asks.
    package var reason: String {
        switch self {
        case .resident: ""
        case .loading: "being brought into memory"
        case .pagedOut: "paged out; it is brought into memory when it is asked for"
        }
    }
}

/// How a served model leaves memory and comes back. Its scheduler stays, with everything that it has
/// learnt, and requests wait in it as ever.
extension ServedModel {
    /// Where the model is.
    package var residency: ModelResidency {
        switch funnel.withLock({ $0.paging.absence }) {
        case nil: .resident
        case .some(let expectation): expectation.isLoading ? .loading : .pagedOut
        }
    }

    /// What the model has been up to.
    func sight() -> PageSighting { funnel.withLock { $0.sight(at: clock.now()) } }

    /// Keeps batches from starting, if there is no work; false when there is.
    func rest() -> Bool { funnel.withLock { $0.rest(at: clock.now()) } }

    /// Judges newcomers by when the model could serve.
    func expect(_ expectation: PageExpectation) {
        funnel.withLock { $0.expect(expectation, at: clock.now()) }
    }

    /// Asks for a look at the memory as soon as there is no work; true when there is none.
    func watch() -> Bool {
        funnel.withLock { funnel in
            funnel.paging.isWatched = !funnel.mayLeave
            return funnel.mayLeave
        }
    }

    /// Ends the threads of a model that rests, and so frees its memory.
    func leave() async {
        for member in crew { member.worker.stop() }
        for member in crew { await member.ended() }
        ProcessUsage.returnMemory()
    }

    /// Puts instances that were made anew to work.
    func resume() {
        for member in crew { member.join(self) }
        carryOut(funnel.withLock { $0.resume(at: clock.now()) })
    }
}
