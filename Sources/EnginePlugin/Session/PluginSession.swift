internal import CEnginePlugin
internal import EngineAPI

/// The sequences in progress on one model.
final class PluginSession: GenerationSession {
    private let model: PluginHandle
    private let table: UnsafePointer<headway_plugin>
    private let session: OpaquePointer
    private let flag: InterruptFlag
    /// The step at hand as the library takes it.
    private let fed: UnsafeMutableBufferPointer<headway_step_token>

    init(
        _ configuration: SessionConfiguration, _ model: PluginHandle
    ) throws(EngineError) {
        let library = model.library
        let flag = InterruptFlag()
        var options = headway_session_options(
            slots: Int32(clamping: configuration.slots),
            key_value_tokens: Int32(clamping: configuration.keyValueTokens),
            max_step_tokens: Int32(clamping: configuration.maxStepTokens),
            threads: Int32(clamping: configuration.threads),
            is_exact: configuration.isExact ? 1 : 0, interrupt: UnsafePointer(flag.pointer))
        session = try library.make {
            library.table.pointee.create_session(model.pointer, &options, $0)
        }
        self.model = model
        self.flag = flag
        table = library.table
        fed = .allocate(capacity: configuration.maxStepTokens)
        fed.initialize(repeating: headway_step_token())
    }

    deinit {
        table.pointee.free_session(session)
        fed.deallocate()
    }

    var interrupt: @Sendable () -> Void {
        { [flag] in flag.raise() }
    }

    func step(_ tokens: [StepToken]) throws(EngineError) {
        guard tokens.count <= fed.count, let start = fed.baseAddress else {
            throw EngineError(
                .invalidInput, "a step feeds 1 to \(fed.count) tokens, not \(tokens.count)")
        }
        for (index, token) in tokens.enumerated() {
            fed[index] = headway_step_token(
                token: token.token, position: token.position, slot: token.slot,
                wants_output: token.wantsOutput ? 1 : 0)
        }
        flag.lower()
        try model.library.check(table.pointee.step(session, start, tokens.count))
    }

    func sample(
        at index: Int, with sampler: any TokenSampler, alternatives: Int?
    ) throws(EngineError) -> SampledToken {
        guard let sampler = sampler as? PluginSampler, sampler.handle.library === model.library
        else { throw EngineError(.invalidInput, "the sampler belongs to another engine") }
        guard index >= 0, (0...Int(Int16.max)).contains(alternatives ?? 0) else {
            throw EngineError(.invalidInput, "the last step has no token \(index)")
        }
        let count = alternatives ?? -1
        var status: Int32 = 0
        let result = withUnsafeTemporaryAllocation(
            of: headway_choice.self, capacity: max(count, 0) + 1
        ) { choices in
            choices.initialize(repeating: headway_choice())
            guard let start = choices.baseAddress else { return SampledToken.none }
            status = table.pointee.sample(
                session, index, sampler.handle.pointer, Int32(count), start)
            return SampledToken(
                token: choices[0].token, logprob: choices[0].logprob,
                alternatives: choices.dropFirst().map {
                    TokenLogprob(token: $0.token, logprob: $0.logprob)
                })
        }
        try model.library.check(status)
        return result
    }

    func copy(slot: Int, to other: Int, count: Int) {
        demand(
            table.pointee.copy_slot(
                session, Int32(clamping: slot), Int32(clamping: other), Int32(clamping: count)))
    }

    func truncate(slot: Int, to count: Int) {
        demand(
            table.pointee.truncate_slot(session, Int32(clamping: slot), Int32(clamping: count)))
    }

    func save(slot: Int) throws(EngineError) -> [UInt8] {
        try model.library.written { writer in
            table.pointee.save_slot(session, Int32(clamping: slot), writer)
        }.first?.bytes ?? []
    }

    func restore(slot: Int, from state: [UInt8]) throws(EngineError) {
        let status = state.withUnsafeBytes { bytes -> Int32 in
            var nothing: UInt8 = 0
            return withUnsafePointer(to: &nothing) { empty in
                table.pointee.restore_slot(
                    session, Int32(clamping: slot),
                    bytes.baseAddress ?? UnsafeRawPointer(empty), bytes.count)
            }
        }
        try model.library.check(status)
    }

    /// Stops the process where the caller keeps wrong books of the slots: everything after would be
    /// wrong too.
    private func demand(_ status: Int32) {
        if status != 0 {
            preconditionFailure(String(cString: table.pointee.last_error()))
        }
    }
}

extension SampledToken {
    fileprivate static let none = SampledToken(token: 0, logprob: 0, alternatives: [])
}
