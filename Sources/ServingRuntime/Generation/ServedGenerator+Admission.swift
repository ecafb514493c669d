internal import EngineAPI
internal import ServingModel

extension ServedGenerator {
    /// Checks what a request asks for and makes what it needs.
    ///
    /// - Throws: ``ServingError`` `invalidArgument` that names what is wrong and what is allowed.
    func admit(_ request: consuming GenerationRequest) throws(ServingError) -> Generation {
        try checkPrompt(request.prompt)
        try checkLimits(request)
        let sampler: any TokenSampler
        do {
            sampler = try model.makeSampler(request.sampling)
        } catch {
            throw ServingError(error)
        }
        let room = maxContext - request.prompt.count
        request.stops.removeAll(where: \.isEmpty)
        let maxNewTokens = min(request.maxNewTokens, room)
        return Generation(
            request, maxNewTokens: maxNewTokens, sampler: sampler,
            outlet: GenerationOutlet(maxUnreadBytes: specification.maxUnreadBytes))
    }

    private func checkPrompt(_ prompt: [Int32]) throws(ServingError) {
        guard !prompt.isEmpty else {
            throw ServingError(.invalidArgument, "the prompt is empty; it needs at least one token")
        }
        guard prompt.count < maxContext else {
            throw ServingError(
                .invalidArgument,
                "the prompt has \(prompt.count) tokens; model '\(specification.name)' takes at most "
                    + "\(maxContext - 1), its context being \(maxContext) tokens for prompt and answer"
            )
        }
        let vocabulary = Int32(clamping: model.info.vocabularySize)
        if let stranger = prompt.first(where: { $0 < 0 || $0 >= vocabulary }) {
            throw ServingError(
                .invalidArgument,
                "token \(stranger) of the prompt is not in the model's vocabulary of \(vocabulary)")
        }
    }

    private func checkLimits(_ request: borrowing GenerationRequest) throws(ServingError) {
        func require(_ isMet: Bool, _ problem: String) throws(ServingError) {
            if !isMet { throw ServingError(.invalidArgument, problem) }
        }
        try require(
            request.maxNewTokens >= 1,
            "\(request.maxNewTokens) new tokens were asked for; at least 1 is generated")
        try require(
            request.stops.count <= GenerationLimits.stops,
            "\(request.stops.count) stop strings; at most \(GenerationLimits.stops) are allowed")
        let longest = request.stops.map(\.utf8.count).max() ?? 0
        try require(
            longest <= GenerationLimits.stopBytes,
            "a stop string has \(longest) bytes; at most \(GenerationLimits.stopBytes) are allowed")
        try require(
            (0...GenerationLimits.alternatives).contains(request.alternatives),
            "\(request.alternatives) alternatives for each token were asked for; "
                + "0 to \(GenerationLimits.alternatives) are allowed")
    }
}
