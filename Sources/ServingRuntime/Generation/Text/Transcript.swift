internal import EngineAPI

/// The tokens of one sequence, prompt and answer, and the text of the answer as far as it is certain.
struct Transcript: Sendable {
    /// The prompt and what was generated, in order. After a pre-emption all of it is fed again.
    private(set) var tokens: [Int32]

    private var generated = 0
    private var assembler: TextAssembler
    private var shelf = TokenShelf()

    init(prompt: [Int32], stops: [String]) {
        tokens = prompt
        assembler = TextAssembler(stops: stops)
    }

    /// Takes the next token; answers what the reader may see of it, and the end if it is one.
    mutating func append(
        _ sampled: SampledToken, to generation: Generation, of model: any GenerativeModel
    ) -> (update: GenerationUpdate, ending: Ending?) {
        let request = generation.request
        tokens.append(sampled.token)
        generated += 1
        let isEnd = model.endsGeneration(sampled.token)
        if isEnd, !request.ignoresEnd {
            return (finish(), Ending(reason: .stop))
        }
        let piece = model.piece(
            of: sampled.token, rendersSpecial: request.visibleTokens.contains(sampled.token))
        if request.wantsLogprobs {
            shelf.add(report(sampled, piece, model), at: assembler.received)
        }
        let text = assembler.append(piece)
        if let stop = assembler.matchedStop {
            let tokens = shelf.finish(at: assembler.given)
            return (
                GenerationUpdate(text: text, tokens: tokens),
                Ending(reason: .stop, matchedStop: stop)
            )
        }
        let tokens = shelf.take(upTo: assembler.given)
        var update = GenerationUpdate(text: text, tokens: tokens)
        guard generated >= generation.maxNewTokens else { return (update, nil) }
        update.merge(finish())
        return (update, Ending(reason: .length))
    }

    /// What was held back.
    mutating func finish() -> GenerationUpdate {
        let text = assembler.finish()
        return GenerationUpdate(text: text, tokens: shelf.finish(at: assembler.given))
    }

    private func report(
        _ sampled: SampledToken, _ piece: [UInt8], _ model: any GenerativeModel
    ) -> GeneratedToken {
        GeneratedToken(
            id: sampled.token, bytes: piece, logprob: sampled.logprob,
            alternatives: sampled.alternatives.map {
                GeneratedToken.Alternative(
                    id: $0.token, bytes: model.piece(of: $0.token, rendersSpecial: true),
                    logprob: $0.logprob)
            })
    }
}
