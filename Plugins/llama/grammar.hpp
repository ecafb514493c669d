// A grammar in use by one sampler.
#pragma once

#include "plugin.hpp"

#include "llama-grammar.h"

#include <memory>
#include <regex>

namespace headway {

/// Follows the generated text through a grammar. A lazy grammar waits for its first trigger, found by
/// a search of the new text only, so that a long answer costs no more than a short one.
class Grammar {
public:
    /// Throws `Failure` where the rules or the triggers are malformed.
    Grammar(const headway_model & model, const headway_grammar & source);

    /// Whether the grammar constrains the next token.
    bool is_active() const { return grammar != nullptr; }

    /// Whether `token` may come next.
    bool admits(llama_token token) const;

    /// Gives the tokens that may not come next a logit of minus infinity.
    void constrain(std::vector<llama_token_data> & candidates) const;

    /// Goes on by a token that was picked.
    void accept(llama_token token);

private:
    struct Deleter {
        void operator()(llama_grammar * grammar) const { llama_grammar_free_impl(grammar); }
    };

    void start();
    size_t find_trigger(size_t added) const;

    const llama_vocab * vocab;
    std::string rules;
    std::unique_ptr<llama_grammar, Deleter> grammar;
    std::vector<std::string> words;
    std::vector<std::pair<std::regex, bool>> patterns;
    size_t longest_word = 0;
    /// The end of the text generated while waiting, and whether that is all of it.
    std::string waiting;
    bool is_whole = true;
};

}  // namespace headway
