// Conversations to prompts, answers to messages, JSON schemas to grammars: llama.cpp's own code for
// chat templates, with requests and answers as JSON.
#include "plugin.hpp"

#include "json-schema-to-grammar.h"
#include "json.h"

#include <algorithm>

namespace headway {

namespace {

/// Parses a request; errors of the parser name the place.
common_json parse_json(const char * text, size_t count, const char * what) {
    const std::string json(text, count);
    check_json_size(json, what);
    try {
        return common_json::parse(json);
    } catch (const std::exception & error) {
        refuse(std::string(what) + " is not valid JSON: " + error.what());
    }
}

/// The value of `key`, or `fallback` where it is missing or null.
template <typename Value>
Value field(const common_json & object, const char * key, Value fallback) {
    if (!object.contains(key) || object.at(key).is_null()) {
        return fallback;
    }
    try {
        return object.at(key).get<Value>();
    } catch (const std::exception &) {
        refuse(std::string("'") + key + "' has a wrong type");
    }
}

bool has(const common_json & object, const char * key) {
    return object.contains(key) && !object.at(key).is_null();
}

/// The schema that `response_format` asks for, as JSON; empty for free text.
std::string wanted_schema(const common_json & request) {
    if (!has(request, "response_format")) {
        return "";
    }
    const common_json & format = request.at("response_format");
    if (!format.is_object()) {
        refuse("'response_format' is not an object");
    }
    const std::string type = field<std::string>(format, "type", "text");
    if (type == "text") {
        return "";
    }
    common_json schema = common_json::object();
    if (type == "json_schema") {
        if (!has(format, "json_schema") || !format.at("json_schema").is_object()) {
            refuse("'response_format' of type 'json_schema' has no object 'json_schema'");
        }
        const common_json & wrapper = format.at("json_schema");
        if (has(wrapper, "schema")) {
            schema = wrapper.at("schema");
        }
    } else if (type == "json_object") {
        if (has(format, "schema")) {
            schema = format.at("schema");
        }
    } else {
        refuse("'response_format' has type '" + type
            + "'; known are 'text', 'json_object' and 'json_schema'");
    }
    if (schema.is_object() && schema.empty()) {
        schema["type"] = "object";
    }
    return schema.dump();
}

common_chat_tool_choice wanted_tools(
    const common_json & request, std::vector<common_chat_tool> & tools) {
    if (!has(request, "tool_choice")) {
        return COMMON_CHAT_TOOL_CHOICE_AUTO;
    }
    const common_json & choice = request.at("tool_choice");
    if (choice.is_string()) {
        return common_chat_tool_choice_parse_oaicompat(choice.get<std::string>());
    }
    // A single function that must be called: only that one is shown to the model.
    if (!choice.is_object() || !has(choice, "function") || !choice.at("function").is_object()) {
        refuse("'tool_choice' is neither a string nor names a function");
    }
    const std::string name = field<std::string>(choice.at("function"), "name", "");
    tools.erase(
        std::remove_if(
            tools.begin(), tools.end(),
            [&](const common_chat_tool & tool) { return tool.name != name; }),
        tools.end());
    if (tools.empty()) {
        refuse("'tool_choice' names the function '" + name + "', which is not among 'tools'");
    }
    return COMMON_CHAT_TOOL_CHOICE_REQUIRED;
}

/// Checks what the template code would pass over or answer with an unclear message.
void check_messages(const common_json & request) {
    if (!has(request, "messages") || !request.at("messages").is_array()
        || request.at("messages").empty()) {
        refuse("'messages' is not a list with at least one message");
    }
    const common_json & messages = request.at("messages");
    for (size_t i = 0; i < messages.size(); i++) {
        const common_json & message = messages.at(i);
        const std::string where = "messages[" + std::to_string(i) + "]";
        if (!message.is_object()) {
            refuse(where + " is not an object");
        }
        const std::string role = field<std::string>(message, "role", "");
        static const char * const known[] = {
            "system", "developer", "user", "assistant", "tool", "function"};
        if (std::find(std::begin(known), std::end(known), role) == std::end(known)) {
            refuse(where + " has the unknown role '" + role + "'");
        }
        if (!has(message, "content")) {
            if (role != "assistant"
                || (!has(message, "tool_calls") && !has(message, "reasoning_content"))) {
                refuse(where + " has no 'content'");
            }
            continue;
        }
        const common_json & content = message.at("content");
        if (content.is_string()) {
            continue;
        }
        if (!content.is_array()) {
            refuse(where + " has a 'content' that is neither text nor a list of parts");
        }
        for (size_t part = 0; part < content.size(); part++) {
            const std::string type = content.at(part).is_object()
                ? field<std::string>(content.at(part), "type", "") : "";
            if (type != "text") {
                refuse(where + " has a part of type '" + type + "'; only 'text' is supported");
            }
        }
    }
}

/// Arguments for the template beside the messages.
void add_template_arguments(const common_json & request, common_chat_templates_inputs & inputs) {
    if (has(request, "chat_template_kwargs")) {
        const common_json & arguments = request.at("chat_template_kwargs");
        if (!arguments.is_object()) {
            refuse("'chat_template_kwargs' is not an object");
        }
        for (const auto & item : arguments.items()) {
            inputs.chat_template_kwargs[item.key()] = item.value().dump();
        }
        inputs.enable_thinking = field<bool>(arguments, "enable_thinking", true);
    }
    const std::string effort = field<std::string>(request, "reasoning_effort", "");
    if (effort == "none") {
        inputs.enable_thinking = false;
    } else if (!effort.empty()) {
        inputs.chat_template_kwargs["reasoning_effort"] = common_json::make(effort).dump();
    }
}

common_chat_templates_inputs inputs_of(const headway_model & model, const common_json & request) {
    common_chat_templates_inputs inputs;
    check_messages(request);
    inputs.messages = common_chat_msgs_parse_oaicompat(request.at("messages"));
    if (has(request, "tools")) {
        if (!request.at("tools").is_array()) {
            refuse("'tools' is not a list");
        }
        inputs.tools = common_chat_tools_parse_oaicompat(request.at("tools"));
    }
    if (!inputs.tools.empty()) {
        inputs.tool_choice = wanted_tools(request, inputs.tools);
        if (inputs.tool_choice == COMMON_CHAT_TOOL_CHOICE_NONE) {
            inputs.tools.clear();
        } else if (!model.supports_tools) {
            refuse("the model's chat template has no place for tools");
        }
    }
    inputs.json_schema = wanted_schema(request);
    inputs.parallel_tool_calls = field<bool>(request, "parallel_tool_calls", true);
    inputs.add_generation_prompt = field<bool>(request, "add_generation_prompt", true);
    if (field<bool>(request, "continue_final_message", false)) {
        inputs.continue_final_message = COMMON_CHAT_CONTINUATION_AUTO;
        inputs.add_generation_prompt = false;
    }
    inputs.reasoning_format = COMMON_REASONING_FORMAT_DEEPSEEK;
    add_template_arguments(request, inputs);
    return inputs;
}

/// Control tokens that belong to the answer: those that the format names, as far as they are single
/// tokens of this vocabulary.
std::vector<int32_t> visible_tokens(
    const headway_model & model, const std::vector<std::string> & texts) {
    std::vector<int32_t> result;
    for (const std::string & text : texts) {
        llama_token tokens[2];
        const int32_t count = llama_tokenize(
            model.vocab, text.data(), (int32_t) text.size(), tokens, 2, false, true);
        if (count == 1) {
            result.push_back(tokens[0]);
        }
    }
    std::sort(result.begin(), result.end());
    result.erase(std::unique(result.begin(), result.end()), result.end());
    return result;
}

void write_grammar(const common_chat_params & chat, const headway_writer & out) {
    if (chat.grammar.empty()) {
        return;
    }
    write(out, HEADWAY_CHAT_GRAMMAR, chat.grammar);
    if (!chat.grammar_lazy) {
        write(out, HEADWAY_CHAT_GRAMMAR_PREFIX, chat.generation_prompt);
        return;
    }
    write(out, HEADWAY_CHAT_GRAMMAR_IS_LAZY, "");
    for (const common_grammar_trigger & trigger : chat.grammar_triggers) {
        const bool is_pattern = trigger.type == COMMON_GRAMMAR_TRIGGER_TYPE_PATTERN
            || trigger.type == COMMON_GRAMMAR_TRIGGER_TYPE_PATTERN_FULL;
        write(
            out, is_pattern ? HEADWAY_CHAT_TRIGGER_PATTERN : HEADWAY_CHAT_TRIGGER_WORD,
            trigger.value);
    }
}

}  // namespace

int32_t render_chat(
    const headway_model * model, const char * request, size_t request_count, headway_writer out) {
    return guarded([&] {
        if (model->templates == nullptr) {
            refuse(model->template_problem);
        }
        const common_json json = parse_json(request, request_count, "the chat request");
        if (!json.is_object()) {
            refuse("the chat request is not an object");
        }
        common_chat_params chat;
        try {
            chat = common_chat_templates_apply(model->templates.get(), inputs_of(*model, json));
        } catch (const Failure &) {
            throw;
        } catch (const std::exception & error) {
            refuse(std::string("the chat template does not take these messages: ") + error.what());
        }
        write(out, HEADWAY_CHAT_TEXT, chat.prompt);
        write_grammar(chat, out);
        for (const std::string & stop : chat.additional_stops) {
            write(out, HEADWAY_CHAT_STOP, stop);
        }
        for (int32_t token : visible_tokens(*model, chat.preserved_tokens)) {
            out.write(out.context, HEADWAY_CHAT_VISIBLE_TOKEN, &token, sizeof(token));
        }
        const common_json format = {
            {"format", (int) chat.format},
            {"generation_prompt", chat.generation_prompt},
            {"parser", chat.parser},
        };
        write(out, HEADWAY_CHAT_FORMAT, format.dump_safe());
    });
}

int32_t parse_chat(
    const headway_model * model, const char * format, size_t format_count, const char * output,
    size_t output_count, int32_t is_partial, headway_writer out) {
    return guarded([&] {
        (void) model;
        const common_json json = parse_json(format, format_count, "the format of the answer");
        common_chat_parser_params params;
        params.format = (common_chat_format) json.at("format").get<int>();
        params.generation_prompt = json.at("generation_prompt").get<std::string>();
        params.reasoning_format = COMMON_REASONING_FORMAT_DEEPSEEK;
        const std::string parser = json.at("parser").get<std::string>();
        if (!parser.empty()) {
            params.parser.load(parser);
        }
        const common_chat_msg message =
            common_chat_parse(std::string(output, output_count), is_partial != 0, params);
        write(out, 0, message.to_json_oaicompat().dump_safe());
    });
}

int32_t schema_grammar(const char * schema, size_t schema_count, headway_writer out) {
    return guarded([&] {
        const common_json json = parse_json(schema, schema_count, "the JSON schema");
        if (!json.is_object() && !json.is_boolean()) {
            refuse("the JSON schema is not an object");
        }
        std::string grammar;
        try {
            grammar = json_schema_to_grammar(json, true);
        } catch (const std::exception & error) {
            refuse(std::string("the JSON schema cannot be kept by a grammar: ") + error.what());
        }
        write(out, 0, grammar);
    });
}

}  // namespace headway
