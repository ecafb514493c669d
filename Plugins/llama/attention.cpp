// Attention over the key-value cache of many requests.
//
// llama.cpp's own walks over the cells of all requests for each token, in the order in which they lie,
// and sums in 16 bits. Here a token's cells are picked from its mask first and put in the order of their
// positions; sums are taken tile by tile from the first position on, in 32 bits. So a token costs what
// its own request is long, and the result is the same to the last bit in any company, with any cut of
// the prompt, and wherever the cells lie. The sums of a tile are those of "Online normalizer calculation
// for softmax" (Milakov and Gimelshein, 2018), as everywhere.
//
// The linker puts these functions in the place of llama.cpp's (`--wrap`, see CMakeLists.txt).
#include "attention.hpp"

#include "lanes.hpp"

#include "llama-context.h"
#include "llama-kv-cache-iswa.h"
#include "llama-kv-cache.h"
#include "llama-model.h"

#ifdef __F16C__
#include <immintrin.h>
#endif

#include "ggml-cpu.h"
#include "ggml-cpu/ggml-cpu-impl.h"
#include "ggml-cpu/llamafile/sgemm.h"
#include "ggml-cpu/ops.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

namespace {

using namespace headway;

/// Cells whose keys and values are at hand at a time, counted from a sequence's first position.
constexpr int tile = 64;
/// Tokens of one prompt that share a tile.
constexpr int most_queries = 8;
/// Rows (tokens times heads) that share a tile.
constexpr int most_rows = 64;

constexpr uint16_t dropped = 0xfc00;  // minus infinity in 16 bits

/// Room for one thread's work.
struct Scratch {
    /// The cells of each token of a block in the order of their positions.
    std::vector<int32_t> cells[most_queries];
    std::vector<int32_t> sorted;
    std::vector<float> keys, values, queries, results;
    float high[most_rows];
    Lanes weight[most_rows];
};

thread_local Scratch scratch;

/// Numbers of 16 bits in 32 bits; `count` is a multiple of `lanes`.
HEADWAY_INLINE void widen(const ggml_fp16_t * from, float * to, int64_t count) {
#ifdef __F16C__
    for (int64_t i = 0; i < count; i += 8) {
        const __m128i half = _mm_loadu_si128(reinterpret_cast<const __m128i *>(from + i));
        _mm256_storeu_ps(to + i, _mm256_cvtph_ps(half));
    }
#else
    ggml_cpu_fp16_to_fp32(from, to, count);
#endif
}

/// Eight numbers of each of eight keys, from number `d` on: a row of `tile` for each number.
HEADWAY_INLINE void turn(const ggml_fp16_t * const * keys, int64_t d, float * to) {
#ifdef __F16C__
    __m128i row[8], two[8], four[8];
    for (int i = 0; i < 8; i++) {
        row[i] = _mm_loadu_si128(reinterpret_cast<const __m128i *>(keys[i] + d));
    }
    for (int i = 0; i < 8; i += 2) {
        two[i] = _mm_unpacklo_epi16(row[i], row[i + 1]);
        two[i + 1] = _mm_unpackhi_epi16(row[i], row[i + 1]);
    }
    for (int i = 0; i < 8; i += 4) {
        four[i] = _mm_unpacklo_epi32(two[i], two[i + 2]);
        four[i + 1] = _mm_unpackhi_epi32(two[i], two[i + 2]);
        four[i + 2] = _mm_unpacklo_epi32(two[i + 1], two[i + 3]);
        four[i + 3] = _mm_unpackhi_epi32(two[i + 1], two[i + 3]);
    }
    for (int i = 0; i < 4; i++) {
        const __m128i low = _mm_unpacklo_epi64(four[i], four[i + 4]);
        const __m128i high = _mm_unpackhi_epi64(four[i], four[i + 4]);
        _mm256_storeu_ps(to + 2 * i * tile, _mm256_cvtph_ps(low));
        _mm256_storeu_ps(to + (2 * i + 1) * tile, _mm256_cvtph_ps(high));
    }
#else
    for (int i = 0; i < 8; i++) {
        for (int j = 0; j < 8; j++) {
            to[i * tile + j] = ggml_compute_fp16_to_fp32(keys[j][d + i]);
        }
    }
#endif
}

/// Picks the cells that a row of the mask keeps, in ascending order.
void pick(const uint16_t * mask, int64_t count, std::vector<int32_t> & cells) {
    cells.clear();
    for (int64_t start = 0; start < count; start += 64) {
        const int64_t end = std::min(start + 64, count);
        uint16_t any = 0;
        for (int64_t i = start; i < end; i++) {
            any |= (uint16_t) (mask[i] ^ dropped);
        }
        if (any == 0) {
            continue;
        }
        for (int64_t i = start; i < end; i++) {
            if (mask[i] != dropped) {
                cells.push_back((int32_t) i);
            }
        }
    }
}

/// Puts cells in the order of their positions.
void sort(std::vector<int32_t> & cells, const llama_kv_cells & book) {
    const int32_t count = (int32_t) cells.size();
    llama_pos first = std::numeric_limits<llama_pos>::max(), last = -1, before = -1;
    bool is_sorted = true;
    for (const int32_t cell : cells) {
        const llama_pos position = book.pos_get((uint32_t) cell);
        is_sorted = is_sorted && position > before;
        before = position;
        first = std::min(first, position);
        last = std::max(last, position);
    }
    if (is_sorted) {
        return;
    }
    if (last - first + 1 == count) {
        scratch.sorted.assign((size_t) count, -1);
        for (const int32_t cell : cells) {
            scratch.sorted[(size_t) (book.pos_get((uint32_t) cell) - first)] = cell;
        }
        if (std::find(scratch.sorted.begin(), scratch.sorted.end(), -1) == scratch.sorted.end()) {
            cells.swap(scratch.sorted);
            return;
        }
    }
    std::sort(cells.begin(), cells.end(), [&](int32_t left, int32_t right) {
        return book.pos_get((uint32_t) left) < book.pos_get((uint32_t) right);
    });
}

/// One attention operation.
struct Attention {
    const ggml_tensor * q;
    const ggml_tensor * k;
    const ggml_tensor * v;
    const ggml_tensor * mask;
    ggml_tensor * out;
    const llama_kv_cells * book;
    float scale;

    int64_t key_size() const { return k->ne[0]; }
    int64_t value_size() const { return v->ne[0]; }
    int64_t tokens() const { return q->ne[1]; }
    int64_t key_heads() const { return k->ne[2]; }
    int64_t heads_together() const { return q->ne[2] / k->ne[2]; }

    void list(int64_t token, std::vector<int32_t> & cells) const {
        const char * row = (const char *) mask->data + token * (int64_t) mask->nb[1];
        pick(reinterpret_cast<const uint16_t *>(row), k->ne[1], cells);
        sort(cells, *book);
    }

    const float * query(int64_t token, int64_t head) const {
        const char * data = (const char *) q->data;
        return reinterpret_cast<const float *>(
            data + token * (int64_t) q->nb[1] + head * (int64_t) q->nb[2]);
    }

    float * result(int64_t token, int64_t head) const {
        char * data = (char *) out->data;
        return reinterpret_cast<float *>(
            data + (head + token * out->ne[1]) * (int64_t) out->nb[1]);
    }

    /// Where the cells of one head of keys or values lie.
    const char * rows(const ggml_tensor * from, int64_t head) const {
        return (const char *) from->data + head * (int64_t) from->nb[2];
    }

    /// The values of some cells, a row for each.
    void unpack_values(int64_t head, const int32_t * cells, int count, float * to) const {
        const int64_t size = value_size();
        const char * from = rows(v, head);
        for (int i = 0; i < count; i++) {
            expect(from, cells, i, count, (int64_t) v->nb[1], size);
            const char * row = from + cells[i] * (int64_t) v->nb[1];
            widen(reinterpret_cast<const ggml_fp16_t *>(row), to + i * size, size);
        }
    }

    /// The keys of some cells, a row of `tile` for each of their numbers, so that a query meets many keys at a
    /// time. What stands beyond `count`, up to the next eight, is a repetition of the last key.
    void unpack_keys(int64_t head, const int32_t * cells, int count, float * to) const {
        const int64_t size = key_size();
        const char * from = rows(k, head);
        for (int i = 0; i < count; i += 8) {
            const ggml_fp16_t * keys[8];
            for (int j = 0; j < 8; j++) {
                const int cell = std::min(i + j, count - 1);
                expect(from, cells, cell, count, (int64_t) k->nb[1], size);
                keys[j] = reinterpret_cast<const ggml_fp16_t *>(
                    from + cells[cell] * (int64_t) k->nb[1]);
            }
            for (int64_t d = 0; d < size; d += 8) {
                turn(keys, d, to + d * tile + i);
            }
        }
    }

    /// A sequence's cells may lie anywhere: what is needed soon is asked for in time.
    static void expect(
        const char * from, const int32_t * cells, int at, int count, int64_t stride, int64_t size) {
        constexpr int ahead = 8;
        const char * soon = from + cells[std::min(at + ahead, count - 1)] * stride;
        for (int64_t byte = 0; byte < 2 * size; byte += 64) {
            __builtin_prefetch(soon + byte);
        }
    }

    void run(
        int64_t first, const int32_t * lengths, int queries, const std::vector<int32_t> & cells,
        int64_t key_head, int64_t first_head, int heads) const;
};

/// Scores of one row with `groups` times `lanes` keys of a tile. Each is summed over the key's numbers in
/// their order, whatever the number of groups.
template <int groups>
HEADWAY_INLINE void multiply(
    const float * query, const float * keys, int64_t size, float scale, Lanes * scores) {
    Lanes total[groups];
    for (int i = 0; i < groups; i++) {
        total[i] = load(keys + i * lanes) * query[0];
    }
    for (int64_t d = 1; d < size; d++) {
        for (int i = 0; i < groups; i++) {
            total[i] = plus(total[i], query[d], load(keys + d * tile + i * lanes));
        }
    }
    for (int i = 0; i < groups; i++) {
        scores[i] = total[i] * scale;
    }
}

/// `scores` of one row with the keys of a tile, those beyond `count` minus infinity.
HEADWAY_INLINE void score(
    const float * query, const float * keys, int64_t size, int count, float scale,
    Lanes * scores) {
    constexpr int groups = tile / lanes;
    const float nothing = -std::numeric_limits<float>::infinity();
    if (count == tile) {
        multiply<groups>(query, keys, size, scale, scores);
        return;
    }
    for (int group = 0; group < groups; group++) {
        if (group * lanes < count) {
            multiply<1>(query, keys + group * lanes, size, scale, scores + group);
        }
    }
    // Beyond `count` lies what an earlier tile left.
    float * numbers = reinterpret_cast<float *>(scores);
    for (int i = count; i < tile; i++) {
        numbers[i] = nothing;
    }
}

/// Adds the first `count` rows of `values`, weighted, to the sum of `size` numbers.
template <int groups>
HEADWAY_INLINE void add(
    const float * weights, const float * values, int64_t size, int count, float * to) {
    Lanes total[groups];
    for (int i = 0; i < groups; i++) {
        total[i] = load(to + i * lanes);
    }
    for (int cell = 0; cell < count; cell++) {
        for (int i = 0; i < groups; i++) {
            total[i] = plus(total[i], weights[cell], load(values + cell * size + i * lanes));
        }
    }
    for (int i = 0; i < groups; i++) {
        store(to + i * lanes, total[i]);
    }
}

/// Attention of some tokens and heads that share a head of keys. Each token reads the first cells of one
/// list, `lengths` of them.
void Attention::run(
    int64_t first, const int32_t * lengths, int queries, const std::vector<int32_t> & cells,
    int64_t key_head, int64_t first_head, int heads) const {
    const int rows = queries * heads;
    const int64_t key_size = this->key_size(), value_size = this->value_size();
    Scratch & room = scratch;
    room.keys.resize((size_t) (tile * key_size));
    room.values.resize((size_t) (tile * value_size));
    room.results.assign((size_t) (rows * value_size), 0.0f);
    for (int row = 0; row < rows; row++) {
        room.high[row] = -std::numeric_limits<float>::infinity();
        room.weight[row] = all(0);
    }
    for (int start = 0; start < (int) cells.size(); start += tile) {
        const int present = std::min(tile, (int) cells.size() - start);
        unpack_keys(key_head, cells.data() + start, present, room.keys.data());
        unpack_values(key_head, cells.data() + start, present, room.values.data());
        for (int row = 0; row < rows; row++) {
            const int count = std::min(lengths[row / heads] - start, present);
            if (count <= 0) {
                continue;
            }
            Lanes scores[tile / lanes];
            float * sum = room.results.data() + row * value_size;
            score(
                query(first + row / heads, first_head + row % heads), room.keys.data(), key_size,
                count, scale, scores);
            Lanes peak = scores[0];
            for (int i = 1; i < tile / lanes; i++) {
                peak = larger(peak, scores[i]);
            }
            const float high = std::max(room.high[row], highest(peak));
            if (high > room.high[row]) {
                const float shrink = exponential(Register{} + (room.high[row] - high))[0];
                room.weight[row] = room.weight[row] * shrink;
                for (int64_t d = 0; d < value_size; d += lanes) {
                    store(sum + d, load(sum + d) * shrink);
                }
                room.high[row] = high;
            }
            for (int i = 0; i < tile / lanes; i++) {
                scores[i] = exponential(scores[i] - high);
                room.weight[row] = room.weight[row] + scores[i];
            }
            const float * weights = reinterpret_cast<const float *>(scores);
            int64_t d = 0;
            for (; d + 4 * lanes <= value_size; d += 4 * lanes) {
                add<4>(weights, room.values.data() + d, value_size, count, sum + d);
            }
            for (; d < value_size; d += lanes) {
                add<1>(weights, room.values.data() + d, value_size, count, sum + d);
            }
        }
    }
    for (int row = 0; row < rows; row++) {
        const float weight = sum(room.weight[row]);
        const float share = weight == 0 ? 0 : 1 / weight;
        const float * from = room.results.data() + row * value_size;
        float * to = result(first + row / heads, first_head + row % heads);
        for (int64_t d = 0; d < value_size; d += lanes) {
            store(to + d, load(from + d) * share);
        }
    }
}

/// The cells' book that `order_attention` left with the tensor of the keys, if this can be ordered.
const llama_kv_cells * book_of(const ggml_tensor * out) {
    const ggml_tensor * q = out->src[0], * k = out->src[1], * v = out->src[2];
    const ggml_tensor * mask = out->src[3], * sinks = out->src[4];
    float bias, cap;
    std::memcpy(&bias, (const float *) out->op_params + 1, sizeof(bias));
    std::memcpy(&cap, (const float *) out->op_params + 2, sizeof(cap));
    if (mask == nullptr || sinks != nullptr || bias != 0 || cap != 0) {
        return nullptr;
    }
    if (q->type != GGML_TYPE_F32 || k->type != GGML_TYPE_F16 || v->type != GGML_TYPE_F16
        || k->ne[0] % lanes != 0 || v->ne[0] % lanes != 0 || q->ne[3] != 1 || mask->ne[2] != 1
        || k->ne[2] != v->ne[2]) {
        return nullptr;
    }
    const ggml_tensor * storage = k->view_src != nullptr ? k->view_src : k;
    return static_cast<const llama_kv_cells *>(storage->extra);
}

void attend(const ggml_compute_params * params, const Attention & attention) {
    const int64_t tokens = attention.tokens();
    const int64_t blocks = (tokens + most_queries - 1) / most_queries;
    const int64_t units = blocks * attention.key_heads();
    const int64_t begin = units * params->ith / params->nth;
    const int64_t end = units * (params->ith + 1) / params->nth;
    const int64_t together = attention.heads_together();
    int64_t listed = -1;
    for (int64_t unit = begin; unit < end; unit++) {
        const int64_t block = unit / attention.key_heads();
        const int64_t key_head = unit % attention.key_heads();
        const int64_t first = block * most_queries;
        const int count = (int) std::min<int64_t>(most_queries, tokens - first);
        for (int i = 0; listed != block && i < count; i++) {
            attention.list(first + i, scratch.cells[i]);
        }
        listed = block;
        // Tokens of one prompt read beginnings of one list.
        int32_t lengths[most_queries];
        for (int start = 0, next; start < count; start = next) {
            lengths[start] = (int32_t) scratch.cells[start].size();
            for (next = start + 1; next < count; next++) {
                const std::vector<int32_t> & cells = scratch.cells[next];
                const std::vector<int32_t> & before = scratch.cells[next - 1];
                if (before.size() > cells.size()
                    || !std::equal(before.begin(), before.end(), cells.begin())) {
                    break;
                }
                lengths[next] = (int32_t) cells.size();
            }
            const int queries = next - start;
            const int64_t most_heads = most_rows / queries;
            for (int64_t head = 0; head < together; head += most_heads) {
                attention.run(
                    first + start, lengths + start, queries, scratch.cells[next - 1], key_head,
                    key_head * together + head,
                    (int) std::min(most_heads, together - head));
            }
        }
    }
}

}  // namespace

extern "C" {

void __real_ggml_compute_forward_flash_attn_ext(
    const ggml_compute_params * params, ggml_tensor * out);

void __wrap_ggml_compute_forward_flash_attn_ext(
    const ggml_compute_params * params, ggml_tensor * out);

void __wrap_ggml_compute_forward_flash_attn_ext(
    const ggml_compute_params * params, ggml_tensor * out) {
    const llama_kv_cells * book = book_of(out);
    if (book == nullptr) {
        __real_ggml_compute_forward_flash_attn_ext(params, out);
        return;
    }
    float scale;
    std::memcpy(&scale, out->op_params, sizeof(scale));
    attend(params, {out->src[0], out->src[1], out->src[2], out->src[3], out, book, scale});
}

bool __real_llamafile_sgemm(
    const ggml_compute_params * params, int64_t m, int64_t n, int64_t k, const void * a,
    int64_t a_stride, const void * b, int64_t b_stride, void * c, int64_t c_stride, int a_type,
    int b_type, int c_type);

bool __wrap_llamafile_sgemm(
    const ggml_compute_params * params, int64_t m, int64_t n, int64_t k, const void * a,
    int64_t a_stride, const void * b, int64_t b_stride, void * c, int64_t c_stride, int a_type,
    int b_type, int c_type);

/// Products with one column take llama.cpp's other path, which sums in another order. Here the column is
/// multiplied twice, by strides of zero to the same place. Weights in 8 bits are summed in one order on
/// both paths.
bool __wrap_llamafile_sgemm(
    const ggml_compute_params * params, int64_t m, int64_t n, int64_t k, const void * a,
    int64_t a_stride, const void * b, int64_t b_stride, void * c, int64_t c_stride, int a_type,
    int b_type, int c_type) {
    const bool is_float =
        a_type == GGML_TYPE_F32 || a_type == GGML_TYPE_F16 || a_type == GGML_TYPE_BF16;
    if (n == 1 && is_float) {
        n = 2;
        b_stride = c_stride = 0;
    }
    return __real_llamafile_sgemm(
        params, m, n, k, a, a_stride, b, b_stride, c, c_stride, a_type, b_type, c_type);
}

}  // extern "C"

namespace headway {

namespace {

void order(const llama_kv_cache * cache) {
    if (cache == nullptr || cache->get_n_stream() != 1) {
        return;
    }
    for (const uint32_t layer : cache->get_layer_ids()) {
        ggml_tensor * keys = cache->get_k_storage((int32_t) layer);
        if (keys != nullptr && keys->buffer != nullptr && ggml_backend_buffer_is_host(keys->buffer)) {
            keys->extra = const_cast<llama_kv_cells *>(&cache->get_cells(0));
        }
    }
}

}  // namespace

void order_attention(llama_context * context) {
    const llama_memory_t memory = llama_get_memory(context);
    if (const auto * cache = dynamic_cast<const llama_kv_cache *>(memory)) {
        order(cache);
    } else if (const auto * pair = dynamic_cast<const llama_kv_cache_iswa *>(memory)) {
        order(pair->get_base());
        order(pair->get_swa());
    }
}

bool is_batch_invariant(const headway_model & model) {
#if defined(__x86_64__) && defined(__AVX2__)
    const llama_hparams & hparams = model.model->hparams;
    if (hparams.use_alibi || hparams.attn_soft_cap || hparams.n_expert > 0) {
        return false;
    }
    for (const auto & [name, tensor] : model.model->tensors_by_name) {
        const bool is_known = tensor->type == GGML_TYPE_F32 || tensor->type == GGML_TYPE_F16
            || tensor->type == GGML_TYPE_BF16 || tensor->type == GGML_TYPE_Q8_0;
        if (!is_known || tensor->buffer == nullptr || !ggml_backend_buffer_is_host(tensor->buffer)
            || name.find("attn_sinks") != std::string::npos) {
            return false;
        }
    }
    return true;
#else
    (void) model;
    return false;
#endif
}

}  // namespace headway
