/// What became of traced requests.
package struct TraceFigures: Sendable, Equatable {
    /// Sent to the collector.
    package var exported: UInt64 = 0
    /// Dropped because too many waited.
    package var droppedByQueue: UInt64 = 0
    /// Dropped because the collector could not be reached or did not take them.
    package var droppedByCollector: UInt64 = 0

    /// All zero.
    package init() {}
}
