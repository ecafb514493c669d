internal import EngineAPI

extension GenerativeConformance {
    /// The engine has a name and a version, and the model sizes that fit each other.
    public func describes() throws(ConformanceFailure) {
        if engine.descriptor.name.isEmpty { throw ConformanceFailure("an engine has a name") }
        let version = try expect("the engine has a version") { () throws(EngineError) in
            try engine.version()
        }
        if version.isEmpty { throw ConformanceFailure("the version says something") }
        let info = try open().info
        let sizes = [
            info.contextLength, info.vocabularySize, info.embeddingSize, info.keyValueBytesPerToken,
            Int(info.parameterCount), Int(info.bytes),
        ]
        if sizes.contains(where: { $0 <= 0 }) || info.architecture.isEmpty {
            throw ConformanceFailure("a model knows its family and its sizes, not \(info)")
        }
        let ends = info.endTokens
        if ends.isEmpty || ends != ends.sorted() || ends.contains(where: { $0 < 0 })
            || ends.contains(where: { $0 >= info.vocabularySize })
        {
            throw ConformanceFailure("end tokens are ascending tokens of the vocabulary: \(ends)")
        }
    }

    /// The pieces of a text's tokens make the text again, and nothing else ends a generation than the
    /// end tokens.
    public func tokenizes() throws(ConformanceFailure) {
        let model = try open()
        for text in [fixture.prompt, "", "the and in on", "grün 東京 🎈\u{0}\n\t."] {
            let tokens = try expect("a text is tokenized") { () throws(EngineError) in
                try model.tokenize(text, addsSpecial: false, parsesSpecial: false)
            }
            let bytes = tokens.flatMap { model.piece(of: $0, rendersSpecial: false) }
            if bytes != Array(text.utf8) {
                throw ConformanceFailure("the pieces of '\(text)' make it again, not \(bytes)")
            }
        }
        let ends = (0..<Int32(model.info.vocabularySize)).filter(model.endsGeneration)
        if ends != model.info.endTokens {
            throw ConformanceFailure("end tokens are \(model.info.endTokens), not \(ends)")
        }
        for token in [-1, Int32(model.info.vocabularySize), .max] {
            if !model.piece(of: token, rendersSpecial: true).isEmpty {
                throw ConformanceFailure("token \(token) has no piece")
            }
        }
    }

    /// With the same seed a sampler draws the same tokens, with another one others.
    public func repeatsDraws() throws(ConformanceFailure) {
        let model = try open()
        let prompt = try promptTokens(model)
        func draw(_ seed: UInt64) throws(ConformanceFailure) -> [Int32] {
            try expect("a seeded request runs") { () throws(EngineError) in
                try model.generate(
                    prompt, count: 24, SamplingParameters(temperature: 2, seed: seed))
            }
        }
        let first = try draw(1)
        if try draw(1) != first { throw ConformanceFailure("a seed repeats its draws") }
        if try draw(2) == first { throw ConformanceFailure("another seed draws other tokens") }
    }

    /// In an exact session a request has one greedy answer: alone, beside others, with its prompt
    /// cut, recomputed, with a shared prefix, and swapped out and in.
    public func continuesHoweverFed() throws(ConformanceFailure) {
        let model = try open()
        let prompt = try promptTokens(model)
        let alone = try expect("a request runs alone") { () throws(EngineError) in
            try model.generate(prompt, count: 12)
        }
        var driver = try driver(model, slots: 4)
        driver.tokens = [prompt, Array(prompt.reversed()), prompt, prompt]
        try expect("requests run together") { () throws(EngineError) in
            try driver.step([3, 64, 0, 1])
            try driver.step([3, 1, 0, 2])
            driver.share(5, of: 0, with: 2)
            for round in 0..<48 {
                if round == 9 { driver.recompute(3) }
                if round == 11 { try driver.swap(0) }
                try driver.step([2, 1, round % 3, 5])
            }
        }
        for slot in [0, 2, 3] {
            let answer = driver.tokens[slot].dropFirst(prompt.count).prefix(alone.count)
            if Array(answer) != alone {
                throw ConformanceFailure("slot \(slot) answers \(answer), alone it is \(alone)")
            }
        }
    }

    /// Log-probabilities are those of the model, highest first, and sum up to at most one.
    public func reportsProbabilities() throws(ConformanceFailure) {
        let model = try open()
        let prompt = try promptTokens(model)
        let driver = try driver(model, slots: 1)
        let sampled = try expect("a token is picked") { () throws(EngineError) in
            let items = prompt.enumerated().map {
                StepToken(
                    token: $1, position: Int32($0), slot: 0, wantsOutput: $0 + 1 == prompt.count)
            }
            try driver.session.step(items)
            return try driver.session.sample(
                at: prompt.count - 1, with: model.makeSampler(.greedy), alternatives: 5)
        }
        let logprobs = sampled.alternatives.map(\.logprob)
        if logprobs.count != 5 || logprobs != logprobs.sorted(by: >) || logprobs[0] > 0 {
            throw ConformanceFailure("five alternatives come likeliest first: \(logprobs)")
        }
        if sampled.alternatives[0].token != sampled.token || sampled.logprob != logprobs[0] {
            throw ConformanceFailure("a greedy pick is the first alternative, not \(sampled)")
        }
    }
}
