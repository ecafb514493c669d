package import ServingRuntime

/// Decides which requests are traced: those whose caller records the trace, and a share of those that
/// come without one. A caller that does not record is obeyed.
package struct TraceSampler: Sendable {
    /// Share of the requests without a caller's trace that are traced, from 0 to 1.
    package var ratio: Double
    private var state: UInt64

    /// A sampler with a sequence of its own.
    package init(ratio: Double, seed: UInt64 = UInt64.random(in: .min ... .max)) {
        self.ratio = ratio
        state = seed
    }

    /// The request's place in a trace, if it is traced.
    package mutating func context(_ parent: TraceParent?) -> TraceContext? {
        if let parent {
            guard parent.isSampled else { return nil }
            return TraceContext(
                traceHigh: parent.traceHigh, traceLow: parent.traceLow, span: next(),
                parent: parent.span)
        }
        guard ratio > 0, Double(next() >> 11) < ratio * 0x1p53 else { return nil }
        return TraceContext(traceHigh: next(), traceLow: next(), span: next(), parent: 0)
    }

    /// SplitMix64 (Steele, Lea and Flood, 2014), never zero.
    private mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return max(mixed ^ (mixed >> 31), 1)
    }
}
