// The raw loop that scripts/bench_generation.py compares servers with: llama.cpp, a batch, nothing else.
//
//     raw_decode MODEL SLOTS STEP_TOKENS THREADS one|each < requests > figures
//
// The last word says whether all slots share one cache of keys and values or each has its own.
// Each input line is `new_tokens prompt_token prompt_token …`. Requests start as slots become free; a step
// holds one token of each running request and then as many prompt tokens as fit; tokens are chosen
// greedily. No scheduler, no text, no network: what the engine itself can do on these requests.
// The answer is one JSON object.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "llama.h"

struct Request {
    int wanted = 0;
    std::vector<llama_token> prompt;
    int fed = 0;
    int made = 0;
    int output = -1;  // index into the step's tokens of the one that is sampled
    llama_token last = 0;
};

static std::vector<Request> readRequests() {
    std::vector<Request> requests;
    for (std::string line; std::getline(std::cin, line);) {
        std::istringstream numbers(line);
        Request request;
        numbers >> request.wanted;
        for (llama_token token; numbers >> token;) request.prompt.push_back(token);
        if (!request.prompt.empty()) requests.push_back(std::move(request));
    }
    return requests;
}

static void add(llama_batch &batch, llama_token token, int position, int slot, bool sampled) {
    const int index = batch.n_tokens++;
    batch.token[index] = token;
    batch.pos[index] = position;
    batch.n_seq_id[index] = 1;
    batch.seq_id[index][0] = slot;
    batch.logits[index] = sampled;
}

int main(int argc, char **argv) {
    if (argc != 6) {
        fprintf(stderr, "usage: raw_decode MODEL SLOTS STEP_TOKENS THREADS one|each < requests\n");
        return 2;
    }
    const int slots = atoi(argv[2]), budget = atoi(argv[3]), threads = atoi(argv[4]);
    llama_log_set([](ggml_log_level, const char *, void *) {}, nullptr);
    llama_backend_init();
    llama_model *model = llama_model_load_from_file(argv[1], llama_model_default_params());
    if (!model) {
        fprintf(stderr, "error: %s cannot be loaded\n", argv[1]);
        return 1;
    }
    std::vector<Request> requests = readRequests();
    size_t longest = 0;
    for (const Request &request : requests) {
        longest = std::max(longest, request.prompt.size() + request.wanted);
    }

    llama_context_params parameters = llama_context_default_params();
    parameters.n_ctx = uint32_t(slots * (longest + 1 + 256) / 256 * 256);
    parameters.n_batch = parameters.n_ubatch = uint32_t(budget);
    parameters.n_seq_max = uint32_t(slots);
    parameters.n_threads = parameters.n_threads_batch = threads;
    parameters.kv_unified = std::string(argv[5]) == "one";
    llama_context *context = llama_init_from_model(model, parameters);
    if (!context) return 1;
    llama_memory_t memory = llama_get_memory(context);
    const int vocabulary = llama_vocab_n_tokens(llama_model_get_vocab(model));

    llama_batch batch = llama_batch_init(budget, 0, 1);
    std::vector<Request *> running(slots, nullptr);
    size_t next = 0, done = 0, steps = 0, generated = 0, prompts = 0;
    const auto started = std::chrono::steady_clock::now();
    while (done < requests.size()) {
        batch.n_tokens = 0;
        for (int slot = 0; slot < slots; slot++) {
            Request *&request = running[slot];
            if (!request && next < requests.size()) request = &requests[next++];
            if (!request) continue;
            request->output = -1;
            if (request->made == 0) continue;
            request->output = batch.n_tokens;
            add(batch, request->last, request->fed++, slot, true);
        }
        for (int slot = 0; slot < slots; slot++) {
            Request *request = running[slot];
            if (!request || request->made > 0) continue;
            const int length = int(request->prompt.size());
            while (request->fed < length && batch.n_tokens < budget) {
                const bool isLast = request->fed + 1 == length;
                if (isLast) request->output = batch.n_tokens;
                add(batch, request->prompt[request->fed], request->fed, slot, isLast);
                request->fed++;
                prompts++;
            }
        }
        if (llama_decode(context, batch) != 0) return 1;
        steps++;
        for (int slot = 0; slot < slots; slot++) {
            Request *request = running[slot];
            if (!request || request->output < 0) continue;
            const float *logits = llama_get_logits_ith(context, request->output);
            request->last = llama_token(std::max_element(logits, logits + vocabulary) - logits);
            generated++;
            if (++request->made < request->wanted) continue;
            llama_memory_seq_rm(memory, slot, -1, -1);
            running[slot] = nullptr;
            done++;
        }
    }
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - started;
    printf("{\"seconds\": %.4f, \"steps\": %zu, \"generated\": %zu, \"prompt\": %zu}\n",
           taken.count(), steps, generated, prompts);
    llama_batch_free(batch);
    llama_free(context);
    llama_model_free(model);
    llama_backend_free();
    return 0;
}
