internal import ControlCore
package import EngineAPI
internal import SchedulerCore
package import ServingModel
internal import Synchronization

/// A thread that runs the steps of a generator.
typealias GeneratorCrew = CrewMember<any GenerativeModel, ServedGenerator, GeneratorJob>

/// What the session's thread is given to do.
enum GeneratorJob: Sendable {
    /// A step.
    case turn(GenerationTurn)
    /// Another try to make the session, which is lost.
    case restart
}

/// One version of a model that generates text, live: its scheduler, its session, its statistics.
///
/// A funnel in the form of ``ServedModel``: take the lock, read the clock once, hand the event to the
/// machine, copy the actions out, unlock, act. The engine's session is confined to one thread. An
/// arrival that finds it idle wakes it with the first step; after each step the thread samples, puts
/// text together, hands in the result and takes the next step in the same call. One timer stands for
/// all deadlines.
package final class ServedGenerator: Sendable {
    /// What the generator was started with.
    package let specification: GeneratorSpecification

    /// The loaded model: its vocabulary and its chat format.
    package let model: any GenerativeModel

    /// Longest sequence, prompt and answer together, that fits model and memory, in tokens.
    package let maxContext: Int

    /// Resident bytes that loading and warming up added to the process; an estimate.
    package let measuredBytes: UInt64

    /// What was decided about the latest requests.
    package let decisions: DecisionLog

    let clock: any RuntimeClock
    private let timer: any WakeupTimer
    let funnel: Guarded<GenerationFunnel>
    private let idle = Guarded<[CheckedContinuation<Void, Never>]>([])
    /// Requests handed in whose reader has not been told of their end.
    private let unanswered = Atomic(0)
    private let crew: GeneratorCrew
    private let blockTokens: Int

    /// Wires a generator whose session is up; see ``start(_:model:clock:timer:residentBefore:)``.
    init(
        _ specification: GeneratorSpecification, model: any GenerativeModel, crew: GeneratorCrew,
        cost: StepCostModel, measuredBytes: UInt64, clock: any RuntimeClock,
        timer: any WakeupTimer
    ) {
        self.specification = specification
        self.model = model
        self.measuredBytes = measuredBytes
        self.clock = clock
        self.timer = timer
        self.crew = crew
        let configuration = specification.scheduling(model.info, cost: cost)
        maxContext = configuration.maxContext
        blockTokens = configuration.blockTokens
        let decisions = DecisionLog(specification.decisions, model: specification.name)
        self.decisions = decisions
        funnel = Guarded(
            GenerationFunnel(GenerationScheduler(configuration), decisions: decisions))
        crew.join(self)
        carryOut(funnel.withLock { $0.resume(at: clock.now()) })
        specification.device?.join(self)
    }

    /// The statistics so far.
    package var statistics: GenerationStatistics { funnel.withLock { $0.statistics } }

    /// The present load.
    package var load: GenerationLoad { funnel.withLock { $0.load } }

    // MARK: Requests

    /// Hands in a request; its answer comes through the stream.
    ///
    /// - Throws: ``ServingError`` for what is wrong with the request itself, such as a prompt that is
    ///   too long or a malformed grammar, and `notReady` while the engine has no session. Whatever
    ///   happens later, refusals included, is the stream's last word.
    package func submit(_ request: GenerationRequest) throws(ServingError) -> GenerationStream {
        let generation = try admit(request)
        let prefix = PrefixChain(
            specification.cacheSlots > 0
                ? PrefixHash.chain(of: generation.transcript.tokens, blockTokens: blockTokens)
                : [])
        generation.outlet.onGivingUp { [weak self] in self?.cancel(generation) }
        unanswered.add(1, ordering: .relaxed)
        let work = funnel.withLock { $0.submit(generation, prefix: prefix, at: clock.now()) }
        carryOut(work)
        specification.device?.settle()
        if let refusal = work.refusal {
            generation.outlet.cancel()
            unanswered.subtract(1, ordering: .acquiringAndReleasing)
            releaseIfIdle()
            throw refusal
        }
        return GenerationStream(generation.outlet)
    }

    /// The reader of a request went away.
    private func cancel(_ generation: Generation) {
        carryOut(funnel.withLock { $0.cancel(generation, at: clock.now()) })
        specification.device?.settle()
    }

    // MARK: Lifecycle

    /// Refuses new requests and returns when the readers were told the end of all others.
    package func drain() async {
        carryOut(funnel.withLock { $0.handle(.draining, at: clock.now()) })
        await withCheckedContinuation { continuation in
            idle.withLock { $0.append(continuation) }
            releaseIfIdle()
        }
    }

    /// Drains, then ends the session's thread and so unloads the session.
    package func stop() async {
        await drain()
        crew.worker.stop()
        await crew.ended()
        specification.onEnd()
    }

    // MARK: The session's thread

    /// Does the thread's next job; false when it shall end.
    func serve(_ runner: inout StepRunner) -> Bool {
        guard let job = crew.worker.receive() else { return false }
        switch job {
        case .turn(let turn): finish(turn.step, runner.run(turn), &runner)
        case .restart: restart(&runner)
        }
        return true
    }

    /// Hands in the end of a step, keeps the next one for the thread, and tells the readers.
    private func finish(_ step: GenerationStep, _ outcome: StepOutcome, _ runner: inout StepRunner)
    {
        let (work, chores) = funnel.withLock { funnel in
            // Read under the lock: read before it, the time could be overtaken by a later event.
            let work = funnel.complete(step, outcome, at: clock.now())
            return (work, funnel.takeChores())
        }
        runner.carryOut(chores)
        carryOut(work, onSessionThread: true)
        if let failure = outcome.failure, outcome.result != .outOfMemory {
            specification.onEngineFailure(failure)
        }
        specification.device?.end(of: self)
        if outcome.isSessionLost { restart(&runner) }
        // The readers are event loops; where they need this core, now is their time.
        if specification.sharesCores { PlatformThread.letOthersRun() }
    }

    /// Makes a session in place of the one that is lost; while that fails, nothing is served.
    private func restart(_ runner: inout StepRunner) {
        runner.lose()
        do throws(EngineError) {
            try runner.makeSession()
            carryOut(funnel.withLock { $0.resume(at: clock.now()) }, onSessionThread: true)
            specification.device?.settle()
        } catch {
            specification.onEngineFailure(error)
            let outage = ServingError(
                .notReady, "the engine has lost its state and could not make a new one",
                retryAfter: .seconds(1))
            carryOut(funnel.withLock { $0.fail(outage, at: clock.now()) })
        }
    }

    // MARK: Acting

    func carryOut(_ work: GenerationFunnel.Work, onSessionThread: Bool = false) {
        if let turn = work.turn {
            if onSessionThread {
                crew.worker.keep(.turn(turn))
            } else {
                crew.worker.post(.turn(turn))
            }
        }
        if work.restarts { crew.worker.post(.restart) }
        if let wakeup = work.wakeup { timer.wake(self, at: wakeup) }
        var ended = 0
        for (generation, update) in work.deliveries {
            if update.end != nil { ended += 1 }
            generation.outlet.post(update)
        }
        guard ended > 0 else { return }
        // Whoever waits for the end of all requests finds their streams ended.
        unanswered.subtract(ended, ordering: .acquiringAndReleasing)
        releaseIfIdle()
    }

    private func releaseIfIdle() {
        let waiters = idle.withLock { waiters -> [CheckedContinuation<Void, Never>] in
            guard !waiters.isEmpty, unanswered.load(ordering: .acquiring) == 0 else { return [] }
            defer { waiters.removeAll() }
            return waiters
        }
        for waiter in waiters { waiter.resume() }
    }
}

extension ServedGenerator: Wakeable {
    /// The first token of a waiting request has come too close to being late.
    package func wake() {
        carryOut(funnel.withLock { $0.handle(.timerFired, at: clock.now()) })
        specification.device?.settle()
    }
}
