"""The OpenAI API as its official client sees it, on the tiny random GGUF."""

import json

import openai
import pytest
from server import Server
from text_models import write_gguf, write_word_encoder

MESSAGES = [{"role": "user", "content": "the end and the rest"}]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("openai")
    write_gguf(folder, "tiny", "decoder.gguf")
    write_gguf(folder, "plain", "plain.gguf")
    write_gguf(folder, "vectors", "encoder.gguf", dimensions="16, 32")
    write_word_encoder(folder, "words", dimensions="8")
    with Server(folder) as server:
        yield server


@pytest.fixture(scope="module")
def client(server):
    with openai.OpenAI(base_url=f"http://{server.url}/v1", api_key="none", max_retries=0) as client:
        yield client


def chat(client, **options):
    options = {"model": "tiny", "messages": MESSAGES, "max_tokens": 24, "temperature": 0} | options
    return client.chat.completions.create(**options)


def complete(client, **options):
    options = {"model": "tiny", "prompt": "the end", "max_tokens": 24, "temperature": 0} | options
    return client.completions.create(**options)


def text_of(stream):
    return "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)


# Models


def test_models_are_listed_and_found(client):
    assert {model.id for model in client.models.list()} == {"plain", "tiny", "vectors", "words"}
    assert client.models.retrieve("tiny").object == "model"
    with pytest.raises(openai.NotFoundError) as raised:
        client.models.retrieve("nobody")
    assert raised.value.code == "model_not_found"


# Chat


def test_a_chat_answer_has_text_reason_and_usage(client):
    answer = chat(client)
    choice = answer.choices[0]
    assert choice.message.role == "assistant" and choice.message.content
    assert choice.finish_reason in ("stop", "length")
    assert answer.usage.completion_tokens <= 24
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens
    assert answer._request_id


def test_a_stream_adds_up_to_the_whole(client):
    whole = chat(client)
    stream = list(chat(client, stream=True, stream_options={"include_usage": True}))
    assert text_of(stream) == whole.choices[0].message.content
    assert stream[0].choices[0].delta.role == "assistant"
    assert stream[-1].usage.completion_tokens == whole.usage.completion_tokens
    assert [c.choices[0].finish_reason for c in stream if c.choices][-1] == whole.choices[0].finish_reason


def test_n_answers_are_numbered_and_differ_by_seed(client):
    answer = chat(client, n=4, temperature=1, seed=5)
    assert [choice.index for choice in answer.choices] == [0, 1, 2, 3]
    texts = [choice.message.content for choice in answer.choices]
    assert len(set(texts)) > 1
    again = chat(client, n=4, temperature=1, seed=5)
    assert [choice.message.content for choice in again.choices] == texts


def test_parameters_of_sampling_are_taken(client):
    for options in (
        {"temperature": 0.7, "top_p": 0.9, "seed": 1},
        {"presence_penalty": 1.5, "frequency_penalty": -1.5},
        {"extra_body": {"min_p": 0.1, "top_k": 5, "repetition_penalty": 1.3}},
        {"user": "someone", "service_tier": "flex", "metadata": {"a": "b"}},
    ):
        assert chat(client, **options).choices[0].message.content


def test_the_service_tier_is_echoed(client):
    assert chat(client, service_tier="priority").service_tier == "priority"
    assert chat(client, service_tier="auto").service_tier == "default"
    assert chat(client).service_tier is None


def test_a_bias_can_forbid_and_force_tokens(client):
    forced = complete(client, max_tokens=5, logit_bias={"65": 100}).choices[0].text
    assert forced == "AAAAA"
    first = complete(client, max_tokens=1, logprobs=0).choices[0].logprobs.tokens[0]
    token = client.post("/tokenize", body={"model": "tiny", "prompt": first}, cast_to=object)["tokens"][0]
    other = complete(client, max_tokens=1, logprobs=0, logit_bias={str(token): -100})
    assert other.choices[0].logprobs.tokens[0] != first


def test_a_stop_string_is_found_across_tokens(client):
    # Random weights write bytes that are no UTF-8: with these forbidden, text and tokens correspond.
    options = {"max_tokens": 40, "logit_bias": {str(byte): -100 for byte in range(128, 256)}}
    whole = complete(client, **options).choices[0].text
    assert len(whole) > 12
    stop = whole[5:9]
    cut = complete(client, stop=["never seen", stop], **options).choices[0]
    assert cut.text == whole[: whole.index(stop)]
    assert cut.finish_reason == "stop"
    streamed = complete(client, stop=stop, stream=True, **options)
    assert "".join(chunk.choices[0].text for chunk in streamed) == cut.text


def test_probabilities_in_both_forms(client):
    content = chat(client, logprobs=True, top_logprobs=3, max_tokens=6).choices[0].logprobs.content
    assert 1 <= len(content) <= 6
    for token in content:
        assert token.logprob <= 0 and len(token.top_logprobs) == 3
        assert token.top_logprobs[0].logprob == pytest.approx(token.logprob, abs=1e-4), "greedy takes the likeliest"
        assert bytes(token.bytes).decode(errors="replace") == token.token
    lists = complete(client, logprobs=2, max_tokens=6).choices[0].logprobs
    assert len(lists.tokens) == len(lists.token_logprobs) == len(lists.top_logprobs) == len(lists.text_offset)
    assert lists.text_offset[0] == 0


SCHEMA = {
    "type": "object",
    "properties": {
        "answer": {"enum": ["yes", "no"]},
        "sure": {"type": "boolean"},
        "parts": {"type": "array", "items": {"const": 7}, "minItems": 1, "maxItems": 2},
    },
    "required": ["answer", "sure", "parts"],
    "additionalProperties": False,
}


def assert_admitted(text):
    value = json.loads(text)
    assert set(value) == {"answer", "sure", "parts"}
    assert value["answer"] in ("yes", "no") and isinstance(value["sure"], bool)
    assert value["parts"] in ([7], [7, 7])


@pytest.mark.parametrize("seed", range(5))
def test_json_keeps_to_its_schema(client, seed):
    form = {"type": "json_schema", "json_schema": {"name": "s", "schema": SCHEMA}}
    options = {"response_format": form, "max_tokens": 200, "temperature": 1, "seed": seed}
    answer = chat(client, **options).choices[0]
    assert answer.finish_reason == "stop"
    assert_admitted(answer.message.content)
    assert_admitted(text_of(chat(client, stream=True, **options)))


def test_a_json_object_is_one(client):
    answer = chat(client, response_format={"type": "json_object"}, max_tokens=300, temperature=1, seed=3)
    text = answer.choices[0].message.content
    assert text.lstrip().startswith("{")
    if answer.choices[0].finish_reason == "stop":
        assert isinstance(json.loads(text), dict)


TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "turn",
            "description": "Turns.",
            "parameters": {
                "type": "object",
                "properties": {"side": {"enum": ["left", "right"]}},
                "required": ["side"],
                "additionalProperties": False,
            },
        },
    }
]


# The format lets text come before a call, in which random weights would get lost: biases bring the mark
# of a call and the line's end after it, and the penalty lets them come a few times only.
CALL = {"logit_bias": {"271": 100, "10": 95}, "frequency_penalty": 2}


def test_a_tool_that_must_be_called_is_called(client):
    options = {"tools": TOOLS, "tool_choice": "required", "max_tokens": 300} | CALL
    choice = chat(client, **options).choices[0]
    call = choice.message.tool_calls[0]
    assert call.id and call.type == "function" and call.function.name == "turn"
    assert json.loads(call.function.arguments)["side"] in ("left", "right")
    assert choice.finish_reason in ("tool_calls", "length")

    calls = {}
    for chunk in chat(client, stream=True, **options):
        for delta in chunk.choices[0].delta.tool_calls or []:
            name, arguments = calls.get(delta.index, ("", ""))
            calls[delta.index] = (name + (delta.function.name or ""), arguments + (delta.function.arguments or ""))
    assert [calls[index] for index in sorted(calls)] == [
        (call.function.name, call.function.arguments) for call in choice.message.tool_calls
    ]


def test_a_conversation_with_tool_results_goes_on(client):
    call = {"id": "c1", "type": "function", "function": {"name": "turn", "arguments": '{"side":"left"}'}}
    messages = MESSAGES + [
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "done"},
    ]
    assert chat(client, messages=messages, tools=TOOLS).choices


# Completions


def test_prompts_of_all_kinds(client):
    tokens = client.post("/tokenize", body={"model": "tiny", "prompt": "the end"}, cast_to=object)["tokens"]
    text = complete(client).choices[0].text
    assert complete(client, prompt=tokens).choices[0].text == text
    several = complete(client, prompt=["the end", "the end"], n=2)
    assert [choice.text for choice in several.choices] == [text] * 4
    assert complete(client, echo=True).choices[0].text == "the end" + text


def test_tokens_become_text_again(client):
    for text in ("the end", "größer 🙂\n", ""):
        tokens = client.post("/tokenize", body={"model": "tiny", "prompt": text}, cast_to=object)["tokens"]
        back = client.post("/detokenize", body={"model": "tiny", "tokens": tokens}, cast_to=object)
        assert back["prompt"] == text


# Responses


def test_responses_whole_and_streamed(client):
    options = {"model": "tiny", "input": "the end and the rest", "max_output_tokens": 24, "temperature": 0}
    whole = client.responses.create(**options)
    assert whole.output_text and whole.status in ("completed", "incomplete")
    events = list(client.responses.create(stream=True, **options))
    assert [event.sequence_number for event in events] == list(range(len(events)))
    text = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    assert text == whole.output_text
    assert events[-1].type == f"response.{whole.status}"
    assert events[-1].response.output_text == text
    with client.responses.stream(**options) as stream:
        assert "".join(event.delta for event in stream if event.type == "response.output_text.delta") == text


def test_responses_take_a_schema_and_tools(client):
    form = {"format": {"type": "json_schema", "name": "s", "schema": SCHEMA}}
    answer = client.responses.create(model="tiny", input="x", text=form, max_output_tokens=200, temperature=1)
    assert_admitted(answer.output_text)
    tool = {"type": "function", **TOOLS[0]["function"], "strict": False}
    answer = client.responses.create(
        model="tiny", input="x", tools=[tool], tool_choice="required", max_output_tokens=300, temperature=0,
        extra_body=CALL,
    )
    call = next(item for item in answer.output if item.type == "function_call")
    assert call.name == "turn" and call.call_id
    assert json.loads(call.arguments)["side"] in ("left", "right")


# Embeddings


def test_embeddings_in_both_encodings_are_the_same(client):
    inputs = ["the cat", "a dog", "the cat"]
    base64 = client.embeddings.create(model="vectors", input=inputs)
    floats = client.embeddings.create(model="vectors", input=inputs, encoding_format="float")
    assert [entry.index for entry in base64.data] == [0, 1, 2]
    for one, other in zip(base64.data, floats.data):
        assert one.embedding == pytest.approx(other.embedding, abs=1e-6)
    assert floats.data[0].embedding == pytest.approx(floats.data[2].embedding, abs=1e-4)
    assert floats.data[0].embedding != pytest.approx(floats.data[1].embedding, abs=1e-2)
    alone = [client.embeddings.create(model="vectors", input=text).usage.prompt_tokens for text in inputs]
    assert floats.usage.prompt_tokens == floats.usage.total_tokens == sum(alone)
    assert min(alone) > 0


def test_embeddings_are_cut_where_the_model_allows_it(client):
    whole = client.embeddings.create(model="vectors", input="the cat", encoding_format="float")
    cut = client.embeddings.create(model="vectors", input="the cat", dimensions=16, encoding_format="float")
    numbers = cut.data[0].embedding
    assert len(numbers) == 16
    assert sum(number * number for number in numbers) == pytest.approx(1, abs=1e-3)
    first = whole.data[0].embedding[:16]
    scale = numbers[0] / first[0]
    assert numbers == pytest.approx([number * scale for number in first], abs=1e-4)
    with pytest.raises(openai.BadRequestError, match="16, 32, 64"):
        client.embeddings.create(model="vectors", input="the cat", dimensions=17)


def test_embeddings_of_many_inputs_ride_in_batches(server, client):
    before = server.statistics("vectors")
    client.embeddings.create(model="vectors", input=["the cat"] * 64)
    after = server.statistics("vectors")
    assert after["inference_count"] - before["inference_count"] == 64
    assert after["execution_count"] - before["execution_count"] < 64


def test_an_onnx_encoder_with_a_tokenizer_in_its_graph_makes_embeddings(server, client):
    inputs = ["The cat sat", "a fox", "the CAT sat"]
    answer = client.embeddings.create(model="words", input=inputs, encoding_format="float")
    cat, fox, same = (entry.embedding for entry in answer.data)
    assert len(cat) == 24
    assert sum(number * number for number in cat) == pytest.approx(1, abs=1e-5)
    assert cat == pytest.approx(same, abs=1e-6) and cat != pytest.approx(fox, abs=1e-2)
    assert answer.usage.prompt_tokens == answer.usage.total_tokens == 8
    cut = client.embeddings.create(model="words", input=inputs, dimensions=8)
    assert [len(entry.embedding) for entry in cut.data] == [8, 8, 8]


# Triton's extension


def test_generate_and_generate_stream(server):
    body = json.dumps({"text_input": "the end", "parameters": {"max_tokens": 12, "temperature": 0}}).encode()
    whole = server.post("/v2/models/tiny/generate", body)
    assert whole.status == 200, whole.body
    assert whole.json()["model_name"] == "tiny"
    stream = server.post("/v2/models/tiny/generate_stream", body)
    assert stream.headers["content-type"].startswith("text/event-stream")
    pieces = [json.loads(line[6:]) for line in stream.body.decode().splitlines() if line.startswith("data: ")]
    assert "".join(piece["text_output"] for piece in pieces) == whole.json()["text_output"]
