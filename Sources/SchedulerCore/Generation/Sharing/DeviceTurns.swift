package import ServingModel

/// Whose quantum runs next on a device that a generator and other models share: one step of the generator,
/// or one batch.
///
/// A party is *urgent* when it can not wait for the least quantum of the other. If one is, it goes; if both
/// are, they take turns; if neither is, the one that has to start first goes. Its quantum is limited so that
/// it ends before the other has to start, though not below its own least.
///
/// So, if durations are as promised, under this rule, which is the default:
/// - T1 a party that is not urgent is not made late by the turn it yields;
/// - T2 a party that is urgent waits for at most one quantum of the other.
package struct DeviceTurns: Sendable, Equatable {
    /// Who decides whose turn it is. The default, and rules without claims to compare it with.
    package enum Rule: String, Sendable, CaseIterable {
        /// By what each party asks, as above.
        case claims
        /// One after the other, for as long as each likes.
        case alternation
        /// Steps whenever there is one to run; batches only beside an idle generator.
        case stepsFirst = "steps_first"
        /// Batches whenever there is one to run.
        case batchesFirst = "batches_first"
    }

    /// Who takes a turn.
    package enum Party: Sendable, Equatable {
        /// The generator.
        case step
        /// One of the models that batch.
        case batch
    }

    /// What a party asks of the device.
    package struct Claim: Sendable, Equatable {
        /// When it has to start for its promises to hold.
        package var latestStart: Instant
        /// How long its shortest useful quantum takes.
        package var least: Interval

        /// Makes a claim.
        package init(latestStart: Instant, least: Interval) {
            self.latestStart = latestStart
            self.least = least
        }
    }

    /// A turn that is given.
    package struct Turn: Sendable, Equatable {
        /// Whose it is.
        package var party: Party
        /// How long it may take.
        package var longest: Interval
    }

    private let rule: Rule
    private var last = Party.batch

    /// Nobody has had a turn.
    package init(_ rule: Rule = .claims) {
        self.rule = rule
    }

    /// The next turn; `nil` when nobody asks. It counts as taken.
    package mutating func next(step: Claim?, batch: Claim?, at now: Instant) -> Turn? {
        guard let step else { return batch.map { _ in give(.batch, .never) } }
        guard let batch else { return give(.step, .never) }
        switch rule {
        case .claims: return compare(step, batch, at: now)
        case .alternation: return give(last == .step ? .batch : .step, .never)
        case .stepsFirst: return give(.step, .never)
        case .batchesFirst: return give(.batch, .never)
        }
    }

    private mutating func compare(_ step: Claim, _ batch: Claim, at now: Instant) -> Turn {
        let stepIsUrgent = now + batch.least > step.latestStart
        let batchIsUrgent = now + step.least > batch.latestStart
        let party: Party
        switch (stepIsUrgent, batchIsUrgent) {
        case (true, false): party = .step
        case (false, true): party = .batch
        case (true, true): party = last == .step ? .batch : .step
        case (false, false): party = batch.latestStart < step.latestStart ? .batch : .step
        }
        let (own, other) = party == .step ? (step, batch) : (batch, step)
        return give(party, max(now.interval(to: other.latestStart), own.least))
    }

    private mutating func give(_ party: Party, _ longest: Interval) -> Turn {
        last = party
        return Turn(party: party, longest: longest)
    }
}
