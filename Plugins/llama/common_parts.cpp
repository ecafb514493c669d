// The few functions of llama.cpp's common code that its chat code needs, instead of the files that
// hold them: those pull in argument parsing, downloads and a logger with a thread of its own.
#include "common.h"
#include "log.h"

#include "ggml-impl.h"

#include <cstdarg>
#include <cstdio>

std::string string_join(const std::vector<std::string> & values, const std::string & separator) {
    std::string result;
    for (size_t i = 0; i < values.size(); i++) {
        result += (i == 0 ? "" : separator) + values[i];
    }
    return result;
}

std::vector<std::string> string_split(const std::string & text, const std::string & delimiter) {
    std::vector<std::string> parts;
    size_t start = 0;
    for (;;) {
        const size_t end = text.find(delimiter, start);
        parts.push_back(text.substr(start, end == std::string::npos ? end : end - start));
        if (end == std::string::npos) {
            return parts;
        }
        start = end + delimiter.size();
    }
}

std::string string_repeat(const std::string & text, size_t count) {
    std::string result;
    result.reserve(text.size() * count);
    for (size_t i = 0; i < count; i++) {
        result += text;
    }
    return result;
}

void string_replace_all(
    std::string & text, const std::string & search, const std::string & replacement) {
    if (search.empty()) {
        return;
    }
    size_t position = 0;
    while ((position = text.find(search, position)) != std::string::npos) {
        text.replace(position, search.size(), replacement);
        position += replacement.size();
    }
}

std::string common_token_to_piece(const llama_vocab * vocab, llama_token token, bool special) {
    std::string piece(64, 0);
    int32_t length =
        llama_token_to_piece(vocab, token, &piece[0], (int32_t) piece.size(), 0, special);
    if (length < 0) {
        piece.resize((size_t) -length);
        length =
            llama_token_to_piece(vocab, token, &piece[0], (int32_t) piece.size(), 0, special);
    }
    piece.resize((size_t) (length < 0 ? 0 : length));
    return piece;
}

// The chat code's remarks about templates are for its developers; they are left out.

int common_log_get_verbosity_thold(void) {
    return LOG_LEVEL_OUTPUT - 1;
}

struct common_log * common_log_main() {
    return nullptr;
}

void common_log_add(struct common_log *, enum ggml_log_level, const char *, ...) {}

// The linker puts this in the place of `fprintf` in the whole library. llama.cpp remarks on grammars
// and schemas, which clients may send, on the standard error stream; here that goes to the log.
extern "C" int __wrap_fprintf(FILE * file, const char * format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int length;
    if (file == stderr) {
        char text[1024];
        length = vsnprintf(text, sizeof(text), format, arguments);
        GGML_LOG_INFO("%s", text);
    } else {
        length = vfprintf(file, format, arguments);
    }
    va_end(arguments);
    return length;
}
