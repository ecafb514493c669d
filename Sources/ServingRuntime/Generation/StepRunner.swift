internal import EngineAPI
internal import SchedulerCore
internal import ServingModel

/// Runs steps on a session and turns what comes out into text. Confined to the session's thread.
struct StepRunner {
    private let model: any GenerativeModel
    private let configuration: SessionConfiguration
    /// `nil` after ``lose()``, until it is made again.
    private var session: (any GenerationSession)?
    /// Keys and values in host memory.
    private var saved: [RequestID: [UInt8]] = [:]
    /// Requests whose keys and values could not be saved or brought back, until they ride.
    private var missing: Set<RequestID> = []
    private var tokens: [StepToken] = []
    private var failuresInARow = 0
    private var shortagesInARow = 0

    /// Steps that may fail one after the other before the session counts as broken.
    private static let failureLimit = 2
    /// Times that memory may run out one after the other; a scheduler that shrinks its steps needs fewer.
    private static let shortageLimit = 64

    init(
        _ model: any GenerativeModel, _ configuration: SessionConfiguration,
        session: any GenerationSession
    ) {
        self.model = model
        self.configuration = configuration
        self.session = session
    }

    /// Drops a session that is broken.
    mutating func lose() {
        session = nil
        missing = []
        failuresInARow = 0
        shortagesInARow = 0
    }

    /// Makes a session in place of one that was lost.
    mutating func makeSession() throws(EngineError) {
        session = try model.makeSession(configuration)
    }

    /// Carries out what is to be done between two steps.
    mutating func carryOut(_ chores: [SessionChore]) {
        guard let session else { return }
        for chore in chores {
            switch chore {
            case .release(let slot): session.truncate(slot: slot.rawValue, to: 0)
            case .share(let slot, let other, let tokens):
                session.copy(slot: slot.rawValue, to: other.rawValue, count: tokens)
            case .swapOut(let id, let slot):
                // What cannot be saved is missed when it is asked for.
                saved[id] = try? session.save(slot: slot.rawValue)
                session.truncate(slot: slot.rawValue, to: 0)
            case .swapIn(let id, let slot):
                guard let state = saved.removeValue(forKey: id),
                    (try? session.restore(slot: slot.rawValue, from: state)) != nil
                else {
                    missing.insert(id)
                    continue
                }
            case .forget(let id):
                saved[id] = nil
                missing.remove(id)
            }
        }
    }

    /// Runs one step and samples what it produced.
    mutating func run(_ turn: GenerationTurn) -> StepOutcome {
        carryOut(turn.chores)
        if let outcome = recallMissing(turn.step) { return outcome }
        guard let session else { return failing(turn.step.riders, .failure, nil) }
        gather(turn.step)
        do throws(EngineError) {
            try session.step(tokens)
        } catch {
            return failed(turn.step, error)
        }
        failuresInARow = 0
        shortagesInARow = 0
        return sample(turn.step, session)
    }

    private mutating func gather(_ step: GenerationStep) {
        tokens.removeAll(keepingCapacity: true)
        for rider in step.riders {
            let item = rider.item
            let sequence = rider.generation.transcript.tokens
            precondition(
                item.count >= 1 && item.end <= sequence.count
                    && (!item.producesToken || item.end == sequence.count),
                "the plan feeds \(item.start)..<\(item.end) of \(sequence.count) tokens")
            for position in item.start..<item.end {
                tokens.append(
                    StepToken(
                        token: sequence[position], position: Int32(position),
                        slot: Int32(item.slot.rawValue),
                        wantsOutput: item.producesToken && position == item.end - 1))
            }
        }
    }

    private func sample(
        _ step: GenerationStep, _ session: any GenerationSession
    ) -> StepOutcome {
        var outcome = StepOutcome(result: .success, advances: [])
        outcome.advances.reserveCapacity(step.riders.count)
        var last = -1
        for rider in step.riders {
            last += rider.item.count
            guard rider.item.producesToken else { continue }
            let generation = rider.generation
            let request = generation.request
            do throws(EngineError) {
                let sampled = try session.sample(
                    at: last, with: generation.sampler,
                    alternatives: request.wantsLogprobs ? request.alternatives : nil)
                let (update, ending) = generation.transcript.append(
                    sampled, to: generation, of: model)
                outcome.advances.append(
                    StepOutcome.Advance(
                        generation: generation, hasToken: true, update: update,
                        ending: ending ?? Self.impatience(generation)))
            } catch {
                outcome.failure = error
                outcome.advances.append(Self.failure(generation, error))
            }
        }
        return outcome
    }

    /// Ends requests whose reader has fallen too far behind.
    private static func impatience(_ generation: Generation) -> Ending? {
        guard generation.outlet.isOverfull else { return nil }
        return Ending(
            reason: .failed(
                ServingError(
                    .cancelled, "the answer was not read, and grew beyond what is kept of it")))
    }

    // MARK: Failures

    /// Nothing was fed. A shortage of memory is the scheduler's to answer; anything else ends the
    /// riders, and a session that fails again at once is broken.
    private mutating func failed(_ step: GenerationStep, _ error: EngineError) -> StepOutcome {
        if error.kind == .outOfMemory {
            shortagesInARow += 1
            if shortagesInARow < Self.shortageLimit {
                return StepOutcome(result: .outOfMemory, advances: [], failure: error)
            }
        }
        failuresInARow += 1
        var outcome = failing(step.riders, .failure, error)
        outcome.isSessionLost = failuresInARow >= Self.failureLimit
        return outcome
    }

    /// Names riders whose keys and values are gone, so that they are computed anew; the plan counts on them,
    /// so the others ride the next step.
    private mutating func recallMissing(_ step: GenerationStep) -> StepOutcome? {
        guard !missing.isEmpty else { return nil }
        let gone = step.riders.map(\.generation).filter { missing.contains($0.id) }
        guard !gone.isEmpty else { return nil }
        for generation in gone { missing.remove(generation.id) }
        return StepOutcome(result: .failure, advances: [], forgotten: gone)
    }

    private func failing(
        _ riders: [GenerationStep.Rider], _ result: StepResult, _ error: EngineError?
    ) -> StepOutcome {
        let error = error ?? EngineError(.failed, "there is no session")
        return StepOutcome(
            result: result, advances: riders.map { Self.failure($0.generation, error) },
            failure: error)
    }

    private static func failure(
        _ generation: Generation, _ error: EngineError
    ) -> StepOutcome.Advance {
        StepOutcome.Advance(
            generation: generation, hasToken: false, update: generation.transcript.finish(),
            ending: Ending(
                reason: .failed(
                    ServingError(
                        .engineFailed,
                        "the engine failed on this request; the server's log has details"))))
    }
}
