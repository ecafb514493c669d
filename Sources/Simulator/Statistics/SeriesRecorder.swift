package import ServingModel

/// How finely a run is written down over time.
package struct SeriesBins: Sendable, Equatable {
    /// Length of one bin.
    package var width: Interval
    /// Most bins; what comes after the last one counts for the last one.
    package var count: Int

    /// Bins that cover `duration` with at most `count` of them.
    package init(covering duration: Interval, count: Int = 240) {
        precondition(count >= 1, "a series has at least one bin")
        self.count = count
        width = max(duration / UInt64(count), Interval(nanoseconds: 1))
    }
}

/// Averages over time in a fixed number of bins, so that its memory does not depend on the run.
///
/// Levels (requests that wait, requests on devices, bytes of memory, tokens held) are weighted by how long they lasted;
/// batch sizes are averaged over the batches that started in the bin.
package struct SeriesRecorder: Sendable, Equatable {
    /// One bin.
    struct Bin: Sendable, Equatable {
        var queued = 0.0
        var inFlight = 0.0
        var memory = 0.0
        var keyValueTokens = 0.0
        var covered = 0.0
        var batches = 0
        var rows = 0
        var cheaperRows = 0
    }

    let bins: SeriesBins
    private(set) var values: [Bin]
    private var queued = 0
    private var inFlight = 0
    private var memoryBytes = 0
    /// Whether anybody told about memory.
    private(set) var hasMemory = false
    private var keyValueTokens = 0
    /// Whether anybody told about tokens that are held.
    private(set) var hasKeyValueTokens = false
    /// Whether a cheaper variant computed anything.
    private(set) var hasVariants = false
    private var since = Instant.origin
    private var current = 0
    private var currentEnd: Instant

    /// A recorder that has seen nothing; everything starts at zero at the origin.
    package init(_ bins: SeriesBins) {
        self.bins = bins
        values = Array(repeating: Bin(), count: bins.count)
        currentEnd = .origin + bins.width
    }

    /// The levels from now on.
    package mutating func note(queued: Int, inFlight: Int, at now: Instant) {
        if now > since { advance(to: now) }
        self.queued = queued
        self.inFlight = inFlight
    }

    /// The bytes in use from now on.
    package mutating func note(memoryBytes: Int, at now: Instant) {
        if now > since { advance(to: now) }
        self.memoryBytes = memoryBytes
        hasMemory = true
    }

    /// The tokens that are held from now on.
    package mutating func note(keyValueTokens: Int, at now: Instant) {
        if now > since { advance(to: now) }
        self.keyValueTokens = keyValueTokens
        hasKeyValueTokens = true
    }

    /// A batch starts, perhaps on a cheaper variant.
    package mutating func note(batchOf rows: Int, isCheaper: Bool = false, at now: Instant) {
        if now > since { advance(to: now) }
        values[current].batches += 1
        values[current].rows += rows
        guard isCheaper else { return }
        values[current].cheaperRows += rows
        hasVariants = true
    }

    /// Nothing more happens after `now`.
    package mutating func close(at now: Instant) { if now > since { advance(to: now) } }

    private mutating func advance(to now: Instant) {
        while now > currentEnd, current + 1 < values.count {
            hold(until: currentEnd)
            current += 1
            currentEnd = currentEnd + bins.width
        }
        hold(until: now)
    }

    private mutating func hold(until end: Instant) {
        let span = since.interval(to: end).milliseconds
        values[current].queued += Double(queued) * span
        values[current].inFlight += Double(inFlight) * span
        values[current].memory += Double(memoryBytes) * span
        values[current].keyValueTokens += Double(keyValueTokens) * span
        values[current].covered += span
        since = end
    }
}
