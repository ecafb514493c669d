/// Which versions of a model are served.
package enum VersionPolicy: Hashable, Sendable {
    /// This many of the highest versions, at least 1.
    case latest(Int)
    /// Every version.
    case all
    /// These versions, ascending and without repetition.
    case specific([Int])

    /// Chooses among the versions that exist.
    ///
    /// - Parameter available: The versions that exist, ascending.
    /// - Returns: The versions to serve and those that are asked for and do not exist, both ascending.
    package func select(from available: [Int]) -> (chosen: [Int], missing: [Int]) {
        switch self {
        case .latest(let count):
            (Array(available.suffix(count)), [])
        case .all:
            (available, [])
        case .specific(let wanted):
            (wanted.filter(available.contains), wanted.filter { !available.contains($0) })
        }
    }
}
