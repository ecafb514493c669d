internal import EngineAPI

/// What a synthetic generator costs and when it fails: the `parameters` of its configuration.
struct SyntheticGeneratorSettings: Sendable {
    var baseMicroseconds = 0.0
    var perTokenMicroseconds = 0.0
    var perKeyValueTokenMicroseconds = 0.0
    var work = SyntheticCost.Work.sleep
    var memoryBytes = 0
    var context = 4_096
    var endEvery = 0
    var failEvery = 0
    var outOfMemoryEvery = 0
    var stallEvery = 0
    var stallMicroseconds = 0.0
    var keyValueCapacity = Int.max

    /// Reads the parameters of `source`.
    ///
    /// - Throws: Kind `invalidModel`, naming the parameter and what is allowed.
    init(_ source: ModelSource) throws(EngineError) {
        for (key, value) in source.parameters.sorted(by: { $0.key < $1.key }) {
            switch key {
            case "task": continue
            case "base_us": baseMicroseconds = try SyntheticCost.time(key, value)
            case "per_token_us": perTokenMicroseconds = try SyntheticCost.time(key, value)
            case "per_kv_token_us":
                perKeyValueTokenMicroseconds = try SyntheticCost.time(key, value)
            case "work": work = try SyntheticCost.work(key, value)
            case "memory_bytes": memoryBytes = try SyntheticCost.count(key, value, from: 0)
            case "context": context = try SyntheticCost.count(key, value, from: 2)
            case "end_every": endEvery = try SyntheticCost.count(key, value, from: 0)
            case "fail_every": failEvery = try SyntheticCost.count(key, value, from: 0)
            case "oom_every": outOfMemoryEvery = try SyntheticCost.count(key, value, from: 0)
            case "stall_every": stallEvery = try SyntheticCost.count(key, value, from: 0)
            case "stall_us": stallMicroseconds = try SyntheticCost.time(key, value)
            case "kv_capacity": keyValueCapacity = try SyntheticCost.count(key, value, from: 1)
            default:
                throw EngineError(
                    .invalidModel,
                    "model '\(source.name)': a synthetic generator has no parameter '\(key)'; it has "
                        + "task, base_us, per_token_us, per_kv_token_us, work, memory_bytes, context, "
                        + "end_every, fail_every, oom_every, stall_every, stall_us and kv_capacity")
            }
        }
    }

    /// Time that step number `step` (from 1) takes, in nanoseconds.
    func nanoseconds(tokens: Int, keyValueTokens: Int, step: Int) -> UInt64 {
        var microseconds =
            baseMicroseconds + perTokenMicroseconds * Double(tokens)
            + perKeyValueTokenMicroseconds * Double(keyValueTokens)
        if stallEvery > 0 && step % stallEvery == 0 { microseconds += stallMicroseconds }
        return UInt64((microseconds * 1_000).rounded())
    }
}
