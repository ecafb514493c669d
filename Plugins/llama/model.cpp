// Opening models, and their vocabularies.
#include "plugin.hpp"

// Beside the public header for what it does not tell: attention, pooling and the size of keys and
// values.
#include "llama-model.h"

#include <cstring>

headway_model::~headway_model() {
    llama_model_free(model);
}

namespace headway {

namespace {

[[noreturn]] void reject(const std::string & message) {
    throw Failure(HEADWAY_INVALID_MODEL, message);
}

/// Finds out what the model is for, and refuses those that no session can run.
void classify(headway_model & model) {
    const llama_hparams & hparams = model.model->hparams;
    if (llama_vocab_type(model.vocab) == LLAMA_VOCAB_TYPE_NONE) {
        reject("the file holds no vocabulary");
    }
    if (llama_model_has_encoder(model.model)) {
        reject("models that encode and decode (architecture '" + model.architecture
            + "') are not supported");
    }
    if (llama_model_is_recurrent(model.model) || llama_model_is_hybrid(model.model)) {
        reject("architecture '" + model.architecture + "' keeps a state that cannot be cut or "
            "shared between requests; only models with attention in all layers are supported");
    }
    if (llama_model_is_diffusion(model.model)) {
        reject("diffusion models (architecture '" + model.architecture + "') are not supported");
    }
    if (hparams.pooling_type == LLAMA_POOLING_TYPE_RANK) {
        reject("the file holds a model that ranks texts, which is not supported");
    }
    model.is_causal = hparams.causal_attn;
    model.pooling = hparams.pooling_type;
    const bool pools = model.pooling != LLAMA_POOLING_TYPE_NONE
        && model.pooling != LLAMA_POOLING_TYPE_UNSPECIFIED;
    model.kind = !model.is_causal || pools ? HEADWAY_ENCODER : HEADWAY_DECODER;
    for (uint32_t layer = 0; layer < hparams.n_layer(); layer++) {
        if (hparams.has_kv(layer)) {
            model.key_value_bytes_per_token += ggml_row_size(
                GGML_TYPE_F16, hparams.n_embd_k_gqa(layer) + hparams.n_embd_v_gqa(layer));
        }
    }
}

void find_ends(headway_model & model) {
    const int32_t count = llama_vocab_n_tokens(model.vocab);
    for (int32_t token = 0; token < count; token++) {
        if (llama_vocab_is_eog(model.vocab, token)) {
            model.ends.push_back(token);
        }
    }
}

/// Why a template cannot be read. The function that reads all of a model's templates loses the words of
/// the errors it passes on, so a template that failed is read once more.
std::string problem_of(const llama_model * model) {
    const char * source = llama_model_chat_template(model, nullptr);
    try {
        common_chat_template again(source == nullptr ? "" : source, "", "");
    } catch (const std::exception & error) {
        return error.what();
    }
    return "it cannot be read";
}

/// Reads the chat template. A model without one that can be read still completes text.
void read_templates(headway_model & model) {
    if (llama_model_chat_template(model.model, nullptr) == nullptr
        && llama_model_chat_template(model.model, "tool_use") == nullptr) {
        model.template_problem = "the model has no chat template";
        return;
    }
    try {
        model.templates = common_chat_templates_init(model.model, "");
        const auto capabilities = common_chat_templates_get_caps(model.templates.get());
        const auto tools = capabilities.find("supports_tools");
        model.supports_tools = tools != capabilities.end() && tools->second;
    } catch (const std::exception &) {
        model.templates = nullptr;
        model.template_problem =
            "the model's chat template is not supported: " + problem_of(model.model);
    }
}

}  // namespace

int32_t open_model(
    const char * path, const headway_model_options * options, headway_model ** out) {
    return guarded([&] {
        llama_model_params params = llama_model_default_params();
        params.n_gpu_layers = options->gpu_layers;
        params.load_mode =
            options->maps_file != 0 ? LLAMA_LOAD_MODE_MMAP : LLAMA_LOAD_MODE_NONE;
        params.check_tensors = options->checks_tensors != 0;
        auto model = std::make_unique<headway_model>();
        try {
            model->model = llama_model_load_from_file(path, params);
        } catch (const Failure & failure) {
            reject(failure.what());
        }
        if (model->model == nullptr) {
            const std::string reason = logged_errors();
            reject(reason.empty() ? "the file cannot be read as GGUF" : reason);
        }
        model->vocab = llama_model_get_vocab(model->model);
        model->architecture = llm_arch_name(model->model->arch);
        classify(*model);
        find_ends(*model);
        read_templates(*model);
        *out = model.release();
    });
}

void close_model(headway_model * model) {
    delete model;
}

void model_info(const headway_model * model, headway_model_info * out) {
    *out = {};
    out->architecture = model->architecture.c_str();
    out->kind = model->kind;
    out->context_length = llama_model_n_ctx_train(model->model);
    out->vocabulary_size = llama_vocab_n_tokens(model->vocab);
    out->embedding_size = llama_model_n_embd_out(model->model);
    out->parameter_count = llama_model_n_params(model->model);
    out->byte_count = llama_model_size(model->model);
    out->key_value_bytes_per_token = model->key_value_bytes_per_token;
    out->has_chat_template = model->templates != nullptr;
    out->supports_tools = model->supports_tools;
}

size_t end_tokens(const headway_model * model, int32_t * out, size_t capacity) {
    for (size_t i = 0; i < model->ends.size() && i < capacity; i++) {
        out[i] = model->ends[i];
    }
    return model->ends.size();
}

int32_t tokenize(
    const headway_model * model, const char * text, size_t text_count, int32_t adds_special,
    int32_t parses_special, int32_t * out, size_t capacity, size_t * count) {
    return guarded([&] {
        if (text_count > INT32_MAX / 2) {
            refuse("the text is too long to be tokenized");
        }
        const int32_t found = llama_tokenize(
            model->vocab, text, (int32_t) text_count, out, (int32_t) capacity,
            adds_special != 0, parses_special != 0);
        if (found == INT32_MIN) {
            refuse("the text is too long to be tokenized");
        }
        *count = (size_t) (found < 0 ? -found : found);
    });
}

size_t piece(
    const headway_model * model, int32_t token, int32_t renders_special, char * out,
    size_t capacity) {
    if (token < 0 || token >= llama_vocab_n_tokens(model->vocab)) {
        return 0;
    }
    const int32_t length = llama_token_to_piece(
        model->vocab, token, out, (int32_t) capacity, 0, renders_special != 0);
    return (size_t) (length < 0 ? -length : length);
}

}  // namespace headway
