package import ServingModel

/// Whose quantum runs next on a device that a generator and other models share: one step of the generator,
/// or one batch.
///
/// A party is *urgent* when it can not wait for the least quantum of the other. If one is, it goes; if both
/// are, they take turns; if neither is, the one that has to start first goes. Its quantum is limited so that
/// it ends before the other has to start, though not below its own least.
///
/// So, if durations are as promised:
/// - T1 a party that is not urgent is not made late by the turn it yields;
/// - T2 a party that is urgent waits for at most one quantum of the other.
package struct DeviceTurns: Sendable, Equatable {
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

    private var last = Party.batch

    /// Nobody has had a turn.
    package init() {}

    /// The next turn; `nil` when nobody asks. It counts as taken.
    package mutating func next(step: Claim?, batch: Claim?, at now: Instant) -> Turn? {
        guard let step else { return batch.map { _ in give(.batch, .never) } }
        guard let batch else { return give(.step, .never) }
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
