#include "grammar.hpp"

#include "llama-vocab.h"

#include <algorithm>
#include <cmath>

namespace headway {

namespace {

/// Longest grammar taken, in bytes, most rules, and deepest nesting of groups: reading recurses with
/// the latter two.
constexpr size_t most_bytes = 1 << 20;
constexpr size_t most_rules = 10000;
constexpr int most_levels = 256;

/// Text kept for triggers that are regular expressions.
constexpr size_t pattern_window = 512;

/// Checks the rules as llama.cpp would, whose own check tells its reasons to the standard error
/// stream only.
void check_rules(const llama_vocab * vocab, const std::string & rules) {
    if (rules.size() > most_bytes) {
        refuse("the grammar is longer than 1 MiB");
    }
    int level = 0;
    for (const char character : rules) {
        level += character == '(' ? 1 : character == ')' ? -1 : 0;
        if (level > most_levels) {
            refuse("the grammar nests groups more than 256 levels deep");
        }
    }
    llama_grammar_parser parser(vocab);
    try {
        const char * position = rules.c_str();
        while (*position != 0) {
            // Blank lines and comments before a rule; those after it belong to it.
            if (*position == ' ' || *position == '\t' || *position == '\n' || *position == '\r') {
                position++;
            } else if (*position == '#') {
                while (*position != 0 && *position != '\n') {
                    position++;
                }
            } else {
                position = parser.parse_rule(position);
            }
        }
    } catch (const std::exception & error) {
        std::string reason = error.what();
        refuse("the grammar is malformed: " + reason.substr(0, 200));
    }
    if (parser.symbol_ids.size() > most_rules) {
        refuse("the grammar has more than 10,000 rules");
    }
    for (const auto & symbol : parser.symbol_ids) {
        if (symbol.second >= parser.rules.size() || parser.rules[symbol.second].empty()) {
            refuse("the grammar uses the rule '" + symbol.first + "', which it does not define");
        }
    }
    if (parser.symbol_ids.count("root") == 0) {
        refuse("the grammar has no rule 'root'");
    }
}

}  // namespace

Grammar::Grammar(const headway_model & model, const headway_grammar & source)
    : vocab(model.vocab), rules(source.text) {
    check_rules(vocab, rules);
    start();
    if (source.is_lazy == 0) {
        if (source.prefix != nullptr && *source.prefix != 0) {
            try {
                llama_grammar_accept_str(*grammar, source.prefix);
            } catch (const std::exception &) {
                refuse("the grammar does not admit the text that the prompt ends with");
            }
        }
        return;
    }
    grammar.reset();
    for (size_t i = 0; i < source.trigger_word_count; i++) {
        words.emplace_back(source.trigger_words[i]);
        longest_word = std::max(longest_word, words.back().size());
    }
    for (size_t i = 0; i < source.trigger_pattern_count; i++) {
        const std::string text = source.trigger_patterns[i];
        try {
            patterns.emplace_back(std::regex(text), !text.empty() && text.front() == '^');
        } catch (const std::regex_error & error) {
            refuse("the trigger '" + text + "' is not a regular expression: " + error.what());
        }
    }
}

void Grammar::start() {
    grammar.reset(
        llama_grammar_init_impl(vocab, rules.c_str(), "root", false, nullptr, 0, nullptr, 0));
    if (grammar == nullptr) {
        refuse("the grammar cannot be used: " + logged_errors());
    }
}

bool Grammar::admits(llama_token token) const {
    llama_token_data only = {token, 1.0f, 0.0f};
    llama_token_data_array list = {&only, 1, -1, false};
    llama_grammar_apply_impl(*grammar, &list);
    return only.logit != -INFINITY;
}

void Grammar::constrain(std::vector<llama_token_data> & candidates) const {
    llama_token_data_array list = {candidates.data(), candidates.size(), -1, false};
    llama_grammar_apply_impl(*grammar, &list);
}

void Grammar::accept(llama_token token) {
    if (grammar != nullptr) {
        llama_grammar_accept_impl(*grammar, token);
        return;
    }
    const std::string & piece = vocab->token_to_piece(token);
    waiting += piece;
    const size_t found = find_trigger(piece.size());
    if (found != std::string::npos) {
        start();
        try {
            llama_grammar_accept_str(*grammar, waiting.substr(found));
        } catch (const std::exception &) {
            // The token that ended the trigger brought text along that cannot follow it. It is out
            // already, so the text stays free.
            grammar.reset();
        }
        waiting.clear();
        is_whole = false;
        return;
    }
    const size_t kept = std::max(longest_word, patterns.empty() ? 0 : pattern_window);
    if (waiting.size() > 2 * kept + 64) {
        waiting.erase(0, waiting.size() - kept);
        is_whole = false;
    }
}

/// Where in the waiting text the constrained text starts, given that the last `added` bytes are new.
size_t Grammar::find_trigger(size_t added) const {
    size_t first = std::string::npos;
    const size_t old = waiting.size() - std::min(waiting.size(), added + longest_word);
    for (const std::string & word : words) {
        first = std::min(first, waiting.find(word, old));
    }
    if (first != std::string::npos) {
        return first;
    }
    for (const auto & [pattern, is_anchored] : patterns) {
        std::smatch match;
        if ((is_anchored && !is_whole) || !std::regex_search(waiting, match, pattern)) {
            continue;
        }
        for (size_t group = 1; group < match.size(); group++) {
            if (match.length(group) > 0) {
                return (size_t) match.position(group);
            }
        }
        return (size_t) match.position(0);
    }
    return std::string::npos;
}

}  // namespace headway
