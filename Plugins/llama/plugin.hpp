// Shared by the files of the plugin: how failures leave it, and what a model handle holds.
#pragma once

#include "headway_plugin.h"
#include "llama.h"

#include "chat.h"

#include <stdexcept>
#include <string>
#include <vector>

namespace headway {

/// A failure with the status that the caller gets.
struct Failure : std::runtime_error {
    int32_t status;
    Failure(int32_t status, const std::string & message)
        : std::runtime_error(message), status(status) {}
};

[[noreturn]] inline void refuse(const std::string & message) {
    throw Failure(HEADWAY_INVALID_INPUT, message);
}

/// Keeps `message` for `last_error` on this thread.
void set_last_error(const std::string & message) noexcept;

/// Error lines that llama.cpp logged on this thread since `clear_errors`, in one line.
std::string logged_errors();
void clear_errors();

/// While one lives on a thread, an assertion of llama.cpp that fails there throws instead of ending
/// the process.
class AssertionsThrow {
public:
    AssertionsThrow();
    ~AssertionsThrow();
    AssertionsThrow(const AssertionsThrow &) = delete;
    AssertionsThrow & operator=(const AssertionsThrow &) = delete;
};

/// Does `body` and turns every exception into a status: none crosses the C interface.
template <typename Body> int32_t guarded(Body && body) noexcept {
    try {
        AssertionsThrow scope;
        clear_errors();
        body();
        return HEADWAY_OK;
    } catch (const Failure & failure) {
        set_last_error(failure.what());
        return failure.status;
    } catch (const std::bad_alloc &) {
        set_last_error("memory ran out");
        return HEADWAY_OUT_OF_MEMORY;
    } catch (const std::exception & error) {
        set_last_error(error.what());
        return HEADWAY_FAILED;
    } catch (...) {
        set_last_error("unknown failure");
        return HEADWAY_FAILED;
    }
}

/// Refuses JSON that is so long, nested so deeply or refers so often that reading it could exhaust
/// memory or stack.
void check_json_size(const std::string & json, const char * what);

inline void write(const headway_writer & out, int32_t field, const std::string & text) {
    out.write(out.context, field, text.data(), text.size());
}

// The functions of the table, by file.
int32_t open_model(const char * path, const headway_model_options * options, headway_model ** out);
void close_model(headway_model * model);
void model_info(const headway_model * model, headway_model_info * out);
size_t end_tokens(const headway_model * model, int32_t * out, size_t capacity);
int32_t tokenize(
    const headway_model * model, const char * text, size_t text_count, int32_t adds_special,
    int32_t parses_special, int32_t * out, size_t capacity, size_t * count);
size_t piece(
    const headway_model * model, int32_t token, int32_t renders_special, char * out,
    size_t capacity);

int32_t render_chat(
    const headway_model * model, const char * request, size_t request_count, headway_writer out);
int32_t parse_chat(
    const headway_model * model, const char * format, size_t format_count, const char * output,
    size_t output_count, int32_t is_partial, headway_writer out);
int32_t schema_grammar(const char * schema, size_t schema_count, headway_writer out);

int32_t create_sampler(
    const headway_model * model, const headway_sampler_options * options, headway_sampler ** out);
void free_sampler(headway_sampler * sampler);

int32_t create_session(
    const headway_model * model, const headway_session_options * options, headway_session ** out);
void free_session(headway_session * session);
int32_t step(headway_session * session, const headway_step_token * tokens, size_t count);
int32_t sample(
    headway_session * session, size_t index, headway_sampler * sampler, int32_t alternatives,
    headway_choice * out);
int32_t copy_slot(headway_session * session, int32_t slot, int32_t other, int32_t count);
int32_t truncate_slot(headway_session * session, int32_t slot, int32_t count);
int32_t save_slot(headway_session * session, int32_t slot, headway_writer out);
int32_t restore_slot(headway_session * session, int32_t slot, const void * bytes, size_t count);
int32_t used_tokens(const headway_session * session);

int32_t create_embedder(
    const headway_model * model, const headway_embedder_options * options,
    headway_embedder ** out);
void free_embedder(headway_embedder * embedder);
int32_t embed(
    headway_embedder * embedder, const int32_t * tokens, const int32_t * counts,
    size_t text_count, float * out);

}  // namespace headway

/// A loaded model. Constant after it was opened, so that any thread may read it.
struct headway_model {
    llama_model * model = nullptr;
    const llama_vocab * vocab = nullptr;
    std::string architecture;
    int32_t kind = HEADWAY_DECODER;
    enum llama_pooling_type pooling = LLAMA_POOLING_TYPE_NONE;
    bool is_causal = true;
    uint64_t key_value_bytes_per_token = 0;
    std::vector<int32_t> ends;
    /// Null where the file has no chat template, or one that cannot be read.
    common_chat_templates_ptr templates;
    /// Why there are no templates.
    std::string template_problem;
    bool supports_tools = false;

    headway_model() = default;
    ~headway_model();
    headway_model(const headway_model &) = delete;
    headway_model & operator=(const headway_model &) = delete;
};
