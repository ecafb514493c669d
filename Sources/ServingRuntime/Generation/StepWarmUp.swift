internal import EngineAPI
internal import SchedulerCore
internal import ServingModel

/// Steps that bring a session up to speed and measure what a step costs: short and long ones, at the
/// start of a sequence and behind a long one, of one sequence and of several.
struct StepWarmUp {
    typealias Run = (tokens: Int, keyValueTokens: Int, took: Interval)

    private static let sizes = [1, 8, 32, 128, 512]
    private static let repetitions = 3
    /// No warm-up starts another run after this, so that slow models load too.
    private static let budget = Interval.seconds(2)

    let clock: any RuntimeClock
    let slots: Int
    /// Longest sequence to try.
    let maxTokens: Int
    let maxStepTokens: Int

    /// Warms a session up and answers what was measured; the session is empty afterwards. It ends early
    /// where the engine has less memory than it promised: the scheduler copes with that.
    func run(on session: any GenerationSession) throws(EngineError) -> [Run] {
        var runs: [Run] = []
        do throws(EngineError) {
            try run(on: session, into: &runs)
        } catch {
            guard error.kind == .outOfMemory else { throw error }
        }
        for slot in 0..<slots { session.truncate(slot: slot, to: 0) }
        return runs
    }

    /// What it takes to move a sequence to the host's memory, or back, as the mean of both; room for `bytes`
    /// of them. `nil` where the engine cannot, or not even one token would fit. The session is empty
    /// afterwards.
    func copyCost(on session: any GenerationSession, bytes: Int) throws(EngineError) -> SwapCost? {
        let long = min(maxTokens - 1, maxStepTokens, Self.longCopy)
        let short = long / 8
        guard bytes > 0, short >= 1 else { return nil }
        defer { session.truncate(slot: 0, to: 0) }
        do throws(EngineError) {
            let few = try copy(short, on: session)
            let many = try copy(long, on: session)
            let slope =
                (many.took.milliseconds - few.took.milliseconds) / Double(long - short)
            let perToken = Interval(milliseconds: max(slope, 0))
            let bytesPerToken = (many.bytes + long - 1) / long
            let room = bytes / max(bytesPerToken, 1)
            guard room >= 1 else { return nil }
            return SwapCost(
                base: Interval(
                    milliseconds: max(
                        few.took.milliseconds - perToken.milliseconds * Double(short), 0)),
                perToken: perToken, maxTokens: room)
        } catch {
            guard error.kind != .invalidInput else { throw error }
            return nil
        }
    }

    /// Tokens of the longest copy that is measured.
    private static let longCopy = 256

    /// Saves and restores a sequence of so many tokens; the quickest of a few tries.
    private func copy(
        _ tokens: Int, on session: any GenerationSession
    ) throws(EngineError) -> (took: Interval, bytes: Int) {
        session.truncate(slot: 0, to: 0)
        _ = try measure([(slot: 0, start: 0, count: tokens)], on: session)
        var took = Interval.never
        var bytes = 0
        for _ in 0..<Self.repetitions {
            let started = clock.now()
            let state = try session.save(slot: 0)
            session.truncate(slot: 0, to: 0)
            try session.restore(slot: 0, from: state)
            took = min(took, started.interval(to: clock.now()) / 2)
            bytes = state.count
        }
        return (took, bytes)
    }

    private func run(
        on session: any GenerationSession, into runs: inout [Run]
    ) throws(EngineError) {
        let begun = clock.now()
        let limit = min(maxTokens - 1, maxStepTokens)
        for size in Self.sizes.filter({ $0 < limit }) + [max(min(limit, 1_024), 1)] {
            for repetition in 0...Self.repetitions {
                defer { session.truncate(slot: 0, to: 0) }
                guard runs.isEmpty || begun.interval(to: clock.now()) < Self.budget else {
                    return
                }
                let prefill = try measure([(slot: 0, start: 0, count: size)], on: session)
                // The first run of a size pays for allocation and kernel selection.
                if repetition > 0 || runs.isEmpty { runs.append(prefill) }
                guard size < limit else { continue }
                runs.append(try measure([(slot: 0, start: size, count: 1)], on: session))
            }
        }
        let together = min(slots, 8, maxTokens / 4, maxStepTokens)
        for depth in 0..<(together > 1 ? 4 : 0) {
            let parts = (0..<together).map { (slot: $0, start: depth, count: 1) }
            runs.append(try measure(parts, on: session))
        }
    }

    private func measure(
        _ parts: [(slot: Int, start: Int, count: Int)], on session: any GenerationSession
    ) throws(EngineError) -> Run {
        var tokens: [StepToken] = []
        var context = 0
        for part in parts {
            context += part.start + part.count
            for position in part.start..<part.start + part.count {
                // Any token does: what it costs does not depend on what it means.
                tokens.append(
                    StepToken(
                        token: 0, position: Int32(position), slot: Int32(part.slot),
                        wantsOutput: position == part.start + part.count - 1))
            }
        }
        let started = clock.now()
        try session.step(tokens)
        return (tokens.count, context, started.interval(to: clock.now()))
    }
}
