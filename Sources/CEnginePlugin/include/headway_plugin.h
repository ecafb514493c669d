// The interface between Headway and an engine in a library of its own: Headway's stable ABI.
//
// The library exports one function, `headway_plugin_entry`, which gives a table of functions. Only
// what stands in this header crosses the border: plain values, opaque handles and bytes, no type of
// the engine and no exception. Version 1 of the table never changes; a later one has another number.
//
// Functions that return `int32_t` give a `headway_status`. After a failure `last_error` tells the
// reason on the same thread. Handles of models and samplers may be made and freed on any thread;
// models are safe to use from many threads, samplers and sessions from one at a time.

#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __clang__
#define HEADWAY_NULLABLE _Nullable
#define HEADWAY_NONNULL _Nonnull
#pragma clang assume_nonnull begin
#else
#define HEADWAY_NULLABLE
#define HEADWAY_NONNULL
#endif

#ifdef __cplusplus
extern "C" {
#endif

/// Version of the table below. A library with another number is refused.
enum { HEADWAY_PLUGIN_ABI = 1 };

/// Sequences of one session at most.
enum { HEADWAY_MAX_SLOTS = 256 };

/// How a call ended.
enum headway_status {
    HEADWAY_OK = 0,
    /// The model file is missing, corrupt or of a kind that the engine does not run.
    HEADWAY_INVALID_MODEL = 1,
    /// An argument does not fit the model or the session.
    HEADWAY_INVALID_INPUT = 2,
    /// Memory or room for keys and values ran out.
    HEADWAY_OUT_OF_MEMORY = 3,
    /// Anything else.
    HEADWAY_FAILED = 4,
};

/// How serious a line of log is.
enum headway_log_level {
    HEADWAY_LOG_DEBUG = 0,
    HEADWAY_LOG_INFO = 1,
    HEADWAY_LOG_WARNING = 2,
    HEADWAY_LOG_ERROR = 3,
};

typedef struct headway_model headway_model;
typedef struct headway_sampler headway_sampler;
typedef struct headway_session headway_session;
typedef struct headway_embedder headway_embedder;

/// Takes one line of log, on whichever thread logs. `text` is valid during the call.
typedef void (*headway_log_function)(
    void *HEADWAY_NULLABLE context, int32_t level, const char *text, size_t count);

/// Takes a piece of a result. `bytes` are valid during the call. `field` tells the pieces apart where
/// a result has several; see `headway_chat_field`.
typedef void (*headway_write_function)(
    void *HEADWAY_NULLABLE context, int32_t field, const void *HEADWAY_NULLABLE bytes,
    size_t count);

/// Takes results.
typedef struct {
    headway_write_function write;
    void *HEADWAY_NULLABLE context;
} headway_writer;

/// How to open a model.
typedef struct {
    /// Layers to keep on a GPU; negative for all. Without a GPU it does nothing.
    int32_t gpu_layers;
    /// Whether the file is mapped (1) or read (0).
    int32_t maps_file;
    /// Whether the whole file is checked for numbers that are none.
    int32_t checks_tensors;
} headway_model_options;

/// What kind of model a file holds.
enum headway_model_kind {
    /// It generates text.
    HEADWAY_DECODER = 1,
    /// It turns text into a vector.
    HEADWAY_ENCODER = 2,
};

/// What a model says about itself. The strings live as long as the model.
typedef struct {
    const char *HEADWAY_NULLABLE architecture;
    int32_t kind;
    int32_t context_length;
    int32_t vocabulary_size;
    int32_t embedding_size;
    uint64_t parameter_count;
    uint64_t byte_count;
    /// Of one token of one sequence in a session that is not exact.
    uint64_t key_value_bytes_per_token;
    int32_t has_chat_template;
    int32_t supports_tools;
} headway_model_info;

/// What `render_chat` writes, piece by piece.
enum headway_chat_field {
    /// The prompt.
    HEADWAY_CHAT_TEXT = 1,
    /// The grammar of the answer, if there is one.
    HEADWAY_CHAT_GRAMMAR = 2,
    /// There if the grammar is lazy; empty.
    HEADWAY_CHAT_GRAMMAR_IS_LAZY = 3,
    /// A string that starts a lazy grammar; any number of them.
    HEADWAY_CHAT_TRIGGER_WORD = 4,
    /// A regular expression that starts a lazy grammar; any number of them.
    HEADWAY_CHAT_TRIGGER_PATTERN = 5,
    /// Text at the end of the prompt that the grammar covers already.
    HEADWAY_CHAT_GRAMMAR_PREFIX = 6,
    /// A string that ends the answer; any number of them.
    HEADWAY_CHAT_STOP = 7,
    /// A control token (an int32_t) that belongs to the answer; any number of them, ascending.
    HEADWAY_CHAT_VISIBLE_TOKEN = 8,
    /// What `parse_chat` needs.
    HEADWAY_CHAT_FORMAT = 9,
};

/// A number added to the logit of one token.
typedef struct {
    int32_t token;
    float bias;
} headway_bias;

/// A grammar and when it starts. Without triggers it starts at once.
typedef struct {
    /// GBNF with the start symbol `root`; NULL for no grammar.
    const char *HEADWAY_NULLABLE text;
    int32_t is_lazy;
    const char *HEADWAY_NULLABLE const *HEADWAY_NULLABLE trigger_words;
    size_t trigger_word_count;
    const char *HEADWAY_NULLABLE const *HEADWAY_NULLABLE trigger_patterns;
    size_t trigger_pattern_count;
    const char *HEADWAY_NULLABLE prefix;
} headway_grammar;

/// How tokens are picked. The filters apply in the order of the fields after the penalties.
typedef struct {
    const headway_bias *HEADWAY_NULLABLE biases;
    size_t bias_count;
    float presence_penalty;
    float frequency_penalty;
    float repetition_penalty;
    /// 0 picks the likeliest token.
    float temperature;
    /// 0 keeps all.
    int32_t top_k;
    float top_p;
    float min_p;
    uint64_t seed;
    headway_grammar grammar;
} headway_sampler_options;

/// Size of a session.
typedef struct {
    int32_t slots;
    int32_t key_value_tokens;
    int32_t max_step_tokens;
    int32_t threads;
    /// Whether logits do not depend on what else is in a step.
    int32_t is_exact;
    /// While it is not 0, a step in progress ends. Written from any thread, read by the engine; it
    /// outlives the session.
    const int32_t *HEADWAY_NULLABLE interrupt;
} headway_session_options;

/// One token that a step feeds.
typedef struct {
    int32_t token;
    int32_t position;
    int32_t slot;
    int32_t wants_output;
} headway_step_token;

/// A token and its probability under the model.
typedef struct {
    int32_t token;
    float logprob;
} headway_choice;

/// How vectors are made.
typedef struct {
    /// Tokens of one pass at most; a longer text is refused.
    int32_t max_tokens;
    /// Texts of one pass at most.
    int32_t max_texts;
    int32_t threads;
    /// Whether vectors are scaled to length 1.
    int32_t normalizes;
} headway_embedder_options;

/// The functions of an engine.
typedef struct {
    /// `HEADWAY_PLUGIN_ABI` of the header that the library was built with; stays first for ever.
    uint32_t abi;
    /// `sizeof(headway_plugin)` of that header.
    uint32_t byte_count;
    /// Name of the engine, its version, and what it uses of the machine.
    const char *name;
    const char *version;
    const char *features;

    /// Why the last call on this thread that failed did so; valid until the next call on it.
    const char *HEADWAY_NONNULL (*HEADWAY_NONNULL last_error)(void);
    /// Sends the log of the whole library to `function`; NULL silences it.
    void (*set_log)(
        headway_log_function HEADWAY_NULLABLE function, void *HEADWAY_NULLABLE context);

    // Models.
    int32_t (*open_model)(
        const char *path, const headway_model_options *options,
        headway_model *HEADWAY_NULLABLE *HEADWAY_NULLABLE out);
    void (*close_model)(headway_model *model);
    void (*model_info)(const headway_model *model, headway_model_info *out);
    /// Writes at most `capacity` end tokens, ascending; returns how many there are.
    size_t (*end_tokens)(
        const headway_model *model, int32_t *HEADWAY_NULLABLE out, size_t capacity);
    /// Writes at most `capacity` tokens; `count` tells how many there are.
    int32_t (*tokenize)(
        const headway_model *model, const char *text, size_t text_count, int32_t adds_special,
        int32_t parses_special, int32_t *HEADWAY_NULLABLE out, size_t capacity, size_t *count);
    /// Writes at most `capacity` bytes; returns how many the token has, 0 for an unknown one.
    size_t (*piece)(
        const headway_model *model, int32_t token, int32_t renders_special,
        char *HEADWAY_NULLABLE out, size_t capacity);

    // Chats and grammars.
    int32_t (*render_chat)(
        const headway_model *model, const char *request, size_t request_count,
        headway_writer out);
    int32_t (*parse_chat)(
        const headway_model *model, const char *format, size_t format_count, const char *output,
        size_t output_count, int32_t is_partial, headway_writer out);
    int32_t (*schema_grammar)(const char *schema, size_t schema_count, headway_writer out);

    // Samplers. A sampler is freed before its model.
    int32_t (*create_sampler)(
        const headway_model *model, const headway_sampler_options *options,
        headway_sampler *HEADWAY_NULLABLE *HEADWAY_NULLABLE out);
    void (*free_sampler)(headway_sampler *sampler);

    // Sessions. A session is freed before its model.
    int32_t (*create_session)(
        const headway_model *model, const headway_session_options *options,
        headway_session *HEADWAY_NULLABLE *HEADWAY_NULLABLE out);
    void (*free_session)(headway_session *session);
    /// On failure each slot holds what it held before.
    int32_t (*step)(headway_session *session, const headway_step_token *tokens, size_t count);
    /// Picks the token after token `index` of the last step and tells the sampler. With
    /// `alternatives` of -1 no probability is computed; else `out` has room for one choice more than
    /// `alternatives`: the picked token, then the likeliest ones.
    int32_t (*sample)(
        headway_session *session, size_t index, headway_sampler *sampler, int32_t alternatives,
        headway_choice *out);
    int32_t (*copy_slot)(headway_session *session, int32_t slot, int32_t other, int32_t count);
    int32_t (*truncate_slot)(headway_session *session, int32_t slot, int32_t count);
    int32_t (*save_slot)(headway_session *session, int32_t slot, headway_writer out);
    int32_t (*restore_slot)(
        headway_session *session, int32_t slot, const void *bytes, size_t count);
    /// Tokens in the cache, shared ones counted once.
    int32_t (*used_tokens)(const headway_session *session);

    // Embedders, for both kinds of model. An embedder is freed before its model.
    int32_t (*create_embedder)(
        const headway_model *model, const headway_embedder_options *options,
        headway_embedder *HEADWAY_NULLABLE *HEADWAY_NULLABLE out);
    void (*free_embedder)(headway_embedder *embedder);
    /// Writes one vector of `embedding_size` numbers for each text. `counts` are the numbers of tokens
    /// of the texts, which lie in `tokens` one after the other.
    int32_t (*embed)(
        headway_embedder *embedder, const int32_t *tokens, const int32_t *counts,
        size_t text_count, float *out);
} headway_plugin;

/// The function that a library exports: its table, which lives as long as the library.
const headway_plugin *headway_plugin_entry(void);

/// The type of that function.
typedef const headway_plugin *HEADWAY_NULLABLE (
    *HEADWAY_NONNULL headway_plugin_entry_function)(void);

#ifdef __cplusplus
}
#endif

#ifdef __clang__
#pragma clang assume_nonnull end
#endif
