package import ServingModel

/// Finds the instance whose engine leaks, and has it made anew, again and again.
///
/// No engine tells what it forgets, and the allocator does not tell whose memory is whose; but what an instance
/// holds is given back when it is made anew. So while memory only grows, one suspect after the other is made
/// anew, the busiest first, and what that gives back convicts or acquits it. Who was convicted is the first
/// suspect the next time. A pure value: readings go in, the suspect to be made anew comes out.
package struct LeakHunt: Sendable {
    /// An instance of a model.
    package struct Suspect: Sendable, Hashable {
        /// The model.
        package var model: String
        /// Its version.
        package var version: Int
        /// The instance's number.
        package var instance: Int

        /// Names an instance.
        package init(model: String, version: Int, instance: Int) {
            self.model = model
            self.version = version
            self.instance = instance
        }

        fileprivate func precedes(_ other: Suspect) -> Bool {
            (model, version, instance) < (other.model, other.version, other.instance)
        }
    }

    /// A suspect and what it has worked.
    package struct Candidate: Sendable, Equatable {
        /// Who.
        package var suspect: Suspect
        /// Time that it has had a batch, since it was loaded.
        package var busy: Interval

        /// Pairs a suspect with its work.
        package init(_ suspect: Suspect, busy: Interval) {
            self.suspect = suspect
            self.busy = busy
        }
    }

    /// So much growth calls for action.
    private let bound: UInt64
    private let settle: Interval
    private let acquittal: Interval

    private var trial: (suspect: Suspect, before: UInt64, rise: UInt64, until: Instant)?
    private var convicted: Set<Suspect> = []
    private var acquitted: [Suspect: Instant] = [:]

    /// A hunt that begins when memory has grown by `bound` bytes. What a renewal has given back is looked at
    /// after `settle`; who gave back too little is left alone for `acquittal`.
    package init(
        bound: UInt64, settle: Interval = .seconds(5), acquittal: Interval = .seconds(1_800)
    ) {
        precondition(bound > 0, "a hunt needs something to hunt for")
        self.bound = bound
        self.settle = settle
        self.acquittal = acquittal
    }

    /// Looks at a reading; answers who is to be made anew now, if anybody. Call ``began(_:resident:rise:at:)``
    /// once that has been done.
    package mutating func suspect(
        resident: UInt64, _ trend: MemoryTrend, among candidates: [Candidate], at now: Instant
    ) -> Suspect? {
        if let trial {
            guard now >= trial.until else { return nil }
            judge(trial.suspect, gaveBack: trial.before > resident + trial.rise / 2, at: now)
            self.trial = nil
        }
        guard trend.isGrowing, trend.rise >= bound else { return nil }
        return candidates.filter { acquitted[$0.suspect].map { $0 <= now } ?? true }
            .max { isLessLikely($0, $1) }?.suspect
    }

    /// The suspect is being made anew, while `resident` bytes are in use and have risen by `rise`.
    package mutating func began(
        _ suspect: Suspect, resident: UInt64, rise: UInt64, at now: Instant
    ) {
        trial = (suspect, resident, rise, now + settle)
    }

    private mutating func judge(_ suspect: Suspect, gaveBack: Bool, at now: Instant) {
        if gaveBack {
            convicted.insert(suspect)
            acquitted[suspect] = nil
        } else {
            convicted.remove(suspect)
            acquitted[suspect] = now + acquittal
        }
    }

    /// A total order, so that a hunt replays.
    private func isLessLikely(_ left: Candidate, _ right: Candidate) -> Bool {
        let guilty = (convicted.contains(left.suspect), convicted.contains(right.suspect))
        if guilty.0 != guilty.1 { return guilty.1 }
        if left.busy != right.busy { return left.busy < right.busy }
        return right.suspect.precedes(left.suspect)
    }

    /// Whether nothing is being tried at the moment.
    package var isIdle: Bool { trial == nil }

    /// Whether an instance was found to leak, and nothing has spoken for it since.
    package func isConvicted(_ suspect: Suspect) -> Bool { convicted.contains(suspect) }
}
