internal import ControlCore
internal import ServingModel

extension ModelPager {
    /// What somebody wants room for.
    private enum Claim {
        /// Work that waits, and the latest time at which loading must begin.
        case work(latest: Instant)
        /// Refused traffic worth so much.
        case traffic(Double)
    }

    /// Orders one load, or what has to leave for it.
    mutating func decide(at now: Instant) {
        retryAt = nil
        refuse(at: now)
        // What comes and goes is waited for: its end is an event.
        if !models.contains(where: { $0.isLoading || $0.place == .leaving }) {
            if used > settings.limit {
                shrink(at: now)
            } else if !bringIn(at: now) {
                retire(at: now)
            }
        }
        announce(at: now)
    }

    /// Gives up what can never be in memory, and first loads that found no room in time.
    private mutating func refuse(at now: Instant) {
        for model in models {
            let isTooLarge = model.bytes > settings.limit && model.place != .leaving
            let isTooLate = !model.isKnown && model.place == .absent && model.giveUp <= now
            if isTooLarge || isTooLate { actions.append(.refuse(model.id)) }
        }
        models.removeAll { actions.contains(.refuse($0.id)) }
    }

    // MARK: Coming in

    private mutating func bringIn(at now: Instant) -> Bool {
        for index in waiting(at: now) {
            let latest =
                models[index].demand.map { $0.latestStart - models[index].loadTime } ?? .origin
            if makeWay(for: index, .work(latest: latest), at: now) { return true }
        }
        for index in models.indices where isMissed(index, at: now) {
            let worth = models[index].value(at: now) / settings.hysteresis
            if makeWay(for: index, .traffic(worth), at: now) { return true }
        }
        return false
    }

    /// Models that are asked for and not there: the most urgent work first, then first loads.
    private mutating func waiting(at now: Instant) -> [Int] {
        var waiting: [Int] = []
        for index in models.indices where models[index].place == .absent {
            guard models[index].demand != nil || !models[index].isKnown else { continue }
            if models[index].notBefore > now {
                retry(at: models[index].notBefore)
            } else {
                waiting.append(index)
            }
        }
        return waiting.sorted { left, right in
            let (first, second) = (urgency(left), urgency(right))
            return first != second ? first < second : models[left].id < models[right].id
        }
    }

    private func urgency(_ index: Int) -> (Int, Instant, Instant) {
        guard let demand = models[index].demand else {
            return (.max, .distantFuture, .distantFuture)
        }
        return (
            demand.topClass, demand.latestStart - models[index].loadTime, demand.arrival
        )
    }

    private func isMissed(_ index: Int, at now: Instant) -> Bool {
        let model = models[index]
        return model.place == .absent && model.isKnown && model.demand == nil
            && model.notBefore <= now && model.missed.value(at: now) > 0
    }

    /// Loads a model, or has others leave for it; `false` when it has to wait.
    private mutating func makeWay(for index: Int, _ claim: Claim, at now: Instant) -> Bool {
        let missing = models[index].bytes - (settings.limit - used)
        guard missing > 0 else {
            models[index].place = .loading(since: now)
            actions.append(.load(models[index].id))
            return true
        }
        guard let leaving = victims(missing, for: index, claim, at: now) else { return false }
        for victim in leaving { pageOut(victim) }
        return true
    }

    // MARK: Leaving

    /// Who leaves so that `missing` bytes are free; `nil` when nobody may, or when it pays to wait for
    /// those who are worth less.
    private mutating func victims(
        _ missing: Int, for claimant: Int, _ claim: Claim, at now: Instant
    ) -> [Int]? {
        let order = leavingOrder(at: now).filter { $0 != claimant }
        guard let best = gather(missing, from: order) else { return nil }
        let chosen = gather(
            missing,
            from: order.filter { mayLeaveNow($0, at: now) && yields($0, to: claim, at: now) })
        guard case .work(let latest) = claim else { return chosen }
        if let chosen, chosen == best || now > latest { return chosen }
        for index in order where !mayLeaveNow(index, at: now) {
            if let until = models[index].staysUntil, until > now {
                retry(at: until)
            } else {
                actions.append(.watch(models[index].id))
            }
        }
        if chosen != nil { retry(at: latest + Interval(nanoseconds: 1)) }
        return nil
    }

    /// All that may leave sometime, the least valuable first.
    private func leavingOrder(at now: Instant) -> [Int] {
        models.indices.filter { models[$0].staysUntil != nil && models[$0].mayLeave }
            .map { (index: $0, value: models[$0].value(at: now)) }
            .sorted { left, right in
                (left.value, models[left.index].lastUsed, models[left.index].id)
                    < (right.value, models[right.index].lastUsed, models[right.index].id)
            }
            .map(\.index)
    }

    private func mayLeaveNow(_ index: Int, at now: Instant) -> Bool {
        guard let until = models[index].staysUntil else { return false }
        return models[index].isIdle && until <= now
    }

    private func yields(_ index: Int, to claim: Claim, at now: Instant) -> Bool {
        switch claim {
        case .work: true
        case .traffic(let worth): models[index].value(at: now) < worth
        }
    }

    /// The first of `order` that have so many bytes together, without those that are not needed.
    private func gather(_ missing: Int, from order: [Int]) -> [Int]? {
        var chosen: [Int] = []
        var bytes = 0
        for index in order {
            guard bytes < missing else { break }
            chosen.append(index)
            bytes += models[index].bytes
        }
        guard bytes >= missing else { return nil }
        for index in chosen.reversed() where bytes - models[index].bytes >= missing {
            bytes -= models[index].bytes
            chosen.removeAll { $0 == index }
        }
        return chosen
    }

    /// Has idle models leave until what was learnt from a load is within the limit, whatever their time;
    /// the one loaded last if there is no other.
    private mutating func shrink(at now: Instant) {
        let order = leavingOrder(at: now).filter { models[$0].isIdle }
            .sorted {
                (models[$0].staysUntil ?? now) <= now && (models[$1].staysUntil ?? now) > now
            }
        let leaving = gather(used - settings.limit, from: order) ?? order
        for index in leaving { pageOut(index) }
        for model in models where model.staysUntil != nil && model.mayLeave && !model.isIdle {
            actions.append(.watch(model.id))
        }
    }

    /// Has models leave that nobody has asked for.
    private mutating func retire(at now: Instant) {
        guard settings.idleAfter != .never else { return }
        for index in models.indices where models[index].mayLeave {
            guard let until = models[index].staysUntil else { continue }
            let used = models[index].isIdle ? max(until, models[index].lastUsed) : now
            let end = used + settings.idleAfter
            if end <= now {
                pageOut(index)
            } else {
                retry(at: end)
            }
        }
    }

    private mutating func pageOut(_ index: Int) {
        models[index].place = .leaving
        actions.append(.pageOut(models[index].id))
    }

    mutating func retry(at time: Instant) {
        retryAt = min(retryAt ?? time, time)
    }

    // MARK: Promises

    /// Tells what newcomers of absent models are judged by, where that has changed.
    private mutating func announce(at now: Instant) {
        for index in models.indices where models[index].isKnown {
            let expectation = expectation(of: index, at: now)
            guard let expectation, expectation != models[index].expectation else { continue }
            models[index].expectation = expectation
            actions.append(.expect(models[index].id, expectation))
        }
    }

    private func expectation(of index: Int, at now: Instant) -> PageExpectation? {
        let model = models[index]
        switch model.place {
        case .loading(let since):
            return PageExpectation(from: since, load: model.loadTime, isLoading: true)
        case .absent, .leaving:
            let from = max(roomTime(for: index, at: now), model.notBefore)
            return PageExpectation(from: from > now ? from : .origin, load: model.loadTime)
        case .resident: return nil
        }
    }

    /// When there could be room for a model, if everybody leaves who may.
    private func roomTime(for index: Int, at now: Instant) -> Instant {
        var free = settings.limit
        var leaves: [(time: Instant, bytes: Int)] = []
        var time = now
        for (other, model) in models.enumerated() where other != index {
            switch model.place {
            case .absent, .leaving: continue
            case .loading(let since):
                time = max(time, since + model.loadTime)
                let stay = max(settings.minimumResidency, model.loadTime)
                leaves.append((time + stay, model.bytes))
            case .resident(let until):
                leaves.append((model.mayLeave ? max(now, until) : .distantFuture, model.bytes))
            }
            free -= model.bytes
        }
        for leave in leaves.sorted(by: { $0.time < $1.time }) where free < models[index].bytes {
            time = max(time, leave.time)
            free += leave.bytes
        }
        return time
    }
}
