internal import SchedulerCore
internal import ServingModel
internal import Synchronization

/// What the scheduler thinks of newcomers, readable without its lock.
///
/// After every step the funnel posts, for each class, the earliest deadline that a newcomer would still
/// make. A request whose deadline is earlier can be turned away before it is even parsed, which is what
/// keeps a flood from using up the time that admitted requests need. Whoever is turned away is counted,
/// and the scheduler learns the count with its next step, so its rates stay true.
///
/// An event loop reads many requests between two steps, so the gate counts those that it lets in: once
/// the places that the notice holds for are taken, each moves it for whoever comes behind by the time of
/// one row. Without that, the whole first part of every turn was let in, parsed and queued up for a
/// refusal by the scheduler.
///
/// A notice may be out of date by a step. It errs on the side of letting in: time passes, the posted
/// deadline does not, a request counts as one row, and the scheduler decides again.
final class Gate: Sendable {
    /// Most classes that a gate tells apart.
    static let classLimit = 16

    private let earliest = InlineArray<16, Atomic<UInt64>> { _ in Atomic(0) }
    private let places = InlineArray<16, Atomic<UInt64>> { _ in Atomic(1) }
    private let letIn = InlineArray<16, Atomic<UInt64>> { _ in Atomic(0) }
    private let timePerRow = Atomic<UInt64>(0)
    private let turnedAway = InlineArray<16, Atomic<Int>> { _ in Atomic(0) }
    private let hasTurnedAway = Atomic(false)

    /// Posts what newcomers of a class have to expect, and that nobody has been let in since;
    /// `timePerRow` is what each one let in beyond the places adds for those behind it.
    func post(_ outlook: Outlook, timePerRow: Interval, for priorityClass: Int) {
        guard priorityClass < Self.classLimit else { return }
        earliest[priorityClass].store(outlook.earliestDeadline.nanoseconds, ordering: .relaxed)
        places[priorityClass].store(UInt64(max(outlook.places, 1)), ordering: .relaxed)
        letIn[priorityClass].store(0, ordering: .relaxed)
        self.timePerRow.store(timePerRow.nanoseconds, ordering: .relaxed)
    }

    /// Turns a newcomer away, and counts it, when its deadline is out of reach; else counts it as one
    /// that those behind it will wait for.
    func turnsAway(_ priorityClass: ClassIndex, deadline: Instant) -> Bool {
        let index = priorityClass.rawValue
        guard index < Self.classLimit else { return false }
        var ahead: UInt64 = 0
        for upTo in 0...index { ahead += letIn[upTo].load(ordering: .relaxed) }
        let places = places[index].load(ordering: .relaxed)
        let delay = (max(ahead + 1, places) - places) &* timePerRow.load(ordering: .relaxed)
        guard deadline.nanoseconds < earliest[index].load(ordering: .relaxed) &+ delay else {
            letIn[index].add(1, ordering: .relaxed)
            return false
        }
        turnedAway[index].add(1, ordering: .relaxed)
        hasTurnedAway.store(true, ordering: .releasing)
        return true
    }

    /// Hands over, once, how many of each class were turned away.
    func takeTurnedAway(_ body: (ClassIndex, Int) -> Void) {
        guard hasTurnedAway.exchange(false, ordering: .acquiring) else { return }
        for index in 0..<Self.classLimit {
            let count = turnedAway[index].exchange(0, ordering: .relaxed)
            if count > 0 { body(ClassIndex(index), count) }
        }
    }
}
