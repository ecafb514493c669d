#include "sampler.hpp"

#include <algorithm>
#include <cmath>
#include <memory>

namespace {

using headway::refuse;

bool is_between(float value, float low, float high) {
    return value >= low && value <= high;
}

void check(const headway_sampler_options & options, int32_t vocabulary_size) {
    if (!is_between(options.temperature, 0, 1000)) {
        refuse("the temperature is not between 0 and 1000");
    }
    if (!is_between(options.top_p, 0, 1) || options.top_p == 0) {
        refuse("top_p is not above 0 and at most 1");
    }
    if (!is_between(options.min_p, 0, 1)) {
        refuse("min_p is not between 0 and 1");
    }
    if (options.top_k < 0) {
        refuse("top_k is negative");
    }
    if (!is_between(options.presence_penalty, -100, 100)
        || !is_between(options.frequency_penalty, -100, 100)) {
        refuse("a presence or frequency penalty is not between -100 and 100");
    }
    if (!is_between(options.repetition_penalty, 0.01f, 100)) {
        refuse("the repetition penalty is not between 0.01 and 100");
    }
    for (size_t i = 0; i < options.bias_count; i++) {
        const headway_bias & bias = options.biases[i];
        if (bias.token < 0 || bias.token >= vocabulary_size) {
            refuse("logit_bias names the token " + std::to_string(bias.token)
                + "; the vocabulary has " + std::to_string(vocabulary_size));
        }
        if (std::isnan(bias.bias)) {
            refuse("logit_bias is not a number");
        }
    }
}

/// The likeliest token, and of equals the first.
llama_token likeliest(const float * logits, int32_t count) {
    int32_t best = 0;
    for (int32_t token = 1; token < count; token++) {
        if (logits[token] > logits[best]) {
            best = token;
        }
    }
    if (!std::isfinite(logits[best])) {
        throw headway::Failure(HEADWAY_FAILED, "the model's output is not a number");
    }
    return best;
}

}  // namespace

headway_sampler::headway_sampler(
    const headway_model & model, const headway_sampler_options & options)
    : model(model), vocabulary_size(llama_vocab_n_tokens(model.vocab)),
      presence(options.presence_penalty), frequency(options.frequency_penalty),
      repetition(options.repetition_penalty), is_greedy(options.temperature == 0),
      biases(options.biases, options.biases + options.bias_count) {
    check(options, vocabulary_size);
    if (options.grammar.text != nullptr) {
        grammar.emplace(model, options.grammar);
    }
    if (is_greedy) {
        return;
    }
    llama_sampler_chain_params params = llama_sampler_chain_default_params();
    params.no_perf = true;
    chain = llama_sampler_chain_init(params);
    llama_sampler_chain_add(chain, llama_sampler_init_temp(options.temperature));
    if (options.top_k > 0) {
        llama_sampler_chain_add(chain, llama_sampler_init_top_k(options.top_k));
    }
    if (options.top_p < 1) {
        llama_sampler_chain_add(chain, llama_sampler_init_top_p(options.top_p, 1));
    }
    if (options.min_p > 0) {
        llama_sampler_chain_add(chain, llama_sampler_init_min_p(options.min_p, 1));
    }
    // llama.cpp takes 32 bits, of which one value means "any".
    uint32_t seed = (uint32_t) (options.seed ^ (options.seed >> 32));
    if (seed == LLAMA_DEFAULT_SEED) {
        seed = 0;
    }
    llama_sampler_chain_add(chain, llama_sampler_init_dist(seed));
}

headway_sampler::~headway_sampler() {
    llama_sampler_free(chain);
}

/// Whether the logits are used as they are.
bool headway_sampler::is_plain() const {
    return biases.empty() && counts.empty();
}

/// Fills `candidates` with the logits after biases and penalties.
void headway_sampler::load(
    const float * logits, std::vector<llama_token_data> & candidates) const {
    candidates.resize((size_t) vocabulary_size);
    for (int32_t token = 0; token < vocabulary_size; token++) {
        candidates[(size_t) token] = {token, logits[token], 0.0f};
    }
    for (const headway_bias & bias : biases) {
        candidates[(size_t) bias.token].logit += bias.bias;
    }
    for (const auto & [token, count] : counts) {
        float & logit = candidates[(size_t) token].logit;
        logit = logit <= 0 ? logit * repetition : logit / repetition;
        logit -= presence + frequency * (float) count;
    }
}

llama_token headway_sampler::choose(std::vector<llama_token_data> & candidates) {
    size_t best = 0;
    for (size_t i = 1; i < candidates.size(); i++) {
        if (candidates[i].logit > candidates[best].logit) {
            best = i;
        }
    }
    if (!std::isfinite(candidates[best].logit)) {
        throw headway::Failure(
            HEADWAY_FAILED, "no token is left to pick: bias or grammar rule out all of them");
    }
    if (is_greedy) {
        return candidates[best].id;
    }
    llama_token_data_array list = {candidates.data(), candidates.size(), -1, false};
    llama_sampler_apply(chain, &list);
    if (list.selected < 0 || (size_t) list.selected >= list.size) {
        throw headway::Failure(HEADWAY_FAILED, "no token was picked");
    }
    return list.data[list.selected].id;
}

llama_token headway_sampler::pick(
    const float * logits, std::vector<llama_token_data> & scratch) {
    const bool is_constrained = grammar && grammar->is_active();
    llama_token token;
    if (is_greedy && is_plain()) {
        token = likeliest(logits, vocabulary_size);
    } else {
        load(logits, scratch);
        token = choose(scratch);
    }
    // Most picks fit the grammar anyway; to try one token is far cheaper than to try all.
    if (is_constrained && !grammar->admits(token)) {
        load(logits, scratch);
        grammar->constrain(scratch);
        token = choose(scratch);
    }
    if (grammar) {
        grammar->accept(token);
    }
    if (presence != 0 || frequency != 0 || repetition != 1) {
        counts[token]++;
    }
    return token;
}

namespace headway {

int32_t create_sampler(
    const headway_model * model, const headway_sampler_options * options,
    headway_sampler ** out) {
    return guarded([&] {
        *out = std::make_unique<headway_sampler>(*model, *options).release();
    });
}

void free_sampler(headway_sampler * sampler) {
    delete sampler;
}

}  // namespace headway
