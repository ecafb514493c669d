internal import ControlCore
internal import SchedulerCore
internal import ServingModel

/// The state behind a generator's lock: the scheduler, and the requests that its ids stand for.
///
/// Every entry is one event: hand it to the machine, translate the actions into ``Work``, and leave the
/// lock before acting on them.
struct GenerationFunnel: ~Copyable {
    private var scheduler: GenerationScheduler
    private var actions = GenerationActions()
    private var inProgress = RequestSlab<Generation>()
    /// What the session has to do before its next step.
    private var chores: [SessionChore] = []
    private var armed = Instant.distantFuture
    private var waitingByClass: [Int]
    /// Tells refused clients when to come back.
    private var advice = RetryAdvice()

    /// What was done so far.
    private(set) var statistics: GenerationStatistics
    /// Requests handed in that have not ended.
    private(set) var inFlight = 0
    /// Why there is no session, if there is none.
    private var outage: ServingError?
    /// Whether the session's thread was asked to try again since the outage began or was confirmed.
    private var isRestarting = false
    /// Whether nothing is taken in any more.
    private var isDraining = false

    /// Where the end of each request is noted.
    private let decisions: DecisionLog

    init(_ scheduler: consuming GenerationScheduler, decisions: DecisionLog) {
        self.decisions = decisions
        let classes = scheduler.configuration.classes.count
        waitingByClass = Array(repeating: 0, count: classes)
        statistics = GenerationStatistics(classes: classes)
        self.scheduler = scheduler
    }

    /// What is to be done once the lock is released.
    struct Work: Sendable {
        /// What an idle session shall do.
        var turn: GenerationTurn?
        /// What the readers are to be told.
        var deliveries: [(generation: Generation, update: GenerationUpdate)] = []
        /// A new earliest wake-up to arm.
        var wakeup: Instant?
        /// Why a request was not even taken in.
        var refusal: ServingError?
        /// Whether the session's thread, which is idle, shall try to make a session.
        var restarts = false
    }

    /// A summary for observers.
    var load: GenerationLoad {
        let configuration = scheduler.configuration
        let step = scheduler.cost.duration(tokens: 1, keyValueTokens: 1)
        let two = scheduler.cost.duration(tokens: 2, keyValueTokens: 2)
        return GenerationLoad(
            waiting: scheduler.waiting, running: scheduler.running,
            queuedTokens: scheduler.queuedTokens, waitingByClass: waitingByClass,
            keyValueTokens: scheduler.keyValueTokens, cachedTokens: scheduler.cachedTokens,
            swappedTokens: scheduler.swappedTokens, keyValueCapacity: configuration.keyValueTokens,
            blockTokens: configuration.blockTokens,
            inFlight: inFlight, predictedStep: step,
            predictedToken: Interval(nanoseconds: two.nanoseconds - step.nanoseconds))
    }

    // MARK: Events

    /// Hands a request to the scheduler. During an outage it is refused, and the first one asks for
    /// another try.
    mutating func submit(
        _ generation: Generation, prefix: PrefixChain, at now: Instant
    ) -> Work {
        if let outage {
            defer { isRestarting = true }
            return Work(refusal: outage, restarts: !isRestarting && !isDraining)
        }
        generation.progress.arrival = now
        generation.progress.ahead = scheduler.waiting
        generation.id = inProgress.insert(generation)
        inFlight += 1
        waitingByClass[row(of: generation)] += 1
        let request = generation.request
        return handle(
            .arrived(
                GenerationArrival(
                    id: generation.id, priorityClass: request.priorityClass, tenant: request.tenant,
                    promptTokens: generation.promptTokens, maxNewTokens: generation.maxNewTokens,
                    firstTokenDeadline: request.firstTokenDeadline, perToken: request.perToken,
                    prefix: prefix)), at: now)
    }

    /// Hands any other event to the scheduler.
    mutating func handle(_ event: GenerationEvent, at now: Instant) -> Work {
        if event == .timerFired { armed = .distantFuture }
        if event == .draining { isDraining = true }
        var work = Work()
        scheduler.handle(event, at: now, into: &actions)
        drain(at: now, into: &work)
        return work
    }

    /// What the generator asks of a device that it shares.
    func claim(at now: Instant) -> DeviceTurns.Claim? { scheduler.claim(at: now) }

    /// The client of a request went away.
    mutating func cancel(_ generation: Generation, at now: Instant) -> Work {
        // A stale id would name another request by now; the slab knows.
        guard inProgress.holds(generation), !generation.progress.isCancelled else { return Work() }
        generation.progress.isCancelled = true
        return handle(.cancelled(generation.id), at: now)
    }

    /// Hands in the end of a step. The session's thread carries out ``takeChores()`` even when no
    /// further step follows.
    mutating func complete(
        _ step: GenerationStep, _ outcome: StepOutcome, at now: Instant
    ) -> Work {
        var work = Work()
        statistics.steps += 1
        statistics.stepTokens += UInt64(step.plan.decodes + step.plan.prefillTokens)
        statistics.stepTime = statistics.stepTime + step.launched.interval(to: now)
        statistics.lastStep = now
        for advance in outcome.advances { absorb(advance, at: now, &work) }
        for generation in outcome.forgotten where inProgress.holds(generation) {
            scheduler.handle(.forgot(generation.id), at: now, into: &actions)
        }
        scheduler.handle(
            outcome.isSessionLost ? .deviceLost : .stepped(outcome.result), at: now, into: &actions)
        drain(at: now, into: &work)
        // What the host keeps outlives the session; what has ended is dropped all the same.
        if outcome.isSessionLost { chores.removeAll { !$0.isOfHost } }
        return work
    }

    /// What the session has to do although no step follows.
    mutating func takeChores() -> [SessionChore] {
        let taken = chores
        chores = []
        return taken
    }

    /// The session is gone and could not be made again: everything ends, and nothing is taken until
    /// ``resume(at:)``.
    mutating func fail(_ error: ServingError, at now: Instant) -> Work {
        var work = Work()
        outage = error
        isRestarting = false
        for generation in inProgress.all where !generation.progress.isCancelled {
            scheduler.handle(.finished(generation.id), at: now, into: &actions)
            finish(generation, Ending(reason: .failed(error)), GenerationUpdate(), at: now, &work)
        }
        drain(at: now, into: &work)
        return work
    }

    /// The session is there, for the first time or again.
    mutating func resume(at now: Instant) -> Work {
        outage = nil
        isRestarting = false
        return handle(.deviceReady, at: now)
    }

    // MARK: Tokens

    private mutating func absorb(
        _ advance: StepOutcome.Advance, at now: Instant, _ work: inout Work
    ) {
        let generation = advance.generation
        // The end of a cancelled request is the scheduler's to say.
        guard inProgress.holds(generation), !generation.progress.isCancelled else { return }
        if advance.hasToken {
            let row = row(of: generation)
            if let last = generation.progress.lastToken {
                statistics.classes[row].betweenTokens.record(last.interval(to: now))
            } else {
                generation.progress.firstToken = now
                statistics.classes[row].firstToken.record(
                    generation.progress.arrival.interval(to: now))
            }
            generation.progress.lastToken = now
            generation.progress.generatedTokens += 1
            statistics.generatedTokens += 1
        }
        var update = advance.update
        update.generatedTokens = generation.progress.generatedTokens
        guard let ending = advance.ending else {
            if !update.text.isEmpty || !update.tokens.isEmpty {
                work.deliveries.append((generation, update))
            }
            return
        }
        leaveAnswer(of: generation, at: now)
        scheduler.handle(.finished(generation.id), at: now, into: &actions)
        finish(generation, ending, update, at: now, &work)
    }

    /// Names the answer, so that the next turn of a conversation finds it in the cache.
    private mutating func leaveAnswer(of generation: Generation, at now: Instant) {
        let configuration = scheduler.configuration
        guard configuration.cacheSlots > 0 else { return }
        let chain = PrefixHash.chain(
            of: generation.transcript.tokens, blockTokens: configuration.blockTokens)
        scheduler.handle(.grown(generation.id, PrefixChain(chain)), at: now, into: &actions)
    }

    // MARK: Actions

    private mutating func drain(at now: Instant, into work: inout Work) {
        for action in actions.actions {
            switch action {
            case .release(let slot), .evict(let slot): chores.append(.release(slot))
            case .retain(let slot, let entry, let tokens):
                chores.append(.share(slot, with: entry, tokens: tokens))
            case .reuse(let entry, let slot, let tokens):
                chores.append(.share(entry, with: slot, tokens: tokens))
            case .swapOut(let id, let slot):
                inProgress[id].progress.isSwappedOut = true
                statistics.swaps += 1
                chores.append(.swapOut(id, slot))
            case .swapIn(let id, let slot):
                inProgress[id].progress.isSwappedOut = false
                chores.append(.swapIn(id, slot))
            case .preempted(let id): preempt(inProgress[id])
            case .step(let plan): board(plan, at: now, &work)
            case .reject(let id, let reason, var retryAfter):
                if reason.isLackOfRoom {
                    retryAfter = advice.advise(
                        backlog: retryAfter,
                        perRequest: retryAfter / UInt64(max(scheduler.waiting, 1)),
                        id: id.rawValue, at: now)
                }
                let error = ServingError(reason, retryAfter: retryAfter)
                let generation = inProgress[id]
                generation.progress.rejection = reason
                statistics.rejected += 1
                statistics.classes[row(of: generation)].rejected[reason, default: 0] += 1
                end(generation, .failed(error), at: now, &work)
            case .cancelled(let id):
                statistics.cancelled += 1
                let error = ServingError(.cancelled, "the client went away")
                end(inProgress[id], .failed(error), at: now, &work)
            }
        }
        actions.removeAll()
        if let wakeup = scheduler.nextWakeup, wakeup < armed {
            armed = wakeup
            work.wakeup = wakeup
        }
    }

    private mutating func board(_ plan: StepPlan, at now: Instant, _ work: inout Work) {
        var riders: [GenerationStep.Rider] = []
        riders.reserveCapacity(plan.items.count)
        for item in actions.items(of: plan) {
            let generation = inProgress[item.request]
            if !generation.progress.isRunning { start(generation, item, at: now) }
            generation.progress.steps += 1
            generation.progress.companions += plan.items.count - 1
            riders.append(GenerationStep.Rider(generation: generation, item: item))
        }
        work.turn = GenerationTurn(
            chores: takeChores(), step: GenerationStep(plan: plan, riders: riders, launched: now))
    }

    private mutating func start(_ generation: Generation, _ item: StepItem, at now: Instant) {
        generation.progress.isRunning = true
        waitingByClass[row(of: generation)] -= 1
        guard generation.progress.started == nil else { return }
        generation.progress.started = now
        generation.progress.predictedStep = scheduler.cost.duration(tokens: 1, keyValueTokens: 1)
        generation.progress.cachedTokens = item.start
        statistics.started += 1
        statistics.promptTokens += UInt64(generation.promptTokens)
        statistics.cachedTokens += UInt64(item.start)
        if item.start > 0 { statistics.prefixHits += 1 }
        statistics.classes[row(of: generation)].queue.record(
            generation.progress.arrival.interval(to: now))
    }

    private mutating func preempt(_ generation: Generation) {
        statistics.preemptions += 1
        generation.progress.preemptions += 1
        guard generation.progress.isRunning else { return }
        generation.progress.isRunning = false
        waitingByClass[row(of: generation)] += 1
    }

    /// Ends a request that produced its last token or failed on its own.
    private mutating func finish(
        _ generation: Generation, _ ending: Ending, _ update: GenerationUpdate, at now: Instant,
        _ work: inout Work
    ) {
        let row = row(of: generation)
        switch ending.reason {
        case .failed: statistics.failed += 1
        case .stop: statistics.stopped += 1
        case .length: statistics.cutOff += 1
        }
        if case .failed = ending.reason {
        } else {
            statistics.classes[row].total.record(generation.progress.arrival.interval(to: now))
            if generation.isInTime(at: now) {
                statistics.classes[row].inTime += 1
            } else {
                statistics.classes[row].late += 1
            }
        }
        end(generation, ending.reason, matchedStop: ending.matchedStop, update, at: now, &work)
    }

    /// Takes a request out, whatever ended it; exactly once.
    private mutating func end(
        _ generation: Generation, _ reason: GenerationEnd.Reason, matchedStop: Int? = nil,
        _ update: GenerationUpdate = GenerationUpdate(), at now: Instant, _ work: inout Work
    ) {
        inProgress.remove(generation.id)
        inFlight -= 1
        if !generation.progress.isRunning { waitingByClass[row(of: generation)] -= 1 }
        if generation.progress.isSwappedOut { chores.append(.forget(generation.id)) }
        decisions.append(generation, reason, at: now)
        var update = update
        update.generatedTokens = generation.progress.generatedTokens
        update.end = generation.end(Ending(reason: reason, matchedStop: matchedStop), at: now)
        work.deliveries.append((generation, update))
    }

    private func row(of generation: Generation) -> Int {
        min(generation.request.priorityClass.rawValue, waitingByClass.count - 1)
    }
}
