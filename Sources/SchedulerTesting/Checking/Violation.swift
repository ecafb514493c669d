package import ServingModel

/// A rule that a scheduler broke, by name, so that a test can say which refusal it expects.
package struct Violation: Error, Sendable, Equatable, CustomStringConvertible {
    /// The rules.
    package enum Rule: String, Sendable, Equatable, CaseIterable {
        /// A batch was started on an instance that runs one.
        case launchOnBusyInstance
        /// A batch was started on an instance that is not in service.
        case launchOnAbsentInstance
        /// An instance on trial was given more than one request.
        case trialOfMany
        /// Requests wait although no instance will ever serve them.
        case waitingUnserved
        /// A batch without members.
        case emptyBatch
        /// A batch of several requests with more rows than allowed.
        case batchTooLarge
        /// A batch whose rows are not the sum over its members.
        case rowsMiscounted
        /// Batch numbers do not count 1, 2, 3, ...
        case batchOutOfSequence
        /// A batch mixes requests of different shapes.
        case mixedShapes
        /// A batch was started on a variant that is not loaded.
        case launchOfAbsentVariant
        /// A request that wants the full model rides a cheaper one.
        case cheaperThanAllowed
        /// A batch is padded to another length than its longest member's.
        case wrongLength
        /// A padded batch has too many units, or lengths that may not be mixed.
        case wastefulBatch
        /// A request waits that stands between two of a batch's members.
        case passedOver
        /// A request rides that is promised to end after its deadline.
        case lateLaunch
        /// The promised duration is not what the latency model says.
        case wrongPrediction
        /// An action names a request that never came.
        case foreignID
        /// A request rides twice.
        case duplicateID
        /// A request that was taken out by its client rides nevertheless.
        case launchAfterCancel
        /// A request ends a second time.
        case terminalTwice
        /// A waiting request was not taken out at its client's wish.
        case cancelIgnored
        /// A request was taken out that nobody cancelled.
        case cancelledUnasked
        /// A deadline was given up that could still be met.
        case rejectedEarlierThanDecidable
        /// A request was taken in whose deadline cannot be met.
        case acceptedUnreachable
        /// A hopeless request outlived the timer that should have ended it.
        case rejectedLaterThanDecidable
        /// Rejected for lack of room while there is room or lighter work.
        case rejectedWhileRoom
        /// Displaced while there is room, or by work that is not more important, or the wrong victim.
        case displacedUnjustly
        /// Ended in favour of a newer request that is not about the same thing.
        case supersededUnjustly
        /// Rejected for a quota that the tenant does not have.
        case quotaWithoutOne
        /// Rejected for lack of instances while one serves.
        case noInstanceWhileServing
        /// Rejected as draining although the server is open.
        case drainingWhileOpen
        /// A request was taken in after draining began.
        case acceptedWhileDraining
        /// An instance idles beside a waiting request.
        case idleBesideWaiting
        /// More requests or bytes wait than allowed.
        case queueOverLimit
        /// The scheduler's own count of waiting requests differs.
        case queueMiscounted
        /// After a timer event the next one is not in the future.
        case wakeupInPast
        /// A request waits with a deadline, but no timer is asked for.
        case wakeupMissing
        /// A request never ended.
        case lostRequest
    }

    /// The rule that was broken.
    package let rule: Rule
    /// When.
    package let at: Instant
    /// Whose ids and which numbers.
    package let detail: String

    /// The name of the rule, the time and the detail.
    package var description: String { "\(rule.rawValue) at \(at): \(detail)" }
}
