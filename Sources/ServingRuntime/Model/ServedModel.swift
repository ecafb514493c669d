internal import ControlCore
internal import EngineAPI
internal import SchedulerCore
package import ServingModel
internal import Synchronization

/// A thread that runs batches for a served model, from its variants, the full model first.
typealias InstanceCrew = CrewMember<[any EngineModel], ServedModel, Batch>

/// One version of a model, live: its scheduler, its instances, its statistics.
///
/// A funnel: take the lock, read the clock once, hand the event to the machine, copy the actions out,
/// unlock, act. There is no scheduler thread and no polling. An arrival that finds an idle instance
/// wakes that instance's thread directly; an instance that finishes takes its next batch in the same
/// call; one timer stands for all deadlines.
package final class ServedModel: Sendable {
    /// What clients see of the model.
    package let interface: ModelInterface

    /// What the model was started with.
    package let specification: ServingSpecification

    /// Resident bytes that loading and warming up added to the process; an estimate.
    package let measuredBytes: UInt64

    /// How long its first warm-up took, for all instances; part of the time that loading it took.
    package let warmUp: Interval

    /// What was decided about the latest requests.
    package let decisions: DecisionLog

    let clock: any RuntimeClock
    private let timer: any WakeupTimer
    let funnel: Guarded<Funnel>
    private let gate = Gate()
    let book: Guarded<ModelStatistics>
    private let idle = Guarded<[CheckedContinuation<Void, Never>]>([])
    /// Requests handed in whose sink has not been told of their end.
    private let unanswered = Atomic(0)
    let crew: [InstanceCrew]
    /// What the crew shall hold, where variants come and go.
    let shelf: VariantShelf
    /// Who waits until no variant is on its way.
    let standstill = Guarded<[CheckedContinuation<Void, Never>]>([])
    /// Where the scheduler's life is recorded, if it is.
    private let tape: SchedulerTape?

    /// Wires a model whose instances are up; see ``start(_:model:clock:timer:)``.
    init(
        _ specification: ServingSpecification, crew: [InstanceCrew], latencies: [LatencyModel],
        isWarm: Bool, measuredBytes: UInt64, warmUp: Interval, clock: any RuntimeClock,
        timer: any WakeupTimer
    ) {
        interface = specification.interface
        self.specification = specification
        decisions = DecisionLog(specification.decisions, model: specification.interface.name)
        self.measuredBytes = measuredBytes
        self.warmUp = warmUp
        self.clock = clock
        self.timer = timer
        self.crew = crew
        shelf = VariantShelf(instances: crew.count)
        var configuration = SchedulerConfiguration(
            classes: specification.classes, instances: crew.count,
            maxBatchRows: max(specification.interface.maxBatchSize, 1), latency: latencies[0])
        configuration.cheaperVariants = Array(latencies.dropFirst())
        configuration.variantsAreResident = specification.variantLoading == nil
        configuration.maxQueuedRequests = specification.maxQueuedRequests
        configuration.maxQueuedBytes = specification.maxQueuedBytes
        configuration.fastFail = .tail
        configuration.isArbitrated = specification.device != nil
        let tape = specification.recorder?.tape(specification.interface, configuration)
        self.tape = tape
        funnel = Guarded(
            Funnel(
                Scheduler(configuration), gate: gate, breaker: specification.breaker,
                health: specification.health.map { HealthKeeper($0, at: clock.now()) },
                ladder: specification.variantLoading.map {
                    VariantLadder(variants: latencies.count - 1, $0.settings)
                },
                knowsCosts: isWarm && !interface.hasOpenShapes, tape: tape))
        book = Guarded(
            ModelStatistics(
                classes: specification.classes.count, instances: specification.instances,
                variants: specification.variants.count))
        for member in crew {
            member.join(self)
            carryOut(
                funnel.withLock { $0.handle(.instanceReady(member.worker.id), at: clock.now()) })
        }
        specification.device?.join(self)
    }

    /// The statistics so far.
    package var statistics: ModelStatistics { book.withLock { $0 } }

    /// The present load.
    package var load: ModelLoad { funnel.withLock { $0.load } }

    // MARK: Requests

    /// Hands in requests that arrived together. Each is completed exactly once through its sink,
    /// possibly before this returns.
    package func submit(_ requests: [InferenceRequest]) {
        unanswered.add(requests.count, ordering: .relaxed)
        let device = specification.device
        let busy = device?.busyUntil
        carryOut(funnel.withLock { $0.submit(requests, busy: busy, at: clock.now()) })
        device?.settle()
    }

    /// Whether a request of this class and deadline would be refused if it came in now. Cheap enough to
    /// ask before a request is parsed; a request that is turned away counts as refused and must not be
    /// handed in.
    package func turnsAway(_ priorityClass: ClassIndex, deadline: Instant) -> Bool {
        gate.turnsAway(priorityClass, deadline: deadline)
    }

    /// Notes a request that ``turnsAway(_:deadline:)`` told to be refused, for whoever asks about it.
    package func noteTurnedAway(
        _ label: RequestLabel, _ priorityClass: ClassIndex, arrival: Instant, deadline: Instant
    ) {
        decisions.append(
            DecisionRecord(
                label: label, priorityClass: priorityClass, outcome: .turnedAway, ahead: 0, size: 0,
                arrival: arrival, deadline: deadline, ended: arrival, work: .none))
    }

    /// The client of a request went away. A request that waits is ended; one that runs completes.
    package func cancel(_ request: InferenceRequest) {
        carryOut(funnel.withLock { $0.cancel(request, at: clock.now()) })
        specification.device?.settle()
    }

    // MARK: Lifecycle

    /// Refuses new requests and returns when the sinks know the end of all others.
    package func drain() async {
        carryOut(funnel.withLock { $0.handle(.draining, at: clock.now()) })
        await withCheckedContinuation { continuation in
            idle.withLock { $0.append(continuation) }
            releaseIfIdle()
        }
    }

    /// Drains, then ends the instances' threads and so unloads the model. A thread whose call hangs ends
    /// when the call returns, which nobody waits for.
    package func stop() async {
        await drain()
        await endMoves()
        await specification.memory?.forget(self)
        let hung = crew.map { member in funnel.withLock { $0.isHung(member.worker.id) } }
        for member in crew { member.worker.stop() }
        for (member, isHung) in zip(crew, hung) where !isHung { await member.ended() }
        shelf.releaseAll()
        tape?.close()
    }

    // MARK: Instances

    /// Runs the worker's next batch; false when the instance shall end. The body of an instance's
    /// thread is a loop around this, so that an instance that waits holds on to nothing.
    func serve(_ worker: InstanceWorker<Batch>, _ runner: inout BatchRunner) -> Bool {
        switch worker.receiveErrand() {
        case .job(let batch):
            if finish(batch, runner.run(batch), on: worker) { renew(worker, &runner) }
            if isOutdated(batch) { refit(worker, &runner) }
        case .renewal: renew(worker, &runner)
        case .refit: refit(worker, &runner)
        case nil: return false
        }
        return true
    }

    /// Hands in the end of a batch, keeps the instance's next batch for it, and answers the requests; tells
    /// whether the instance is to be made anew.
    ///
    /// Where event loops compute on the same cores, the answers go first and the loops get a turn before
    /// the next batch is decided: clients that have their answers ask again, and may ride it. Decided
    /// first, 32 clients were served in batches of 30 and of 2 in turn, and for ONNX Runtime a batch of 2
    /// is as long as one of 6. Elsewhere the instance would only wait for nothing.
    private func finish(
        _ batch: Batch, _ outcome: BatchRunner.Outcome, on worker: InstanceWorker<Batch>
    ) -> Bool {
        let isAwaited = batch.answers.take()
        if isAwaited && specification.sharesCores {
            answer(batch, outcome, ended: clock.now())
            PlatformThread.letOthersRun()
        }
        var (ended, work, isRenewed) = funnel.withLock { funnel in
            // Read under the lock: read before it, the time could be overtaken by a later event.
            let now = clock.now()
            let work = funnel.complete(
                worker.id, outcome.failure == nil && isAwaited ? .success : .failure,
                outcome.health(of: batch, at: now), requests: isAwaited ? batch.requests.count : 0,
                fittingRows: outcome.fittingRows, at: now)
            return (now, work, funnel.renewing == worker.id)
        }
        if let own = work.launches.firstIndex(where: { $0.instance == worker.id }) {
            worker.keep(work.launches.remove(at: own).batch)
        }
        carryOut(work)
        specification.device?.end(of: self)
        if isAwaited && !specification.sharesCores { answer(batch, outcome, ended: ended) }
        releaseIfIdle()
        return isRenewed
    }

    /// Tells the clients of a batch and its observers how it ended.
    private func answer(_ batch: Batch, _ outcome: BatchRunner.Outcome, ended: Instant) {
        record(batch, outcome, ended: ended)
        if let failure = outcome.failure { specification.onEngineFailure(failure) }
        deliver(outcome.completions)
    }

    // MARK: Acting

    func carryOut(_ work: Funnel.Work) {
        for launch in work.launches { crew[launch.instance.rawValue].worker.post(launch.batch) }
        if let wakeup = work.wakeup { timer.wake(self, at: wakeup) }
        if work.concernsMemory { specification.memory?.look() }
        for decision in work.decisions { specification.onInstanceChange(decision) }
        for change in work.changes { specification.onHealthChange(change) }
        if let move = work.move { carryOut(move) }
        for batch in work.givenUp {
            let now = clock.now()
            answer(batch, BatchRunner.Outcome(givingUp: batch, at: now), ended: now)
        }
        if !work.turnedAway.isEmpty {
            book.withLock { book in
                for (priorityClass, count) in work.turnedAway {
                    book.recordTurnedAway(priorityClass, count)
                }
            }
        }
        if !work.endings.isEmpty {
            record(work.endings)
            deliver(
                work.endings.map { Completion(request: $0.request, result: .failure($0.error)) })
        }
        if !work.endings.isEmpty || !work.givenUp.isEmpty { releaseIfIdle() }
    }

    /// Tells each sink once about all of its completions.
    private func deliver(_ completions: [Completion]) {
        guard let first = completions.first else { return }
        // Whoever waits for the end of all requests sees what the sinks did with them.
        defer { unanswered.subtract(completions.count, ordering: .acquiringAndReleasing) }
        if completions.allSatisfy({ $0.request.sink === first.request.sink }) {
            return first.request.sink.complete(completions)
        }
        var rest = completions[...]
        while let sink = rest.first?.request.sink {
            let split = rest.partitioned { $0.request.sink === sink }
            sink.complete(split.matching)
            rest = split.others[...]
        }
    }

    private func releaseIfIdle() {
        let waiters = idle.withLock { waiters -> [CheckedContinuation<Void, Never>] in
            guard !waiters.isEmpty, unanswered.load(ordering: .acquiring) == 0 else { return [] }
            defer { waiters.removeAll() }
            return waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    // MARK: Statistics

    private func record(_ batch: Batch, _ outcome: BatchRunner.Outcome, ended: Instant) {
        book.withLock { $0.record(batch, outcome, ended: ended) }
        decisions.append(batch, outcome, ended: ended)
    }

    private func record(_ endings: [Funnel.Ending]) {
        book.withLock { book in
            for ending in endings { book.record(ending) }
        }
        decisions.append(endings)
    }
}

extension ServedModel: Wakeable {
    /// A deadline of a waiting request has come too close, or a breaker has something to do.
    package func wake() {
        carryOut(funnel.withLock { $0.wake(at: clock.now()) })
        specification.device?.settle()
    }
}

extension ArraySlice {
    fileprivate func partitioned(
        by matches: (Element) -> Bool
    ) -> (matching: [Element], others: [Element]) {
        var matching: [Element] = []
        var others: [Element] = []
        for element in self {
            if matches(element) { matching.append(element) } else { others.append(element) }
        }
        return (matching, others)
    }
}
