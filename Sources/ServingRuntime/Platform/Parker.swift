internal import CPlatform
internal import ServingModel

/// A parking place for one thread. An unpark that comes before the park is remembered.
///
/// `@unchecked Sendable`: the guard is the mutex inside the C parker.
final class Parker: @unchecked Sendable {
    private let handle: UnsafeMutableRawPointer

    init() {
        guard let created = headway_parker_create() else {
            preconditionFailure("out of memory while making a parking place")
        }
        handle = created
    }

    deinit { headway_parker_destroy(handle) }

    /// Waits for an unpark; false when `deadline` passed first.
    @discardableResult
    func park(until deadline: Instant = .distantFuture) -> Bool {
        headway_parker_park(handle, deadline.nanoseconds)
    }

    func unpark() { headway_parker_unpark(handle) }
}
