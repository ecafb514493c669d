internal import SchedulerCore
internal import ServingModel

/// Traffic of one class within a ``Load``.
package struct LoadClass: Sendable, Equatable {
    /// The class.
    package var priorityClass: Int
    /// Its part of all arrivals; parts need not sum to one.
    package var share: Double
    /// Milliseconds from arrival to deadline; `nil` for none.
    package var deadline: Double?

    /// Makes a class of traffic.
    package init(_ priorityClass: Int, share: Double = 1, deadline: Double?) {
        self.priorityClass = priorityClass
        self.share = share
        self.deadline = deadline
    }
}

/// An endless or limited stream of arrivals, drawn lazily, so that long runs need no memory.
package struct Load: Sequence, IteratorProtocol, Sendable {
    private var gaps: ArrivalGaps
    private var random: Seeded
    private let classes: [LoadClass]
    private let end: Double
    private var clock = 0.0
    private var lastID: UInt64 = 0

    /// Arrivals of `process` for `milliseconds`, each of a class drawn by share; ids count from 1.
    package init(
        _ process: ArrivalProcess, classes: [LoadClass], milliseconds: Double, _ random: Seeded
    ) {
        precondition(!classes.isEmpty, "a load needs a class")
        gaps = ArrivalGaps(process, random.split("gaps"))
        self.random = random.split("classes")
        self.classes = classes
        end = milliseconds
    }

    /// The next arrival, or `nil` after the end.
    package mutating func next() -> Stimulus? {
        clock += gaps.next()
        guard clock < end else { return nil }
        lastID += 1
        let chosen = classes.count == 1 ? classes[0] : draw()
        let now = Instant.origin + Interval(milliseconds: clock)
        let deadline = chosen.deadline.map { now + Interval(milliseconds: $0) }
        return Stimulus(
            at: now,
            .arrive(
                Arrival(
                    id: RequestID(lastID), priorityClass: ClassIndex(chosen.priorityClass),
                    deadline: deadline ?? .distantFuture)))
    }

    private mutating func draw() -> LoadClass {
        var rest = random.unit() * classes.reduce(0) { $0 + $1.share }
        for candidate in classes.dropLast() {
            rest -= candidate.share
            if rest < 0 { return candidate }
        }
        return classes[classes.count - 1]
    }
}
