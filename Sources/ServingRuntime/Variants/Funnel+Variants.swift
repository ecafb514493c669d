internal import ControlCore
internal import SchedulerCore
internal import ServingModel

/// Where the load of a model meets the ladder of its variants. What comes and goes reaches the scheduler as
/// events, so a run replays without knowing why.
extension Funnel {
    /// Looks, now and then, whether a variant is to come or to go. No batch is given any more to one that
    /// goes.
    mutating func tendLadder(at now: Instant) -> VariantLadder.Move? {
        guard ladder?.isDue(at: now) == true, paging.absence == nil, var ladder else { return nil }
        let move = ladder.look(preferred: scheduler.preferred, at: now) {
            scheduler.pressure(of: $0, at: now)
        }
        self.ladder = ladder
        if let move, move.decision == .unload {
            decide(.variant(move.variant, isResident: false), at: now)
        }
        return move
    }

    /// Notes that a move has been made, or that its variant could not be loaded.
    mutating func endMove(_ move: VariantLadder.Move, hasFailed: Bool, at now: Instant) -> Work {
        switch move.decision {
        case .load where hasFailed: ladder?.failed(move.variant, at: now)
        case .load:
            ladder?.loaded(move.variant)
            decide(.variant(move.variant, isResident: true), at: now)
        case .unload: ladder?.left(move.variant)
        }
        return drain(at: now)
    }
}
