// The table of functions, and how logs and failures leave the library.
#include "plugin.hpp"

#include "ggml-backend.h"

#include <mutex>

namespace headway {

namespace {

thread_local std::string last_error_text;
thread_local std::string error_log;
thread_local int assertions_throw = 0;

std::mutex log_mutex;
headway_log_function log_function = nullptr;
void * log_context = nullptr;

int32_t level_of(ggml_log_level level) {
    switch (level) {
        case GGML_LOG_LEVEL_ERROR: return HEADWAY_LOG_ERROR;
        case GGML_LOG_LEVEL_WARN: return HEADWAY_LOG_WARNING;
        case GGML_LOG_LEVEL_INFO: return HEADWAY_LOG_INFO;
        default: return HEADWAY_LOG_DEBUG;
    }
}

/// Takes llama.cpp's log, which comes in pieces of lines: a piece of level CONT goes on with the
/// line before.
void take_log(ggml_log_level level, const char * text, void *) {
    thread_local ggml_log_level current = GGML_LOG_LEVEL_INFO;
    if (level != GGML_LOG_LEVEL_CONT) {
        current = level;
    }
    if (current == GGML_LOG_LEVEL_ERROR && error_log.size() < 4096) {
        error_log += text;
    }
    std::string line(text);
    while (!line.empty() && line.back() == '\n') {
        line.pop_back();
    }
    // The room of a session is shared by its slots, so it may well be larger than one context.
    if (line.empty() || line.find("possible training context overflow") != std::string::npos) {
        return;
    }
    std::lock_guard<std::mutex> lock(log_mutex);
    if (log_function != nullptr) {
        log_function(log_context, level_of(current), line.data(), line.size());
    }
}

/// Called by llama.cpp when an assertion failed, just before it would end the process.
void take_assertion(const char * message) {
    if (assertions_throw > 0) {
        throw Failure(HEADWAY_FAILED, std::string("llama.cpp stopped at ") + message);
    }
    fputs("llama.cpp stopped at ", stderr);
    fputs(message, stderr);
    fputs("\n", stderr);
}

void set_log(headway_log_function function, void * context) {
    std::lock_guard<std::mutex> lock(log_mutex);
    log_function = function;
    log_context = context;
}

const char * last_error() {
    return last_error_text.c_str();
}

}  // namespace

void set_last_error(const std::string & message) noexcept {
    try {
        last_error_text = message;
    } catch (...) {
        last_error_text.clear();
    }
}

void clear_errors() {
    error_log.clear();
}

std::string logged_errors() {
    std::string result;
    size_t start = 0;
    while (start < error_log.size()) {
        size_t end = error_log.find('\n', start);
        if (end == std::string::npos) {
            end = error_log.size();
        }
        std::string line = error_log.substr(start, end - start);
        // Lines start with the name of a function, which tells an operator nothing.
        size_t colon = line.find(": ");
        if (colon != std::string::npos && line.find(' ') > colon) {
            line.erase(0, colon + 2);
        }
        if (!line.empty()) {
            result += (result.empty() ? "" : "; ") + line;
        }
        start = end + 1;
    }
    return result;
}

AssertionsThrow::AssertionsThrow() {
    assertions_throw++;
}

AssertionsThrow::~AssertionsThrow() {
    assertions_throw--;
}

void check_json_size(const std::string & json, const char * what) {
    constexpr size_t most_bytes = 16 << 20;
    constexpr int most_levels = 128;
    constexpr int most_references = 256;
    if (json.size() > most_bytes) {
        refuse(std::string(what) + " is longer than 16 MiB");
    }
    int level = 0;
    bool is_string = false;
    for (size_t i = 0; i < json.size(); i++) {
        const char character = json[i];
        if (is_string) {
            if (character == '\\') {
                i++;
            } else if (character == '"') {
                is_string = false;
            }
        } else if (character == '"') {
            is_string = true;
        } else if (character == '{' || character == '[') {
            if (++level > most_levels) {
                refuse(std::string(what) + " is nested more than 128 levels deep");
            }
        } else if (character == '}' || character == ']') {
            level--;
        }
    }
    // Schemas that refer to each other are followed from one to the next.
    int references = 0;
    for (size_t i = json.find("\"$ref\""); i != std::string::npos;
         i = json.find("\"$ref\"", i + 1)) {
        if (++references > most_references) {
            refuse(std::string(what) + " has more than 256 references ('$ref')");
        }
    }
}

}  // namespace headway

extern "C" __attribute__((visibility("default"))) const headway_plugin * headway_plugin_entry(void) {
    static const headway_plugin table = [] {
        llama_log_set(headway::take_log, nullptr);
        ggml_set_abort_callback(headway::take_assertion);
        llama_backend_init();
        headway_plugin result = {};
        result.abi = HEADWAY_PLUGIN_ABI;
        result.byte_count = sizeof(headway_plugin);
        result.name = "llama";
        result.version = HEADWAY_LLAMA_RELEASE;
        result.features = llama_print_system_info();
        result.last_error = headway::last_error;
        result.set_log = headway::set_log;
        result.open_model = headway::open_model;
        result.close_model = headway::close_model;
        result.model_info = headway::model_info;
        result.end_tokens = headway::end_tokens;
        result.tokenize = headway::tokenize;
        result.piece = headway::piece;
        result.render_chat = headway::render_chat;
        result.parse_chat = headway::parse_chat;
        result.schema_grammar = headway::schema_grammar;
        result.create_sampler = headway::create_sampler;
        result.free_sampler = headway::free_sampler;
        result.create_session = headway::create_session;
        result.free_session = headway::free_session;
        result.step = headway::step;
        result.sample = headway::sample;
        result.copy_slot = headway::copy_slot;
        result.truncate_slot = headway::truncate_slot;
        result.save_slot = headway::save_slot;
        result.restore_slot = headway::restore_slot;
        result.used_tokens = headway::used_tokens;
        result.create_embedder = headway::create_embedder;
        result.free_embedder = headway::free_embedder;
        result.embed = headway::embed;
        return result;
    }();
    return &table;
}
