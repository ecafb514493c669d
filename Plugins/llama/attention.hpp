// Attention whose result depends on a request's own tokens only.
#pragma once

#include "plugin.hpp"

namespace headway {

#ifdef __APPLE__

// The linker cannot put our functions in the place of llama.cpp's.
inline void order_attention(llama_context *) {}
inline bool is_batch_invariant(const headway_model &) {
    return false;
}

#else

/// Has attention read the cells of `context` in the order of their positions, so that neither the
/// place of a cell nor what other requests keep in the cache changes a sum. Nothing happens where keys
/// and values are not in this process's memory.
void order_attention(llama_context * context);

/// Whether the model's answers do not depend on what shares their steps, once its attention is
/// ordered: whether all its other sums are taken in one order too.
bool is_batch_invariant(const headway_model & model);

#endif

}  // namespace headway
