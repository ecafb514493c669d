/// Walks through all paths of a program that makes finitely many choices, by running it again and again
/// and replaying a list of choices whose last one differs (after TigerBeetle's `exhaustigen`).
///
///     var choices = ChoiceGenerator()
///     while choices.advance() {
///         let animal = choices.choose(3)
///         let name = animal == 0 ? choices.choose(2) : 0
///     }
///
/// The body must depend on the choices alone.
package struct ChoiceGenerator: Sendable {
    private var path: [(taken: Int, bound: Int)] = []
    private var position = 0
    private var hasStarted = false

    /// Paths begun so far.
    package private(set) var paths = 0

    /// A walk that has not begun.
    package init() {}

    /// Moves to the next path; `false` when all have been walked.
    package mutating func advance() -> Bool {
        position = 0
        if !hasStarted {
            hasStarted = true
            paths = 1
            return true
        }
        while let last = path.popLast() {
            if last.taken + 1 < last.bound {
                path.append((last.taken + 1, last.bound))
                paths += 1
                return true
            }
        }
        return false
    }

    /// A number from 0 up to, not including, `bound`.
    package mutating func choose(_ bound: Int) -> Int {
        precondition(bound >= 1, "a choice among \(bound) alternatives")
        if position == path.count { path.append((0, bound)) }
        precondition(
            path[position].bound == bound, "the body does not depend on the choices alone")
        position += 1
        return path[position - 1].taken
    }
}
