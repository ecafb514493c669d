internal import ServingModel
internal import Synchronization

/// What the scheduler thinks of newcomers, readable without its lock.
///
/// After every step the funnel posts, for each class, the earliest deadline that a newcomer would still
/// make. A request whose deadline is earlier can be turned away before it is even parsed, which is what
/// keeps a flood from using up the time that admitted requests need. Whoever is turned away is counted,
/// and the scheduler learns the count with its next step, so its rates stay true.
///
/// A notice may be out of date by a step. It errs on the side of letting in: time passes, the posted
/// deadline does not, and the scheduler decides again.
final class Gate: Sendable {
    /// Most classes that a gate tells apart.
    static let classLimit = 16

    private let earliest = InlineArray<16, Atomic<UInt64>> { _ in Atomic(0) }
    private let turnedAway = InlineArray<16, Atomic<Int>> { _ in Atomic(0) }
    private let hasTurnedAway = Atomic(false)

    /// Posts the earliest deadline that a newcomer of a class can make.
    func post(_ deadline: Instant, for priorityClass: Int) {
        guard priorityClass < Self.classLimit else { return }
        earliest[priorityClass].store(deadline.nanoseconds, ordering: .relaxed)
    }

    /// Turns a newcomer away, and counts it, when its deadline is out of reach.
    func turnsAway(_ priorityClass: ClassIndex, deadline: Instant) -> Bool {
        let index = priorityClass.rawValue
        guard index < Self.classLimit,
            deadline.nanoseconds < earliest[index].load(ordering: .relaxed)
        else { return false }
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
