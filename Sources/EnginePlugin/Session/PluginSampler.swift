internal import CEnginePlugin
internal import EngineAPI

/// The state that picks the tokens of one request.
final class PluginSampler: TokenSampler {
    let handle: PluginHandle

    init(_ parameters: SamplingParameters, _ model: PluginHandle) throws(EngineError) {
        let library = model.library
        let biases = parameters.logitBias.map { headway_bias(token: $0.token, bias: $0.bias) }
        let grammar = parameters.grammar
        let rules = try CStringTable(
            grammar.map { [$0.text, $0.prefix] } ?? [], "the grammar")
        let words = try CStringTable(grammar?.triggerWords ?? [], "a trigger")
        let patterns = try CStringTable(grammar?.triggerPatterns ?? [], "a trigger")
        let pointer = try biases.withUnsafeBufferPointer { biases throws(EngineError) in
            var options = headway_sampler_options()
            options.biases = biases.baseAddress
            options.bias_count = biases.count
            options.presence_penalty = parameters.presencePenalty
            options.frequency_penalty = parameters.frequencyPenalty
            options.repetition_penalty = parameters.repetitionPenalty
            options.temperature = parameters.temperature
            options.top_k = Int32(clamping: parameters.topK)
            options.top_p = parameters.topP
            options.min_p = parameters.minP
            options.seed = parameters.seed
            if let grammar {
                options.grammar = headway_grammar(
                    text: rules.pointer?[0], is_lazy: grammar.isLazy ? 1 : 0,
                    trigger_words: words.pointer, trigger_word_count: words.count,
                    trigger_patterns: patterns.pointer, trigger_pattern_count: patterns.count,
                    prefix: rules.pointer?[1])
            }
            return try library.make {
                library.table.pointee.create_sampler(model.pointer, &options, $0)
            }
        }
        withExtendedLifetime((rules, words, patterns)) {}
        handle = PluginHandle(
            pointer, of: library, needing: model, freedBy: library.table.pointee.free_sampler)
    }
}
