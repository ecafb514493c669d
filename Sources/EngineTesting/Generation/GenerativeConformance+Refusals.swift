internal import EngineAPI

extension GenerativeConformance {
    /// Sources that are no models are `invalidModel`, and a model that generates is no tensor model.
    public func refusesUnloadableModels() throws(ConformanceFailure) {
        for source in fixture.unloadable {
            try expectFailure(.invalidModel, "model '\(source.name)'") { () throws(EngineError) in
                _ = try engine.open(source)
            }
        }
        try expectFailure(.invalidModel, "a generator as tensors") { () throws(EngineError) in
            _ = try engine.load(fixture.source)
        }
    }

    /// Steps that do not fit the session are `invalidInput`, and change nothing.
    public func refusesWrongSteps() throws(ConformanceFailure) {
        let model = try open()
        let prompt = try promptTokens(model)
        let alone = try expect("a request runs alone") { () throws(EngineError) in
            try model.generate(prompt, count: 4)
        }
        var driver = try driver(model, slots: 2)
        driver.tokens[0] = prompt
        try expect("a prompt is fed") { () throws(EngineError) in try driver.step([4, 0]) }
        func item(_ token: Int32, _ position: Int32, _ slot: Int32) -> StepToken {
            StepToken(token: token, position: position, slot: slot, wantsOutput: true)
        }
        let last = Int32(model.info.vocabularySize)
        let wrong: [(String, [StepToken])] = [
            ("an empty step", []), ("a token too high", [item(last, 4, 0)]),
            ("a negative token", [item(-1, 4, 0)]), ("a slot too high", [item(1, 0, 2)]),
            ("a negative slot", [item(1, 0, -1)]), ("a gap", [item(1, 5, 0)]),
            ("a position that is taken", [item(1, 3, 0)]),
            ("a good token before a bad one", [item(1, 4, 0), item(last, 5, 0)]),
            ("a position twice", [item(1, 4, 0), item(1, 4, 0)]),
            ("too many tokens", (0..<65).map { item(1, 4 + $0, 0) }),
        ]
        let session = driver.session
        for (what, items) in wrong {
            try expectFailure(.invalidInput, what) { () throws(EngineError) in
                try session.step(items)
            }
        }
        for index in [-1, 0, 3, 4] {
            try expectFailure(.invalidInput, "output \(index)") { () throws(EngineError) in
                _ = try session.sample(
                    at: index, with: model.makeSampler(.greedy), alternatives: nil)
            }
        }
        for state in [[], [UInt8](repeating: 7, count: 100)] {
            try expectFailure(.invalidInput, "a damaged state") { () throws(EngineError) in
                try session.restore(slot: 1, from: state)
            }
        }
        try expect("the session goes on") { () throws(EngineError) in
            for _ in 0..<alone.count { try driver.step([64, 0]) }
        }
        if Array(driver.tokens[0].dropFirst(prompt.count)) != alone {
            throw ConformanceFailure("a session answers as before after refusals")
        }
    }

    /// Parameters out of range are `invalidInput`.
    public func refusesWrongSamplers() throws(ConformanceFailure) {
        let model = try open()
        let last = Int32(model.info.vocabularySize)
        let wrong: [SamplingParameters] = [
            SamplingParameters(temperature: -1), SamplingParameters(temperature: .nan),
            SamplingParameters(topP: 0), SamplingParameters(topP: 1.5),
            SamplingParameters(minP: -0.1), SamplingParameters(topK: -1),
            SamplingParameters(repetitionPenalty: 0),
            SamplingParameters(presencePenalty: .infinity),
            SamplingParameters(logitBias: [LogitBias(token: last, bias: 1)]),
            SamplingParameters(logitBias: [LogitBias(token: 0, bias: .nan)]),
            SamplingParameters(grammar: Grammar(text: "")),
            SamplingParameters(grammar: Grammar(text: "root ::= other")),
            SamplingParameters(grammar: Grammar(text: "other ::= \"a\"")),
            SamplingParameters(grammar: Grammar(text: "root ::= root \"a\"")),
            SamplingParameters(grammar: Grammar(text: "root ::= \"a\u{0}\"")),
        ]
        for parameters in wrong {
            try expectFailure(.invalidInput, "\(parameters)") { () throws(EngineError) in
                _ = try model.makeSampler(parameters)
            }
        }
    }

    /// A step without room is `outOfMemory` and changes nothing; the room of a slot that is let go
    /// can be used again.
    public func commitsNothingWithoutRoom() throws(ConformanceFailure) {
        let model = try open()
        let prompt = try promptTokens(model)
        let alone = try expect("a request runs alone") { () throws(EngineError) in
            try model.generate(prompt, count: 4)
        }
        // Room for one of the two requests, and for half of the other one's prompt.
        var driver = try driver(model, slots: 2, room: prompt.count * 3 / 2 + 4)
        driver.tokens = [prompt, prompt]
        try expect("the first request is fed") { () throws(EngineError) in
            try driver.step([prompt.count, 0])
        }
        for _ in 0..<3 {
            try expectFailure(.outOfMemory, "a prompt too long") { () throws(EngineError) in
                try driver.step([1, prompt.count])
            }
        }
        try expect("both requests end") { () throws(EngineError) in
            while driver.tokens[0].count < prompt.count + alone.count { try driver.step([1, 0]) }
            driver.recompute(0)
            while driver.tokens[1].count < prompt.count + alone.count {
                try driver.step([0, prompt.count])
            }
        }
        for slot in 0..<2 where Array(driver.tokens[slot].dropFirst(prompt.count)) != alone {
            throw ConformanceFailure("slot \(slot) answers as it does alone after a full cache")
        }
    }
}
