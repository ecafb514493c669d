internal import SchedulerCore

/// Numbers the combinations of input shapes that a model has been asked for.
///
/// Numbers are never reused, so forgetting is harmless: a forgotten shape gets a new number, and
/// requests that got the old one batch among themselves.
struct ShapeInterner {
    private var known: [[[Int]]: ShapeID] = [:]
    private var next: UInt64 = 1
    private static let limit = 4_096

    /// The number of `shapes`; 0 for models without open dimensions.
    mutating func id(of shapes: [[Int]]?) -> ShapeID {
        guard let shapes else { return ShapeID(0) }
        if let id = known[shapes] { return id }
        if known.count >= Self.limit { known.removeAll(keepingCapacity: true) }
        let id = ShapeID(next)
        next += 1
        known[shapes] = id
        return id
    }
}
