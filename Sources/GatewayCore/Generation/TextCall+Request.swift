internal import EngineAPI
internal import ServingModel
internal import ServingRuntime

extension TextCall {
    /// The request for one answer.
    func request(
        _ tokens: [Int32], _ chat: ChatPrompt?, _ choice: Int, _ promise: Promise,
        _ label: RequestLabel, _ handle: GeneratorHandle
    ) throws(ServingError) -> GenerationRequest {
        var sampling = sampling
        // Answers to one prompt differ by their seeds, and repeat when the client repeats his.
        sampling.seed = seed.map { $0 &+ UInt64(choice) } ?? UInt64.random(in: .min ... .max)
        sampling.grammar = chat?.grammar
        if sampling.grammar == nil { sampling.grammar = try grammar(handle) }
        let room = handle.generator.maxContext - tokens.count
        return GenerationRequest(
            prompt: tokens, sampling: sampling, maxNewTokens: min(maxNewTokens ?? room, room),
            stops: stops + (chat?.stops ?? []), wantsLogprobs: alternatives != nil,
            alternatives: alternatives ?? 0, visibleTokens: chat?.visibleTokens ?? [],
            ignoresEnd: ignoresEnd, priorityClass: promise.priorityClass,
            tenant: tenant.map(TenantID.init(named:)) ?? .none,
            firstTokenDeadline: promise.deadline,
            perToken: handle.perToken(of: promise.priorityClass), label: label)
    }

    private func grammar(_ handle: GeneratorHandle) throws(ServingError) -> Grammar? {
        switch form {
        case .free: nil
        case .grammar(let text): Grammar(text: text)
        case .schema(let schema):
            Grammar(
                text: try handle.explained { () throws(EngineError) in
                    try handle.generator.model.grammar(jsonSchema: schema)
                })
        }
    }
}

extension TenantID {
    /// The account of a tenant by its name: the name's hash (FNV-1a), which is the same in every process
    /// and never that of nobody.
    init(named name: String) {
        let hash = name.utf8.reduce(0x811C_9DC5 as UInt32) { ($0 ^ UInt32($1)) &* 0x0100_0193 }
        self.init(max(hash, 1))
    }
}
