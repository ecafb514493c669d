// Texts to vectors.
#include "plugin.hpp"

#include <algorithm>
#include <cmath>
#include <memory>

using headway::Failure;
using headway::refuse;

struct headway_embedder {
    headway_embedder(const headway_model & model, const headway_embedder_options & options);
    ~headway_embedder();
    headway_embedder(const headway_embedder &) = delete;
    headway_embedder & operator=(const headway_embedder &) = delete;

    void run(const int32_t * tokens, const int32_t * counts, size_t text_count, float * out);

private:
    size_t run_some(
        const int32_t * tokens, const int32_t * counts, size_t text_count, float * out);
    void take_vector(int32_t text, float * out) const;

    const headway_model & model;
    headway_embedder_options options;
    int32_t width;
    llama_context * context = nullptr;
    llama_batch batch = {};
};

headway_embedder::headway_embedder(
    const headway_model & model, const headway_embedder_options & options)
    : model(model), options(options), width(llama_model_n_embd_out(model.model)) {
    llama_context_params params = llama_context_default_params();
    params.embeddings = true;
    params.pooling_type = model.pooling;
    if (params.pooling_type == LLAMA_POOLING_TYPE_NONE
        || params.pooling_type == LLAMA_POOLING_TYPE_UNSPECIFIED) {
        // The file leaves it open. Of a model that only looks back, the last token knows the most.
        params.pooling_type =
            model.is_causal ? LLAMA_POOLING_TYPE_LAST : LLAMA_POOLING_TYPE_MEAN;
    }
    // One pass is one computation: attention that looks both ways needs all tokens at once.
    params.n_ctx = params.n_batch = params.n_ubatch = (uint32_t) options.max_tokens;
    params.n_seq_max = (uint32_t) options.max_texts;
    params.kv_unified = true;
    params.n_threads = params.n_threads_batch = options.threads;
    params.no_perf = true;
    context = llama_init_from_model(model.model, params);
    if (context == nullptr) {
        throw Failure(
            HEADWAY_OUT_OF_MEMORY, "no embedder could be made: " + headway::logged_errors());
    }
    batch = llama_batch_init(options.max_tokens, 0, 1);
}

headway_embedder::~headway_embedder() {
    if (batch.token != nullptr) {
        llama_batch_free(batch);
    }
    llama_free(context);
}

void headway_embedder::run(
    const int32_t * tokens, const int32_t * counts, size_t text_count, float * out) {
    size_t done = 0;
    while (done < text_count) {
        const size_t some = run_some(tokens, counts + done, text_count - done,
            out + done * (size_t) width);
        for (size_t i = 0; i < some; i++) {
            tokens += counts[done + i];
        }
        done += some;
    }
}

/// Runs as many texts as fit into one pass, at least one; returns how many.
size_t headway_embedder::run_some(
    const int32_t * tokens, const int32_t * counts, size_t text_count, float * out) {
    batch.n_tokens = 0;
    size_t texts = 0;
    while (texts < text_count && texts < (size_t) options.max_texts
           && counts[texts] <= options.max_tokens - batch.n_tokens) {
        for (int32_t position = 0; position < counts[texts]; position++) {
            const int32_t i = batch.n_tokens++;
            batch.token[i] = *tokens++;
            batch.pos[i] = position;
            batch.n_seq_id[i] = 1;
            batch.seq_id[i][0] = (llama_seq_id) texts;
            batch.logits[i] = true;
        }
        texts++;
    }
    llama_memory_t memory = llama_get_memory(context);
    if (memory != nullptr) {
        llama_memory_clear(memory, false);
    }
    const int32_t code = llama_decode(context, batch);
    if (code != 0) {
        throw Failure(
            code == 1 || code == -2 ? HEADWAY_OUT_OF_MEMORY : HEADWAY_FAILED,
            "the texts could not be embedded: " + headway::logged_errors());
    }
    for (size_t text = 0; text < texts; text++) {
        take_vector((int32_t) text, out + text * (size_t) width);
    }
    return texts;
}

void headway_embedder::take_vector(int32_t text, float * out) const {
    const float * vector = llama_get_embeddings_seq(context, text);
    if (vector == nullptr) {
        throw Failure(HEADWAY_FAILED, "the model gave no vector");
    }
    double squares = 0;
    for (int32_t i = 0; i < width; i++) {
        squares += (double) vector[i] * (double) vector[i];
    }
    if (!std::isfinite(squares)) {
        throw Failure(HEADWAY_FAILED, "the model's output is not a number");
    }
    const bool scales = options.normalizes != 0 && squares > 0;
    const float factor = scales ? (float) (1 / std::sqrt(squares)) : 1;
    for (int32_t i = 0; i < width; i++) {
        out[i] = vector[i] * factor;
    }
}

namespace headway {

int32_t create_embedder(
    const headway_model * model, const headway_embedder_options * options,
    headway_embedder ** out) {
    return guarded([&] {
        if (options->max_tokens < 1 || options->threads < 1) {
            refuse("the sizes of an embedder are at least 1");
        }
        if (options->max_texts < 1 || options->max_texts > HEADWAY_MAX_SLOTS) {
            refuse("an embedder takes 1 to 256 texts in one pass");
        }
        *out = std::make_unique<headway_embedder>(*model, *options).release();
    });
}

void free_embedder(headway_embedder * embedder) {
    delete embedder;
}

int32_t embed(
    headway_embedder * embedder, const int32_t * tokens, const int32_t * counts,
    size_t text_count, float * out) {
    return guarded([&] { embedder->run(tokens, counts, text_count, out); });
}

}  // namespace headway
