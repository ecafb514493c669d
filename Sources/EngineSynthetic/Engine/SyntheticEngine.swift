public import EngineAPI

/// A model that costs what its configuration says and computes nothing: for tests, load runs and
/// demos.
///
/// Parameters of the model's configuration, all optional:
///
/// | parameter | meaning |
/// |---|---|
/// | `base_us` | microseconds that any run takes |
/// | `per_row_us` | microseconds for each row of the batch, rounded up to whole tiles |
/// | `tile` | rows per tile, 1 by default |
/// | `work` | `sleep` (default: waits, as for an accelerator) or `spin` (keeps the thread busy) |
/// | `memory_bytes` | memory that the model keeps while it is loaded |
/// | `fail_every` | every n-th run of an instance fails after its time |
/// | `stall_every`, `stall_us` | every n-th run of an instance takes that much longer |
/// | `oom_above_rows` | runs with more rows fail with kind `outOfMemory` |
/// | `fault` | something that is wrong for a while: runs `fail`, `hang`, are `slow` (ten times their time), `leak` memory or answer `garbage` |
/// | `fault_from`, `fault_runs` | the first run of an instance that suffers from it, and how many do (0, the default, for all further ones); the runs of the warm-up count |
/// | `fault_instance` | the only instance that suffers from it, from 0; all by default |
/// | `fault_us` | how long a run hangs, an hour by default |
/// | `leak_bytes` | what a run leaks, 1 MiB by default; an instance leaks 1 GiB at most |
/// | `garbage` | which: `fewer_rows` (default), `more_rows`, other `bytes` or another `type` than promised, a `missing` output, an impossible `shape`, or `nan` |
///
/// An output with the element type and shape of the input at its position is a copy of that input.
/// Any other is zeros (empty strings for `BYTES`), its open extents being the number of rows at the
/// first place and 1 elsewhere.
///
/// With the parameter `task: generate` the model generates text, whose every token depends on all tokens
/// before it. Its parameters, all optional:
///
/// | parameter | meaning |
/// |---|---|
/// | `base_us`, `per_token_us`, `per_kv_token_us` | microseconds of a step: in any case, for each token fed, for each token of context read |
/// | `work`, `memory_bytes` | as above |
/// | `context` | longest sequence, 4096 tokens by default |
/// | `end_every` | the model ends one text in so many tokens; 0 (default) for never |
/// | `fail_every`, `oom_every` | every n-th step of a session fails, or runs out of memory |
/// | `stall_every`, `stall_us` | every n-th step of a session takes that much longer |
/// | `kv_capacity` | room for keys and values, in tokens, when less than the session was promised |
public struct SyntheticEngine: GenerativeEngine {
    /// Spends `nanoseconds` on the calling thread.
    public typealias Wait = @Sendable (_ nanoseconds: UInt64) -> Void

    /// Canonical name `synthetic`. There is no file.
    public let descriptor = EngineDescriptor(
        name: "synthetic", aliases: ["synthetic"], defaultFileName: "")

    private let wait: Wait?

    /// Makes an engine.
    ///
    /// - Parameter wait: Spends the time of each run in place of sleeping or spinning; it is not
    ///   called for runs that take no time. Tests hand in a closure that only counts.
    public init(wait: Wait? = nil) {
        self.wait = wait
    }

    /// The version of the cost model: `1`.
    public func version() throws(EngineError) -> String { "1" }

    /// Reads the model's signature and parameters from its configuration.
    ///
    /// - Throws: ``EngineError`` of kind `invalidModel` when no input or output is declared, or
    ///   when a parameter is unknown or malformed.
    public func load(_ source: ModelSource) throws(EngineError) -> any EngineModel {
        guard source.parameters["task"] == nil else {
            throw EngineError(
                .invalidModel, "model '\(source.name)' generates text; it has no inputs and outputs"
            )
        }
        let signature = source.declared
        guard !signature.inputs.isEmpty, !signature.outputs.isEmpty else {
            throw EngineError(
                .invalidModel,
                "model '\(source.name)': a synthetic model declares its inputs and outputs, "
                    + "there is no file to read them from")
        }
        let cost = try SyntheticCost(source)
        return SyntheticModel(
            name: source.name, signature: signature, isBatched: source.maxBatchSize > 0, cost: cost,
            wait: wait ?? wait(of: cost.work))
    }

    /// Opens a model of either kind.
    ///
    /// - Throws: ``EngineError`` of kind `invalidModel`, as ``load(_:)``, or when the parameter `task`
    ///   is not `generate`.
    public func open(_ source: ModelSource) throws(EngineError) -> OpenedModel {
        guard let task = source.parameters["task"] else { return .tensors(try load(source)) }
        guard task == "generate" else {
            throw EngineError(
                .invalidModel,
                "parameter 'task' is '\(task)'; the synthetic engine knows 'generate'")
        }
        let settings = try SyntheticGeneratorSettings(source)
        return .generator(
            SyntheticGenerator(
                name: source.name, settings: settings, wait: wait ?? wait(of: settings.work)))
    }

    private func wait(of work: SyntheticCost.Work) -> Wait {
        work == .sleep ? MonotonicWait.sleep : MonotonicWait.spin
    }
}
