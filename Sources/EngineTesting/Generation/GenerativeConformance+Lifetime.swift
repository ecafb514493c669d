internal import EngineAPI

extension GenerativeConformance {
    /// A model is gone with the last reference to it, its samplers and its sessions, in whichever order
    /// they go.
    public func unloads() throws(ConformanceFailure) {
        weak var gone: (any GenerativeModel)?
        var sampler: (any TokenSampler)?
        do {
            let model = try open()
            gone = model
            var driver = try driver(model, slots: 1)
            driver.tokens[0] = try promptTokens(model)
            try expect("a request runs") { () throws(EngineError) in
                try driver.step([64])
                sampler = try model.makeSampler(.greedy)
            }
        }
        if gone != nil { throw ConformanceFailure("a model that nobody holds is gone") }
        withExtendedLifetime(sampler) {}
        sampler = nil
    }

    /// Requests that come and go, some of them refused, do not make the process grow. Does nothing
    /// where the process cannot tell its size.
    public func keepsMemory() throws(ConformanceFailure) {
        let model = try open()
        let prompt = try promptTokens(model)
        try run(requests: max(fixture.requests / 4, 1), model, prompt)
        // Other work in the process may grow it during some attempts; a leak does during all.
        var growths: [Int] = []
        for _ in 0..<4 {
            guard let before = ResidentMemory.bytes() else { return }
            try run(requests: fixture.requests, model, prompt)
            guard let after = ResidentMemory.bytes() else { return }
            if after - before <= fixture.memoryBound { return }
            growths.append(after - before)
        }
        throw ConformanceFailure(
            "\(fixture.requests) requests may grow the process by \(fixture.memoryBound) bytes, "
                + "they grew it by \(growths)")
    }

    /// Short requests, four at a time: greedy, drawn with penalties, with a grammar, and refused.
    private func run(
        requests: Int, _ model: any GenerativeModel, _ prompt: [Int32]
    ) throws(ConformanceFailure) {
        try expect("requests come and go") { () throws(EngineError) in
            let session = try model.makeSession(
                SessionConfiguration(slots: 4, keyValueTokens: 256, maxStepTokens: 64))
            let grammar = Grammar(text: "root ::= \"yes\" | \"no\"")
            for round in 0..<requests / 4 {
                let samplers: [any TokenSampler] = [
                    try model.makeSampler(.greedy),
                    try model.makeSampler(
                        SamplingParameters(
                            topP: 0.9, topK: 40, seed: UInt64(round), frequencyPenalty: 1)),
                    try model.makeSampler(SamplingParameters(temperature: 0, grammar: grammar)),
                    try model.makeSampler(
                        SamplingParameters(logitBias: [LogitBias(token: 1, bias: -100)])),
                ]
                var driver = GenerationDriver(session, samplers: samplers)
                driver.tokens = Array(repeating: Array(prompt.prefix(8)), count: 4)
                for _ in 0..<3 { try driver.step([8, 8, 8, 8]) }
                do throws(EngineError) {
                    try session.step([])
                } catch { /* refused, as it must be */  }
                for slot in 0..<4 { driver.recompute(slot) }
            }
        }
    }
}
