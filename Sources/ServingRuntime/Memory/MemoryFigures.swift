/// What a server's memory is used for.
package struct MemoryFigures: Sendable, Equatable {
    /// Bytes that all models may hold together.
    package var limitBytes: UInt64
    /// Bytes that those in memory hold, or that are kept for one that comes in.
    package var usedBytes: UInt64

    /// One model.
    package struct Model: Sendable, Equatable {
        /// Bytes that it holds in memory, or would hold.
        package var bytes: UInt64 = 0
        /// Times that it was brought back into memory, and how long that took.
        package var loads = ModelStatistics.Duration()
        /// Times that it left.
        package var pageOuts: UInt64 = 0

        /// A model that has always been there.
        package init() {}
    }

    /// Figures; see the properties.
    package init(limitBytes: UInt64, usedBytes: UInt64) {
        self.limitBytes = limitBytes
        self.usedBytes = usedBytes
    }
}
