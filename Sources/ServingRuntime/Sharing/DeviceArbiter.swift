internal import SchedulerCore
internal import ServingModel
internal import Synchronization

/// A device that several models compute on, live: it says whose step or batch runs next.
///
/// It decides as ``SharedDevice`` does, by ``DeviceTurns``, over schedulers that stay behind their own
/// models' locks. There is no thread of its own and no polling: whoever has told its scheduler something,
/// or has ended a step or a batch, asks it to ``settle()``, and the party whose turn it is starts in that
/// call.
///
/// Locks are taken in one order, the arbiter's before a party's. What a party wants done, such as answers,
/// happens after both are released, because an answer may lead to the next request.
package final class DeviceArbiter: Sendable {
    /// What its parties call the device.
    package let name: String

    private struct Member {
        weak var party: (any DeviceParty)?
    }

    private struct State {
        var turns = DeviceTurns()
        var members: [Member] = []
        /// Whose step or batch runs.
        var running: ObjectIdentifier?
    }

    private let clock: any RuntimeClock
    private let state = Guarded(State())
    /// When what runs should end, in nanoseconds; 0 while nothing runs.
    private let busy = Atomic<UInt64>(0)

    /// A device on which nothing runs.
    package init(name: String, clock: any RuntimeClock = MonotonicClock()) {
        self.name = name
        self.clock = clock
    }

    /// When the device should be free, for what is refused at arrival.
    var busyUntil: Instant { Instant(nanoseconds: busy.load(ordering: .relaxed)) }

    /// Another model computes on the device from now on. It is left when it is no more.
    func join(_ party: any DeviceParty) {
        state.withLock { state in
            state.members.removeAll { $0.party == nil }
            state.members.append(Member(party: party))
        }
    }

    /// What a party ran is over, and its scheduler knows.
    func end(of party: any DeviceParty) {
        settle { state in
            guard state.running == ObjectIdentifier(party) else { return }
            state.running = nil
            self.busy.store(0, ordering: .relaxed)
        }
    }

    /// Gives the next turn if the device is free and anybody asks for it.
    func settle() { settle { _ in } }

    private func settle(after change: (inout State) -> Void) {
        let chores = state.withLock { state in
            change(&state)
            var chores: [DeviceChore] = []
            // Whoever has a turn and no use for it, because what waited was given up, asks for none after it.
            while state.running == nil, give(&state, &chores) {}
            return chores
        }
        for chore in chores { chore() }
    }

    /// Asks everybody, and gives one of them a turn; `false` when nobody wants it.
    private func give(_ state: inout State, _ chores: inout [DeviceChore]) -> Bool {
        var step: (party: any DeviceParty, claim: DeviceTurns.Claim)?
        var batch: (party: any DeviceParty, claim: BatchClaim)?
        for member in state.members {
            guard let party = member.party else { continue }
            switch party.ask(&chores) {
            case .step(let claim):
                if step.map({ claim.latestStart < $0.claim.latestStart }) ?? true {
                    step = (party, claim)
                }
            case .batch(let claim):
                if batch.map({ claim.precedes($0.claim) }) ?? true { batch = (party, claim) }
            case nil: continue
            }
        }
        let turn = state.turns.next(
            step: step?.claim, batch: batch?.claim.claim, at: clock.now())
        guard let turn, let party = turn.party == .step ? step?.party : batch?.party else {
            return false
        }
        if let end = party.take(batch?.claim, within: turn.longest, &chores) {
            state.running = ObjectIdentifier(party)
            busy.store(end.nanoseconds, ordering: .relaxed)
        }
        return true
    }
}

/// What is to be done once the arbiter's lock is released.
typealias DeviceChore = @Sendable () -> Void

/// A model that computes on a shared device. Called with the arbiter's lock held; takes its own.
protocol DeviceParty: AnyObject, Sendable {
    /// What it asks of the device now; `nil` when it has nothing to run. What is too late is given up first.
    func ask(_ chores: inout [DeviceChore]) -> DeviceRequest?

    /// Starts a step or a batch, of what was claimed; answers when it should end, or `nil` when there is no
    /// use for the turn any more.
    func take(
        _ claim: BatchClaim?, within longest: Interval, _ chores: inout [DeviceChore]
    ) -> Instant?
}

/// What a party asks of a shared device.
enum DeviceRequest {
    /// A step of a generator.
    case step(DeviceTurns.Claim)
    /// A batch of another model.
    case batch(BatchClaim)
}

/// The shared devices of a server, by name.
package final class DeviceRegistry: Sendable {
    private let arbiters = Guarded<[String: DeviceArbiter]>([:])

    /// A registry without devices.
    package init() {}

    /// The device of this name, the same for everybody who names it.
    package func device(named name: String) -> DeviceArbiter {
        arbiters.withLock { arbiters in
            if let known = arbiters[name] { return known }
            let arbiter = DeviceArbiter(name: name)
            arbiters[name] = arbiter
            return arbiter
        }
    }
}
