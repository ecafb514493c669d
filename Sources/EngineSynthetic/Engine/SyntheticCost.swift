internal import EngineAPI

/// What a synthetic model costs and when it fails: the `parameters` of its configuration.
///
/// A batch of `n` rows takes `base_us + per_row_us × m` microseconds, where `m` is `n` rounded up
/// to a whole number of tiles, as accelerators do.
struct SyntheticCost: Sendable {
    /// How the time is spent.
    enum Work: String, CaseIterable {
        /// The thread sleeps, as while an accelerator computes.
        case sleep
        /// The thread is busy, as while it computes itself.
        case spin
    }

    var baseMicroseconds = 0.0
    var perRowMicroseconds = 0.0
    var tile = 1
    var work = Work.sleep
    var memoryBytes = 0
    var failEvery = 0
    var stallEvery = 0
    var stallMicroseconds = 0.0
    var outOfMemoryAboveRows = 0
    var fault: SyntheticFault?

    /// Reads the parameters of `source`.
    ///
    /// - Throws: Kind `invalidModel`, naming the parameter and what is allowed.
    init(_ source: ModelSource) throws(EngineError) {
        fault = try SyntheticFault(source)
        for (key, value) in source.parameters.sorted(by: { $0.key < $1.key }) {
            switch key {
            case "base_us": baseMicroseconds = try Self.time(key, value)
            case "per_row_us": perRowMicroseconds = try Self.time(key, value)
            case "tile": tile = try Self.count(key, value, from: 1)
            case "work": work = try Self.work(key, value)
            case "memory_bytes": memoryBytes = try Self.count(key, value, from: 0)
            case "fail_every": failEvery = try Self.count(key, value, from: 0)
            case "stall_every": stallEvery = try Self.count(key, value, from: 0)
            case "stall_us": stallMicroseconds = try Self.time(key, value)
            case "oom_above_rows": outOfMemoryAboveRows = try Self.count(key, value, from: 0)
            case _ where SyntheticFault.parameters.contains(key): break
            default:
                throw EngineError(
                    .invalidModel,
                    "model '\(source.name)': the synthetic engine has no parameter '\(key)'; "
                        + "it has base_us, per_row_us, tile, work, memory_bytes, fail_every, stall_every, "
                        + "stall_us, oom_above_rows, fault, fault_from, fault_runs, fault_instance, "
                        + "fault_us, leak_bytes and garbage")
            }
        }
    }

    /// Time that run number `run` (from 1) of `rows` rows takes, in nanoseconds.
    func nanoseconds(rows: Int, run: Int, _ fault: SyntheticFault.Kind? = nil) -> UInt64 {
        let tiles = (rows + tile - 1) / tile
        var microseconds = baseMicroseconds + perRowMicroseconds * Double(tiles * tile)
        if stallEvery > 0 && run % stallEvery == 0 { microseconds += stallMicroseconds }
        switch fault {
        case .slow: microseconds *= 10
        case .hang: microseconds += self.fault?.hangMicroseconds ?? 0
        case .fail, .leak, .garbage, nil: break
        }
        return UInt64((microseconds * 1_000).rounded())
    }

    /// A day: longer than any run, and far from the end of the numbers.
    private static let longestMicroseconds = 86_400_000_000.0

    static func time(_ key: String, _ value: String) throws(EngineError) -> Double {
        guard let time = Double(value), (0...longestMicroseconds).contains(time) else {
            throw malformed(key, value, "a number of microseconds from 0 to a day")
        }
        return time
    }

    static func count(
        _ key: String, _ value: String, from lowest: Int
    ) throws(EngineError) -> Int {
        guard let count = Int(value), (lowest...(1 << 40)).contains(count) else {
            throw malformed(key, value, "a whole number from \(lowest) to 2^40")
        }
        return count
    }

    static func work(_ key: String, _ value: String) throws(EngineError) -> Work {
        guard let work = Work(rawValue: value) else {
            throw malformed(
                key, value, Work.allCases.map(\.rawValue).joined(separator: " or "))
        }
        return work
    }

    static func malformed(
        _ key: String, _ value: String, _ allowed: String
    ) -> EngineError {
        EngineError(.invalidModel, "parameter '\(key)' is '\(value)'; it takes \(allowed)")
    }
}
