package import EngineAPI
package import SchedulerCore
package import ServingModel

/// Which models of a server are in memory, live: the shell of ``ModelPager``.
///
/// There is no thread of its own and no polling. Whoever hands in requests for a model that is not in memory
/// has it ``look()``; so does a load or a leaving that has ended, a model that is watched and idle, and one
/// timer. Requests wait in their own model's scheduler, behind its lock, and a model in memory is never
/// slowed down by any of this.
///
/// Locks are taken in one order, the manager's before a model's.
package final class MemoryManager: Sendable {
    /// Makes the engine's models of a served model again, the full one first.
    package typealias Reload = @Sendable () async throws -> [any EngineModel]

    /// A model's name in the books.
    package struct Place: Sendable, Equatable {
        let id: PagedModelID
    }

    private struct Member: Sendable {
        let id: PagedModelID
        let name: String
        /// The model, once it is there; `nil` while it is loaded for the first time, and for what never
        /// leaves.
        var model: ServedModel?
        var reload: Reload?
        /// Whoever waits for room to load it for the first time.
        var applicant: CheckedContinuation<ServingError?, Never>?
        /// Whether it is on its way into memory or out of it.
        var isMoving = false
        /// Whoever waits for the end of that, to forget it.
        var leavers: [CheckedContinuation<Void, Never>] = []
        var figures = MemoryFigures.Model()
    }

    private struct State: Sendable {
        var pager: ModelPager
        var members: [Member] = []
        var nextID = 0

        func index(of id: PagedModelID) -> Int? { members.firstIndex { $0.id == id } }
        func index(of model: ServedModel) -> Int? { members.firstIndex { $0.model === model } }
    }

    /// What is to be done once the lock is released.
    private typealias Chore = @Sendable () -> Void

    private let state: Guarded<State>
    private let clock: any RuntimeClock
    private let timer: any WakeupTimer
    private let patience: Interval
    private let onFailure: @Sendable (_ model: String, any Error) -> Void
    private let measures: Bool

    /// A manager of no models.
    ///
    /// - Parameters:
    ///   - patience: How long a first load may wait for room.
    ///   - measures: Whether models are as large as they are measured, or as they were said to be.
    ///   - onFailure: Told of every load that failed.
    package init(
        _ settings: ModelPager.Settings, clock: any RuntimeClock = MonotonicClock(),
        timer: any WakeupTimer, patience: Interval = .seconds(10), measures: Bool = true,
        onFailure: @escaping @Sendable (_ model: String, any Error) -> Void = { _, _ in }
    ) {
        state = Guarded(State(pager: ModelPager(settings)))
        self.clock = clock
        self.timer = timer
        self.patience = patience
        self.measures = measures
        self.onFailure = onFailure
    }

    /// A manager with the standard settings but for these.
    package convenience init(
        limit: Int, minimumResidency: Interval, timer: any WakeupTimer, measures: Bool = true
    ) {
        var settings = ModelPager.Settings(limit: limit)
        settings.minimumResidency = minimumResidency
        self.init(settings, timer: timer, measures: measures)
    }

    /// What a model counts for that was said to need so many bytes, and was measured.
    package func bytes(measured: UInt64, estimate: UInt64) -> UInt64 {
        measures ? max(measured, estimate) : estimate
    }

    // MARK: First loads

    /// Waits for room to load a model of about so many bytes for the first time.
    ///
    /// - Parameter patience: How long to wait; the manager's patience where it is not told.
    /// - Throws: ``ServingError`` when it can never fit, or when there was no room in time.
    package func admit(
        _ name: String, bytes: UInt64, patience: Interval? = nil
    ) async throws(ServingError) -> Place {
        let id = state.withLock { state in
            let id = PagedModelID(state.nextID)
            state.nextID += 1
            state.members.append(Member(id: id, name: name))
            return id
        }
        let refusal = await withCheckedContinuation {
            (applicant: CheckedContinuation<ServingError?, Never>) in
            state.withLock { state in
                guard let index = state.index(of: id) else { return }
                state.members[index].applicant = applicant
            }
            tell(
                .added(
                    id, bytes: Int(clamping: bytes),
                    giveUp: clock.now() + (patience ?? self.patience)))
        }
        if let refusal { throw refusal }
        return Place(id: id)
    }

    /// Notes that a model is in memory for the first time.
    ///
    /// - Parameters:
    ///   - model: What leaves and comes back; `nil` for what stays.
    ///   - reload: Makes its engine's models again.
    /// - Throws: ``ServingError`` when it turned out to be larger than the limit; the caller ends it.
    package func admitted(
        _ place: Place, _ model: ServedModel?, bytes: UInt64, took: Interval, reload: Reload?
    ) throws(ServingError) {
        let id = place.id
        let bytes = Int(clamping: bytes)
        let refusal = state.withLock { state -> ServingError? in
            guard let index = state.index(of: id) else { return nil }
            state.members[index].model = model
            state.members[index].reload = reload
            return bytes > state.pager.settings.limit
                ? .tooLarge(bytes, limit: state.pager.settings.limit) : nil
        }
        tell(.loaded(id, bytes: bytes, took: took, mayLeave: model != nil && reload != nil))
        if let refusal { throw refusal }
    }

    /// Notes that a first load came to nothing, or that what stays is gone.
    package func abandon(_ place: Place) {
        let id = place.id
        tell(.removed(id)) { state in state.members.removeAll { $0.id == id } }
    }

    /// Forgets a model, once it is neither on its way into memory nor out of it.
    func forget(_ model: ServedModel) async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let isStill = state.withLock { state in
                guard let index = state.index(of: model), state.members[index].isMoving else {
                    return true
                }
                state.members[index].leavers.append(continuation)
                return false
            }
            if isStill { continuation.resume() }
        }
        let id = state.withLock { state in state.index(of: model).map { state.members[$0].id } }
        if let id { abandon(Place(id: id)) }
    }

    // MARK: Deciding

    /// Looks at all models and does what is to be done.
    func look() { tell(.timerFired) }

    private func tell(
        _ event: PagerEvent, after change: (inout State) -> Void = { _ in }
    ) {
        let (chores, wakeup) = state.withLock { state in
            change(&state)
            var chores: [Chore] = []
            var events = [event]
            // A model that was told to leave and has work again is an event of its own.
            while let event = events.popLast() { handle(event, &state, &chores, &events) }
            return (chores, state.pager.nextWakeup)
        }
        if let wakeup { timer.wake(self, at: wakeup) }
        for chore in chores { chore() }
    }

    private func handle(
        _ event: PagerEvent, _ state: inout State, _ chores: inout [Chore],
        _ events: inout [PagerEvent]
    ) {
        for member in state.members {
            guard let model = member.model else { continue }
            let sighting = model.sight()
            _ = state.pager.handle(.seen(member.id, sighting), at: clock.now())
        }
        for action in state.pager.handle(event, at: clock.now()) {
            switch action {
            case .expect(let id, let expectation):
                if let index = state.index(of: id) {
                    state.members[index].model?.expect(expectation)
                }
            case .watch(let id):
                guard let index = state.index(of: id) else { continue }
                if state.members[index].model?.watch() == true { events.append(.timerFired) }
            case .pageOut(let id): pageOut(id, &state, &chores, &events)
            case .load(let id): load(id, &state, &chores)
            case .refuse(let id):
                guard let index = state.index(of: id) else { continue }
                let bytes = event.bytes ?? 0
                let limit = state.pager.settings.limit
                let refusal: ServingError = bytes > limit ? .tooLarge(bytes, limit: limit) : .noRoom
                let applicant = state.members[index].applicant.take()
                state.members.remove(at: index)
                chores.append { applicant?.resume(returning: refusal) }
            }
        }
    }

    private func pageOut(
        _ id: PagedModelID, _ state: inout State, _ chores: inout [Chore],
        _ events: inout [PagerEvent]
    ) {
        guard let index = state.index(of: id), let model = state.members[index].model,
            model.rest()
        else { return events.append(.stayed(id)) }
        state.members[index].isMoving = true
        state.members[index].figures.pageOuts += 1
        chores.append { [self] in
            Task {
                await model.leave()
                ended(.left(id))
            }
        }
    }

    private func load(_ id: PagedModelID, _ state: inout State, _ chores: inout [Chore]) {
        guard let index = state.index(of: id) else { return }
        guard let model = state.members[index].model, let reload = state.members[index].reload
        else {
            let applicant = state.members[index].applicant.take()
            return chores.append { applicant?.resume(returning: nil) }
        }
        let name = state.members[index].name
        state.members[index].isMoving = true
        chores.append { [self] in
            Task {
                let begun = clock.now()
                let before = ProcessUsage.residentBytes
                do {
                    try await model.rehire(try await reload())
                } catch {
                    onFailure(name, error)
                    return ended(.loadFailed(id))
                }
                let took = begun.interval(to: clock.now())
                let after = measures ? ProcessUsage.residentBytes : before
                model.resume()
                ended(
                    .loaded(
                        id, bytes: Int(clamping: after > before ? after - before : 0), took: took,
                        mayLeave: true))
            }
        }
    }

    /// A model is not on its way any more.
    private func ended(_ event: PagerEvent) {
        var leavers: [CheckedContinuation<Void, Never>] = []
        tell(event) { state in
            guard let id = event.id, let index = state.index(of: id) else { return }
            state.members[index].isMoving = false
            if case .loaded(_, _, let took, _) = event {
                state.members[index].figures.loads.add(took)
            }
            leavers = state.members[index].leavers
            state.members[index].leavers = []
        }
        for leaver in leavers { leaver.resume() }
    }

    // MARK: Reading

    /// What memory is used for.
    package var figures: MemoryFigures {
        state.withLock { state in
            MemoryFigures(
                limitBytes: UInt64(state.pager.settings.limit), usedBytes: UInt64(state.pager.used))
        }
    }

    /// What a model has to do with it; `nil` once it is forgotten.
    package func figures(of model: ServedModel) -> MemoryFigures.Model? {
        state.withLock { state in
            guard let index = state.index(of: model) else { return nil }
            var figures = state.members[index].figures
            figures.bytes = UInt64(state.pager.bytes(of: state.members[index].id))
            return figures
        }
    }
}

extension MemoryManager: Wakeable {
    /// A model's time in memory, or somebody's patience, is over.
    package func wake() { look() }
}

extension PagerEvent {
    /// Whom it is about.
    fileprivate var id: PagedModelID? {
        switch self {
        case .added(let id, _, _), .seen(let id, _), .loaded(let id, _, _, _), .loadFailed(let id),
            .left(let id), .stayed(let id), .removed(let id):
            id
        case .timerFired: nil
        }
    }

    /// The size that it tells of.
    fileprivate var bytes: Int? {
        switch self {
        case .added(_, let bytes, _), .loaded(_, let bytes, _, _): bytes
        default: nil
        }
    }
}

extension ServingError {
    /// A model that does not fit even alone.
    fileprivate static func tooLarge(_ bytes: Int, limit: Int) -> ServingError {
        ServingError(
            .invalidArgument,
            "the model needs about \(bytes) bytes of memory, more than memory.limit_bytes "
                + "(\(limit)) alone")
    }

    /// A model for which nobody made room.
    fileprivate static let noRoom = ServingError(
        .overloaded,
        "there is no room within memory.limit_bytes: the models in memory are in use or cannot leave",
        retryAfter: .seconds(5))
}
