internal import ControlCore
internal import EngineAPI
internal import ServingModel

/// Cheaper variants that are in memory only while they are needed.
extension ServedModel {
    /// Names of the variants that batches may have now, the full model's first; empty where there is but one.
    package var presentVariants: [String] {
        guard let ladder = funnel.withLock({ $0.ladder }) else { return specification.variants }
        let isThere = [true] + ladder.residencies.map { $0 == .resident }
        return zip(specification.variants, isThere).filter(\.1).map(\.0)
    }

    /// Does what the ladder has decided, beside the batches.
    func carryOut(_ move: VariantLadder.Move) {
        guard let loading = specification.variantLoading else { return }
        Task {
            let outcome: VariantChange.Outcome
            switch move.decision {
            case .load: outcome = await bringIn(move.variant, loading)
            case .unload:
                await letGo(move.variant)
                outcome = .unloaded
            }
            var hasFailed = false
            switch outcome {
            case .loaded(let took):
                book.withLock { $0.variantLoads[move.variant.rawValue].add(took) }
            case .failed: hasFailed = true
            case .unloaded: break
            }
            carryOut(
                funnel.withLock { $0.endMove(move, hasFailed: hasFailed, at: clock.now()) })
            loading.onChange(VariantChange(move: move, outcome: outcome))
            noteStandstill()
        }
    }

    /// Loads a variant and has every instance make its own.
    private func bringIn(
        _ variant: VariantIndex, _ loading: VariantLoading
    ) async -> VariantChange.Outcome {
        let begun = clock.now()
        do {
            let loaded = try await loading.load(variant)
            shelf.keep(loaded.release, of: variant)
            if let failure = await put(loaded.model, at: variant) { throw failure }
            return .loaded(took: begun.interval(to: clock.now()))
        } catch {
            await letGo(variant)
            return .failed(error)
        }
    }

    /// Has every instance drop a variant, which the scheduler has forgotten.
    private func letGo(_ variant: VariantIndex) async {
        _ = await put(nil, at: variant)
        ProcessUsage.returnMemory()
        shelf.release(variant)
    }

    /// Puts a variant on the shelf or takes it down, and waits until every instance has followed. One that
    /// still has a batch to compute with it follows by itself, after that.
    private func put(_ model: (any EngineModel)?, at variant: VariantIndex) async -> EngineError? {
        await shelf.put(model, at: variant) {
            let isUsed = funnel.withLock { funnel in
                funnel.running.map { $0?.variant == variant.rawValue && model == nil }
            }
            for (member, isUsed) in zip(crew, isUsed) where !isUsed { member.worker.postRefit() }
            passOverHung()
        }
    }

    /// Waits for no instance whose call does not return. It looks at the shelf before its next batch.
    func passOverHung() {
        let edition = shelf.wanted.edition
        for member in crew where funnel.withLock({ $0.isHung(member.worker.id) }) {
            shelf.followed(member.worker.id, edition: edition)
        }
    }

    /// Has an instance hold what is on the shelf, on its thread.
    func refit(_ worker: InstanceWorker<Batch>, _ runner: inout BatchRunner) {
        let (models, edition) = shelf.wanted
        var failure: EngineError?
        do throws(EngineError) {
            try runner.hold(models)
        } catch {
            failure = error
        }
        shelf.followed(worker.id, edition: edition, failure)
    }

    /// Whether an instance has computed a batch with a variant that was taken off the shelf meanwhile.
    func isOutdated(_ batch: Batch) -> Bool {
        specification.variantLoading != nil && batch.variant > 0 && !shelf.has(batch.variant)
    }

    /// Returns when no variant is on its way, and none sets out any more.
    func endMoves() async {
        funnel.withLock { $0.ladder?.close() }
        await withCheckedContinuation { continuation in
            standstill.withLock { $0.append(continuation) }
            noteStandstill()
        }
    }

    /// Tells those who wait for it that no variant is on its way. Who waits has closed the ladder, so that
    /// stays true.
    private func noteStandstill() {
        let waiters = standstill.withLock { waiters -> [CheckedContinuation<Void, Never>] in
            guard !funnel.withLock({ $0.ladder?.isMoving ?? false }) else { return [] }
            defer { waiters = [] }
            return waiters
        }
        for waiter in waiters { waiter.resume() }
    }
}
