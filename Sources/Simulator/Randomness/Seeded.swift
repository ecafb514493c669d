internal import TraceFormat

/// A small, fast generator whose whole future follows from one number (SplitMix64: Steele, Lea,
/// Flood, "Fast splittable pseudorandom number generators", 2014).
///
/// Every draw below is written out here instead of taken from the standard library, whose algorithms
/// may change between compilers: a seed printed by one build must repeat under the next.
package struct Seeded: RandomNumberGenerator, Sendable, Equatable {
    /// The number that this stream started from.
    package let seed: UInt64

    private var state: UInt64

    /// A stream that is wholly determined by `seed`.
    package init(_ seed: UInt64) {
        self.seed = seed
        state = Self.mix(seed &+ 0x9E37_79B9_7F4A_7C15)
    }

    /// An independent stream for one purpose.
    ///
    /// It depends on the seed and the purpose alone, not on what has been drawn: an additional draw for
    /// one purpose does not move the others, so that failures survive small edits of a test.
    package func split(_ purpose: String) -> Seeded {
        var hash = StableHash()
        hash.combine(seed)
        hash.combine(purpose)
        return Seeded(hash.value)
    }

    /// The next 64 random bits.
    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        return Self.mix(state)
    }

    /// A number in [0, 1).
    package mutating func unit() -> Double {
        Double(next() >> 11) * 0x1p-53
    }

    /// True with probability `probability`.
    package mutating func chance(_ probability: Double) -> Bool {
        unit() < probability
    }

    /// A whole number in a range, each equally likely up to 2^-64.
    package mutating func integer(in range: ClosedRange<Int>) -> Int {
        let width = UInt64(range.upperBound - range.lowerBound) + 1
        return range.lowerBound + Int(next().multipliedFullWidth(by: width).high)
    }

    /// A number in [lower, upper), each equally likely.
    package mutating func uniform(_ lower: Double, _ upper: Double) -> Double {
        lower + (upper - lower) * unit()
    }

    /// One of several choices, each equally likely.
    package mutating func pick<Choice>(_ choices: Choice...) -> Choice {
        choices[integer(in: 0...(choices.count - 1))]
    }

    private static func mix(_ value: UInt64) -> UInt64 {
        var z = value
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
