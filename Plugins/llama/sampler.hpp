// Picks the tokens of one request.
#pragma once

#include "grammar.hpp"

#include <map>
#include <optional>

struct headway_sampler {
    headway_sampler(const headway_model & model, const headway_sampler_options & options);
    ~headway_sampler();
    headway_sampler(const headway_sampler &) = delete;
    headway_sampler & operator=(const headway_sampler &) = delete;

    /// The next token. `scratch` has room for the vocabulary.
    llama_token pick(const float * logits, std::vector<llama_token_data> & scratch);

private:
    bool is_plain() const;
    void load(const float * logits, std::vector<llama_token_data> & candidates) const;
    llama_token choose(std::vector<llama_token_data> & candidates);

    const headway_model & model;
    int32_t vocabulary_size;
    float presence;
    float frequency;
    float repetition;
    bool is_greedy;
    std::vector<headway_bias> biases;
    std::optional<headway::Grammar> grammar;
    /// How often each token was picked, where a penalty wants to know. In order of tokens, so that
    /// rounding does not depend on hashes.
    std::map<llama_token, int32_t> counts;
    /// Temperature, top-k, top-p, min-p and the draw; null for greedy sampling.
    llama_sampler * chain = nullptr;
};
