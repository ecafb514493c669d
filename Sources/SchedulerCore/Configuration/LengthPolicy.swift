/// How requests of different lengths share a batch whose rows are all padded to the longest.
///
/// A batch costs `rows * padded length` units, and the latency model learns the time per unit. Requests of
/// one shape and padded length wait in one queue, which counts as a shape in the limit of shapes.
package struct LengthPolicy: Sendable, Equatable {
    /// Lengths that the engine pads to, ascending; empty for powers of two. A request that is longer
    /// than the last edge is padded to its own length.
    package var edges: [Int] = []

    /// Whether lengths join in one batch where their padding costs less than half a batch's fixed part;
    /// otherwise every padded length batches by itself.
    package var mergesLengths = true

    /// Most units of one batch; a request that has more by itself rides alone.
    package var maxBatchUnits = 1 << 30

    /// Powers of two, merged where it pays.
    package init() {}

    /// The length that a row of `length` units is padded to.
    package func padded(_ length: Int) -> Int {
        guard length > 1 else { return 1 }
        guard !edges.isEmpty else {
            return 1 << (Int.bitWidth - (length - 1).leadingZeroBitCount)
        }
        var low = 0
        var high = edges.count
        while low < high {
            let middle = (low + high) / 2
            if edges[middle] < length { low = middle + 1 } else { high = middle }
        }
        return low < edges.count ? edges[low] : length
    }

    func validate() throws(ConfigurationProblem) {
        try require(maxBatchUnits >= 1, "a batch holds at least one unit, not \(maxBatchUnits)")
        try require(edges.allSatisfy { $0 >= 1 }, "an edge is at least one unit: \(edges)")
        try require(zip(edges, edges.dropFirst()).allSatisfy(<), "edges ascend: \(edges)")
    }
}
