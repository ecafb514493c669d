// Sequences in progress on one model.
#pragma once

#include "plugin.hpp"

namespace headway {

/// Which tokens of the key-value cache belong to which slot, shared ones counted once. llama.cpp
/// keeps the same books but does not show them, and rounds the room up.
class CacheBooks {
public:
    CacheBooks(int32_t slots, int32_t room);

    int32_t length(int32_t slot) const { return (int32_t) slots[(size_t) slot].size(); }
    int32_t used() const { return in_use; }
    int32_t room() const { return (int32_t) holders.size(); }

    /// Adds tokens to the end of a slot; there is room for them.
    void append(int32_t slot, int32_t count);
    void truncate(int32_t slot, int32_t count);
    /// Makes the first `count` tokens of `slot` the whole of `other`.
    void share(int32_t slot, int32_t other, int32_t count);

private:
    std::vector<std::vector<int32_t>> slots;
    /// How many slots hold each cell.
    std::vector<int32_t> holders;
    std::vector<int32_t> free_cells;
    int32_t in_use = 0;
};

}  // namespace headway

struct headway_session {
    headway_session(const headway_model & model, const headway_session_options & options);
    ~headway_session();
    headway_session(const headway_session &) = delete;
    headway_session & operator=(const headway_session &) = delete;

    const headway_model & model;
    headway_session_options options;
    llama_context * context = nullptr;
    headway::CacheBooks books;
    /// Whether tokens are computed one by one, in cells of their slot's own, because the model's sums would
    /// depend on what else is in a batch and an exact session was asked for.
    const bool computes_alone;
    llama_batch batch = {};
    /// Whether an assertion failed in a step: what the context holds then is not known.
    bool is_broken = false;
    /// Tokens of the last step, for `sample`.
    int32_t stepped = 0;
    std::vector<llama_token_data> scratch;

    void check_slot(int32_t slot) const;
    void check_step(const headway_step_token * tokens, size_t count);
    void run(const headway_step_token * tokens, size_t count);
    void roll_back();
    std::vector<uint8_t> save(int32_t slot);
    void restore(int32_t slot, const uint8_t * bytes, size_t count);

private:
    /// Tokens of each slot in the step at hand, all 0 in between; and the slots that have any.
    std::vector<int32_t> fed;
    std::vector<int32_t> touched;
};
