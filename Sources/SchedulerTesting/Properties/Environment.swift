#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// What a caller asks of property tests through the environment.
///
/// - `SEED`: the first seed, a decimal number or a hexadecimal one such as a commit hash, of which the
///   first sixteen digits count. Alone, it makes every property run just this seed.
/// - `SEEDS`: how many seeds every property runs.
/// - `HEADWAY_SEEDS`: a factor on the number of seeds that each property runs by default.
/// - `HEADWAY_PRINT_SEEDS`: print each seed before its run, to find the one that ends in a trap.
package struct SeedPlan: Sendable, Equatable {
    /// The first seed.
    package var first: UInt64
    /// How many seeds follow each other, the first included.
    package var count: Int

    /// The plan for a property that runs `standard` seeds when nobody asks for anything else.
    package init(standard: Int, _ variable: (String) -> String? = environmentVariable) {
        let seed = variable("SEED").flatMap(Self.seed(from:))
        let factor = variable("HEADWAY_SEEDS").flatMap { Int($0) } ?? 1
        first = seed ?? 1
        count = seed == nil ? standard * max(factor, 1) : 1
        if let seeds = variable("SEEDS").flatMap({ Int($0) }) { count = max(seeds, 1) }
    }

    /// A seed written in decimal, or in hexadecimal as commit hashes are.
    package static func seed(from text: String) -> UInt64? {
        if let decimal = UInt64(text) { return decimal }
        let digits = text.hasPrefix("0x") ? text.dropFirst(2) : text[...]
        return UInt64(digits.prefix(16), radix: 16)
    }
}

/// The value of an environment variable of this process.
package func environmentVariable(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
}
