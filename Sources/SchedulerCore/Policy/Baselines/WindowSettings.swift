package import ServingModel

/// Settings of the policy `window`: a batching window whose length follows the latency.
package struct WindowSettings: Sendable, Equatable {
    /// Rows that close the window at once (`max_batch`); `nil` for the model's own limit.
    package var maxBatch: Int? = 60

    /// The window at the start: how long the oldest request waits for company (`window_ms`).
    package var window = Interval.milliseconds(50)

    /// Shortest window (`min_ms`).
    package var shortest = Interval.milliseconds(10)

    /// Longest window (`max_ms`).
    package var longest = Interval.milliseconds(100)

    /// The window is re-evaluated after so many batches (`every`).
    package var every = 10

    /// A mean latency beyond so many times the smoothed one shrinks the window by this factor; otherwise
    /// it grows by it (`factor`).
    package var factor = 1.2

    /// Weight of the newest evaluation in the smoothed latency, in (0, 1] (`smoothing`).
    package var smoothing = 0.3

    /// Parts of a batch that the classes get, most important first (`weights`); the last one holds for
    /// all further classes. What a class does not use goes to the others, most important first.
    package var weights = [5, 3, 1]

    /// The defaults.
    package init() {}

    /// Windows that close at `maxBatch` rows.
    package init(maxBatch: Int?) { self.maxBatch = maxBatch }

    func validate() throws(ConfigurationProblem) {
        try require(maxBatch ?? 1 >= 1, "window: a batch holds at least one row")
        try require(
            shortest <= window && window <= longest,
            "window: \(window) lies outside \(shortest) to \(longest)")
        try require(every >= 1, "window: re-evaluated after at least one batch, not \(every)")
        try require(factor > 1, "window: a factor of \(factor) does not change the window")
        try require(
            smoothing > 0 && smoothing <= 1, "window: smoothing \(smoothing) not in (0, 1]")
        try require(
            !weights.isEmpty && weights.allSatisfy { $0 >= 1 },
            "window: each class needs a weight of at least 1, not \(weights)")
    }
}
