#include "session.hpp"

#include "attention.hpp"
#include "sampler.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>

using headway::Failure;
using headway::refuse;

namespace headway {

CacheBooks::CacheBooks(int32_t slots, int32_t room)
    : slots((size_t) slots), holders((size_t) room, 0), free_cells((size_t) room) {
    for (int32_t i = 0; i < room; i++) {
        free_cells[(size_t) i] = room - 1 - i;
    }
}

void CacheBooks::append(int32_t slot, int32_t count) {
    for (int32_t i = 0; i < count; i++) {
        const int32_t cell = free_cells.back();
        free_cells.pop_back();
        holders[(size_t) cell] = 1;
        slots[(size_t) slot].push_back(cell);
    }
    in_use += count;
}

void CacheBooks::truncate(int32_t slot, int32_t count) {
    std::vector<int32_t> & cells = slots[(size_t) slot];
    while ((int32_t) cells.size() > count) {
        if (--holders[(size_t) cells.back()] == 0) {
            free_cells.push_back(cells.back());
            in_use--;
        }
        cells.pop_back();
    }
}

void CacheBooks::share(int32_t slot, int32_t other, int32_t count) {
    const std::vector<int32_t> & source = slots[(size_t) slot];
    for (int32_t i = 0; i < count; i++) {
        holders[(size_t) source[(size_t) i]]++;
    }
    truncate(other, 0);
    slots[(size_t) other].assign(source.begin(), source.begin() + count);
}

namespace {

bool is_interrupted(void * data) {
    const auto * flag = static_cast<const int32_t *>(data);
    return __atomic_load_n(flag, __ATOMIC_RELAXED) != 0;
}

void check(const headway_session_options & options) {
    if (options.slots < 1 || options.slots > HEADWAY_MAX_SLOTS) {
        refuse("a session has 1 to 256 slots, not " + std::to_string(options.slots));
    }
    if (options.key_value_tokens < 1 || options.max_step_tokens < 1 || options.threads < 1) {
        refuse("the sizes of a session are at least 1");
    }
}

llama_context_params params_of(
    const headway_model & model, const headway_session_options & options, bool computes_alone) {
    llama_context_params params = llama_context_default_params();
    const int32_t most = std::min(options.key_value_tokens, llama_model_n_ctx_train(model.model));
    params.n_seq_max = (uint32_t) options.slots;
    params.n_batch = (uint32_t) options.max_step_tokens;
    params.n_outputs_max = (uint32_t) options.slots;
    params.n_threads = options.threads;
    params.n_threads_batch = options.threads;
    params.no_perf = true;
    if (options.interrupt != nullptr) {
        params.abort_callback = is_interrupted;
        params.abort_callback_data = const_cast<int32_t *>(options.interrupt);
    }
    if (computes_alone) {
        // Sums are rounded, so they depend on their order. Each slot has cells of its own, in the
        // order of its tokens, and each token is computed alone: then nothing else can change the
        // order. Products of one column also take another path than those of several.
        params.kv_unified = false;
        params.n_ctx = (uint32_t) (GGML_PAD(most, 256) * options.slots);
        params.n_ubatch = 1;
        params.type_k = GGML_TYPE_F32;
        params.type_v = GGML_TYPE_F32;
        params.flash_attn_type = LLAMA_FLASH_ATTN_TYPE_DISABLED;
    } else {
        params.kv_unified = true;
        params.n_ctx = (uint32_t) options.key_value_tokens;
        params.n_ubatch = std::min(params.n_batch, 512u);
    }
    // A session smaller than a step would shrink the step.
    params.n_ctx = std::max(params.n_ctx, params.n_batch);
    return params;
}

/// What stands before the saved bytes of a slot.
struct SavedHeader {
    uint64_t magic;
    uint64_t checksum;
    int64_t length;
};

constexpr uint64_t saved_magic = 0x31564b7961776448;  // "HdwayKV1"

/// FNV-1a over words of eight bytes, then over the rest.
uint64_t checksum(const uint8_t * bytes, size_t count) {
    uint64_t hash = 0xcbf29ce484222325;
    size_t i = 0;
    for (; i + 8 <= count; i += 8) {
        uint64_t word;
        std::memcpy(&word, bytes + i, 8);
        hash = (hash ^ word) * 0x100000001b3;
        hash ^= hash >> 32;
    }
    for (; i < count; i++) {
        hash = (hash ^ bytes[i]) * 0x100000001b3;
    }
    return hash;
}

}  // namespace

}  // namespace headway

headway_session::headway_session(
    const headway_model & model, const headway_session_options & options)
    : model(model), options(options), books(options.slots, options.key_value_tokens),
      computes_alone(options.is_exact != 0 && !headway::is_batch_invariant(model)),
      fed((size_t) options.slots, 0) {
    const llama_context_params params = headway::params_of(model, options, computes_alone);
    context = llama_init_from_model(model.model, params);
    if (context == nullptr) {
        throw Failure(
            HEADWAY_OUT_OF_MEMORY, "no session could be made: " + headway::logged_errors());
    }
    headway::order_attention(context);
    batch = llama_batch_init(options.max_step_tokens, 0, 1);
}

headway_session::~headway_session() {
    if (batch.token != nullptr) {
        llama_batch_free(batch);
    }
    llama_free(context);
}

void headway_session::check_slot(int32_t slot) const {
    if (slot < 0 || slot >= options.slots) {
        refuse("the session has no slot " + std::to_string(slot));
    }
}

/// Checks a step and counts the tokens of each slot into `fed`.
void headway_session::check_step(const headway_step_token * tokens, size_t count) {
    if (count < 1 || count > (size_t) options.max_step_tokens) {
        refuse("a step feeds 1 to " + std::to_string(options.max_step_tokens) + " tokens, not "
            + std::to_string(count));
    }
    const int32_t vocabulary = llama_vocab_n_tokens(model.vocab);
    const int32_t longest = llama_model_n_ctx_train(model.model);
    int32_t outputs = 0;
    for (size_t i = 0; i < count; i++) {
        const headway_step_token & token = tokens[i];
        check_slot(token.slot);
        if (token.token < 0 || token.token >= vocabulary) {
            refuse("the vocabulary has no token " + std::to_string(token.token));
        }
        int32_t & before = fed[(size_t) token.slot];
        const int32_t expected = books.length(token.slot) + before;
        if (token.position != expected) {
            refuse("slot " + std::to_string(token.slot) + " goes on at position "
                + std::to_string(expected) + ", not " + std::to_string(token.position));
        }
        if (expected >= longest) {
            refuse("position " + std::to_string(expected) + " is beyond the model's context of "
                + std::to_string(longest) + " tokens");
        }
        if (before++ == 0) {
            touched.push_back(token.slot);
        }
        outputs += token.wants_output != 0;
    }
    if (outputs > options.slots) {
        refuse("a step has at most as many outputs as the session has slots");
    }
    if ((int64_t) books.used() + (int64_t) count > books.room()) {
        throw Failure(
            HEADWAY_OUT_OF_MEMORY, "no room for " + std::to_string(count)
                + " tokens: the cache holds " + std::to_string(books.used()) + " of "
                + std::to_string(books.room()));
    }
}

/// Takes what a failed step may have stored out of the cache again.
void headway_session::roll_back() {
    llama_memory_t memory = llama_get_memory(context);
    for (const int32_t slot : touched) {
        llama_memory_seq_rm(memory, slot, books.length(slot), -1);
    }
}

void headway_session::run(const headway_step_token * tokens, size_t count) {
    if (is_broken) {
        throw Failure(HEADWAY_FAILED, "the session broke in an earlier step; make a new one");
    }
    // Whatever happens, the next step starts with clean counts.
    struct Cleaner {
        headway_session & session;
        ~Cleaner() {
            for (const int32_t slot : session.touched) {
                session.fed[(size_t) slot] = 0;
            }
            session.touched.clear();
        }
    } cleaner{*this};
    stepped = 0;
    check_step(tokens, count);
    batch.n_tokens = (int32_t) count;
    for (size_t i = 0; i < count; i++) {
        batch.token[i] = tokens[i].token;
        batch.pos[i] = tokens[i].position;
        batch.n_seq_id[i] = 1;
        batch.seq_id[i][0] = tokens[i].slot;
        batch.logits[i] = tokens[i].wants_output != 0;
    }
    int32_t code;
    try {
        code = llama_decode(context, batch);
        // Waits where the computation goes on beside the caller.
        llama_synchronize(context);
    } catch (...) {
        is_broken = true;
        throw;
    }
    if (code == 0) {
        for (const int32_t slot : touched) {
            books.append(slot, fed[(size_t) slot]);
        }
        stepped = (int32_t) count;
        return;
    }
    roll_back();
    switch (code) {
        case 1:
            throw Failure(HEADWAY_OUT_OF_MEMORY, "no room for keys and values");
        case 2:
            throw Failure(HEADWAY_FAILED, "the step was interrupted");
        case -2:
            throw Failure(
                HEADWAY_OUT_OF_MEMORY, "memory ran out in a step: " + headway::logged_errors());
        default:
            throw Failure(HEADWAY_FAILED, "the step failed: " + headway::logged_errors());
    }
}

std::vector<uint8_t> headway_session::save(int32_t slot) {
    const size_t size = llama_state_seq_get_size(context, slot);
    std::vector<uint8_t> bytes(sizeof(headway::SavedHeader) + size);
    uint8_t * content = bytes.data() + sizeof(headway::SavedHeader);
    if (llama_state_seq_get_data(context, content, size, slot) != size) {
        throw Failure(HEADWAY_FAILED, "the slot could not be saved: " + headway::logged_errors());
    }
    const headway::SavedHeader header = {
        headway::saved_magic, headway::checksum(content, size), books.length(slot)};
    std::memcpy(bytes.data(), &header, sizeof(header));
    return bytes;
}

void headway_session::restore(int32_t slot, const uint8_t * bytes, size_t count) {
    llama_memory_t memory = llama_get_memory(context);
    llama_memory_seq_rm(memory, slot, -1, -1);
    books.truncate(slot, 0);
    headway::SavedHeader header;
    if (count < sizeof(header)) {
        refuse("the saved state is cut off");
    }
    std::memcpy(&header, bytes, sizeof(header));
    const uint8_t * content = bytes + sizeof(header);
    const size_t size = count - sizeof(header);
    if (header.magic != headway::saved_magic
        || header.checksum != headway::checksum(content, size) || header.length < 0) {
        refuse("the saved state is damaged");
    }
    if (header.length > books.room() - books.used()) {
        throw Failure(
            HEADWAY_OUT_OF_MEMORY, "no room for a saved state of "
                + std::to_string(header.length) + " tokens");
    }
    if (header.length > 0 && llama_state_seq_set_data(context, content, size, slot) != size) {
        llama_memory_seq_rm(memory, slot, -1, -1);
        refuse("the saved state does not fit this session: " + headway::logged_errors());
    }
    books.append(slot, (int32_t) header.length);
}

namespace headway {

int32_t create_session(
    const headway_model * model, const headway_session_options * options, headway_session ** out) {
    return guarded([&] {
        check(*options);
        if (model->kind != HEADWAY_DECODER) {
            refuse("an encoder has no sessions");
        }
        *out = std::make_unique<headway_session>(*model, *options).release();
    });
}

void free_session(headway_session * session) {
    delete session;
}

int32_t step(headway_session * session, const headway_step_token * tokens, size_t count) {
    return guarded([&] { session->run(tokens, count); });
}

int32_t sample(
    headway_session * session, size_t index, headway_sampler * sampler, int32_t alternatives,
    headway_choice * out) {
    return guarded([&] {
        if (index >= (size_t) session->stepped || session->batch.logits[index] == 0) {
            refuse("token " + std::to_string(index) + " of the last step has no output");
        }
        const float * logits = llama_get_logits_ith(session->context, (int32_t) index);
        if (logits == nullptr) {
            refuse("token " + std::to_string(index) + " of the last step has no output");
        }
        const int32_t count = llama_vocab_n_tokens(session->model.vocab);
        if (alternatives > count) {
            refuse("more alternatives than tokens are asked for");
        }
        out[0] = {sampler->pick(logits, session->scratch), 0};
        if (alternatives < 0) {
            return;
        }
        const float highest = *std::max_element(logits, logits + count);
        double sum = 0;
        for (int32_t token = 0; token < count; token++) {
            sum += std::exp((double) (logits[token] - highest));
        }
        const float whole = highest + (float) std::log(sum);
        out[0].logprob = logits[out[0].token] - whole;
        if (alternatives == 0) {
            return;
        }
        std::vector<int32_t> order((size_t) count);
        for (int32_t token = 0; token < count; token++) {
            order[(size_t) token] = token;
        }
        std::partial_sort(
            order.begin(), order.begin() + alternatives, order.end(),
            [&](int32_t left, int32_t right) {
                return logits[left] != logits[right] ? logits[left] > logits[right]
                                                     : left < right;
            });
        for (int32_t i = 0; i < alternatives; i++) {
            const int32_t token = order[(size_t) i];
            out[i + 1] = {token, logits[token] - whole};
        }
    });
}

int32_t truncate_slot(headway_session * session, int32_t slot, int32_t count) {
    return guarded([&] {
        session->check_slot(slot);
        if (count < 0 || count > session->books.length(slot)) {
            refuse("slot " + std::to_string(slot) + " holds no " + std::to_string(count)
                + " tokens");
        }
        llama_memory_seq_rm(
            llama_get_memory(session->context), slot, count == 0 ? -1 : count, -1);
        session->books.truncate(slot, count);
    });
}

int32_t copy_slot(headway_session * session, int32_t slot, int32_t other, int32_t count) {
    return guarded([&] {
        session->check_slot(slot);
        session->check_slot(other);
        if (count < 0 || count > session->books.length(slot)) {
            refuse("slot " + std::to_string(slot) + " holds no " + std::to_string(count)
                + " tokens");
        }
        llama_memory_t memory = llama_get_memory(session->context);
        if (slot == other) {
            llama_memory_seq_rm(memory, slot, count == 0 ? -1 : count, -1);
            session->books.truncate(slot, count);
            return;
        }
        llama_memory_seq_rm(memory, other, -1, -1);
        if (session->computes_alone && count > 0) {
            // Slots have cells of their own here, so keys and values are really copied.
            const size_t size = llama_state_seq_get_size(session->context, slot);
            std::vector<uint8_t> bytes(size);
            if (llama_state_seq_get_data(session->context, bytes.data(), size, slot) != size
                || llama_state_seq_set_data(session->context, bytes.data(), size, other)
                    != size) {
                session->books.truncate(other, 0);
                llama_memory_seq_rm(memory, other, -1, -1);
                throw Failure(HEADWAY_FAILED, "the slot was not copied: " + logged_errors());
            }
            llama_memory_seq_rm(memory, other, count, -1);
        } else if (count > 0) {
            llama_memory_seq_cp(memory, slot, other, 0, count);
        }
        session->books.share(slot, other, count);
    });
}

int32_t save_slot(headway_session * session, int32_t slot, headway_writer out) {
    return guarded([&] {
        session->check_slot(slot);
        const std::vector<uint8_t> bytes = session->save(slot);
        out.write(out.context, 0, bytes.data(), bytes.size());
    });
}

int32_t restore_slot(
    headway_session * session, int32_t slot, const void * bytes, size_t count) {
    return guarded([&] {
        session->check_slot(slot);
        session->restore(slot, static_cast<const uint8_t *>(bytes), count);
    });
}

int32_t used_tokens(const headway_session * session) {
    return session->books.used();
}

}  // namespace headway
