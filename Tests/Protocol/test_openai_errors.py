"""What clients of the OpenAI API get when something is wrong, and what they make of it."""

import json
import time

import httpx2
import openai
import pytest
from polling import wait_until
from server import Server
from text_models import slots_in_use, write_generator, write_gguf
from wire import Connection, request_bytes

MESSAGES = [{"role": "user", "content": "hello"}]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("openai-errors")
    write_gguf(folder, "tiny", "decoder.gguf")
    write_gguf(folder, "plain", "plain.gguf")
    write_gguf(folder, "strange", "bad_template.gguf")
    with Server(folder) as server:
        yield server


@pytest.fixture(scope="module")
def client(server):
    with openai.OpenAI(base_url=f"http://{server.url}/v1", api_key="none", max_retries=0) as client:
        yield client


def chat(client, **options):
    return client.chat.completions.create(**{"model": "tiny", "messages": MESSAGES, "max_tokens": 8, **options})


def test_an_over_long_prompt_is_400_with_both_lengths(client):
    for stream in (False, True):
        with pytest.raises(openai.BadRequestError) as raised:
            chat(client, messages=[{"role": "user", "content": "z" * 3000}], stream=stream)
        assert raised.value.code == "context_length_exceeded"
        assert "1024" in raised.value.message and "30" in raised.value.message
        assert raised.value.request_id


@pytest.mark.parametrize("model", ["plain", "strange"])
def test_a_model_without_a_usable_template_says_so(client, model):
    with pytest.raises(openai.BadRequestError, match="template"):
        chat(client, model=model)
    assert client.completions.create(model=model, prompt="hello", max_tokens=4).choices


def test_an_unknown_model_is_404_and_the_models_are_listed(client):
    with pytest.raises(openai.NotFoundError) as raised:
        chat(client, model="nobody")
    assert raised.value.code == "model_not_found" and "tiny" in raised.value.message


@pytest.mark.parametrize("schema", [{"type": "nonsense"}, {"$ref": "#/nowhere"}])
def test_an_invalid_schema_is_400(client, schema):
    form = {"type": "json_schema", "json_schema": {"name": "s", "schema": schema}}
    with pytest.raises(openai.BadRequestError):
        chat(client, response_format=form)


def test_a_wrong_type_names_the_field(client):
    for options, param in (
        ({"temperature": "hot"}, "temperature"), ({"n": 0}, "n"), ({"stop": [1]}, "stop"),
        ({"logit_bias": {"x": 1}}, "logit_bias"), ({"top_p": 2}, "top_p"),
    ):
        with pytest.raises(openai.BadRequestError) as raised:
            chat(client, **options)
        assert raised.value.param == param


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b'{"model":"\xc3\x28"}', b"[]", b'"x"', b"{}" * 2])
def test_malformed_bodies_are_400_in_openais_form(server, body):
    for path in ("/v1/chat/completions", "/v1/completions", "/v1/responses", "/v1/embeddings", "/tokenize"):
        response = server.post(path, body)
        assert response.status == 400
        error = response.json()["error"]
        assert error["type"] == "invalid_request_error" and error["message"]


def test_paths_methods_and_sizes(server):
    assert server.get("/v1/nothing").json()["error"]["code"] == "unknown_url"
    response = server.get("/v1/chat/completions")
    assert response.status == 405 and response.headers["allow"] == "POST"


def test_every_answer_has_a_name_and_its_times(server):
    good = json.dumps({"model": "tiny", "prompt": "x", "max_tokens": 2}).encode()
    for body in (good, b"{}"):
        given = server.post("/v1/completions", body, {"x-request-id": "mine-1"})
        assert given.headers["x-request-id"] == "mine-1"
        assert "dur=" in given.headers["server-timing"]


def test_a_deadline_that_cannot_be_met_is_504_and_not_tried_again(server):
    requests = []
    hooks = {"request": [requests.append]}
    with openai.OpenAI(
        base_url=f"http://{server.url}/v1", api_key="none", max_retries=3,
        http_client=httpx2.Client(event_hooks=hooks),
    ) as client:
        with pytest.raises(openai.InternalServerError) as raised:
            chat(client, extra_headers={"x-slo-ttft-ms": "0.001"})
    assert raised.value.status_code == 504
    assert len(requests) == 1


@pytest.fixture(scope="module")
def crowded(tmp_path_factory):
    """One slot and room for one that waits; a token takes 20 ms."""
    folder = tmp_path_factory.mktemp("openai-crowded")
    write_generator(folder, "slow", base_us=20_000, **{"generation.slots": 1, "generation.prefix_slots": 0})
    flags = ["--set", "generation.max_queued_requests=1", "--set", "generation.ttft_ms=60000,60000,60000"]
    with Server(folder, flags=flags) as server:
        yield server


def test_a_full_server_says_when_to_come_back_and_the_client_obeys(crowded):
    body = {"model": "slow", "prompt": "x", "max_tokens": 400, "ignore_eos": True, "stream": True}
    busy = [crowded.connect(), crowded.connect()]
    answers = []

    def note(response):
        answers.append((time.monotonic(), response.status_code, response.headers))
        # The first refusal has been seen: from now on there is room.
        for connection in busy:
            connection.close()

    try:
        for number, connection in enumerate(busy, 1):
            connection.send(request_bytes("POST", "/v1/completions", json.dumps(body).encode()))
            wait_until(lambda: slots_in_use(crowded, "slow") == number, what="the server to be full")
        with openai.OpenAI(
            base_url=f"http://{crowded.url}/v1", api_key="none", max_retries=5,
            http_client=httpx2.Client(event_hooks={"response": [note]}),
        ) as client:
            answer = client.completions.create(model="slow", prompt="x", max_tokens=2)
    finally:
        for connection in busy:
            connection.close()
    assert answer.choices
    statuses = [status for _, status, _ in answers]
    assert statuses[0] == 503 and statuses[-1] == 200, statuses
    wait_ms = int(answers[0][2]["retry-after-ms"])
    assert int(answers[0][2]["retry-after"]) >= wait_ms / 1000
    assert answers[1][0] - answers[0][0] >= 0.95 * wait_ms / 1000


def test_an_error_in_mid_stream_is_an_event(tmp_path):
    """Every fifth step of the engine fails: the status has gone out, so the error comes as data."""
    write_generator(tmp_path, "weak", base_us=1000, fail_every=30)
    with Server(tmp_path) as server:
        with openai.OpenAI(base_url=f"http://{server.url}/v1", api_key="none", max_retries=0) as client:
            failures = 0
            for _ in range(3):
                try:
                    stream = client.completions.create(
                        model="weak", prompt="x", max_tokens=400, stream=True, extra_body={"ignore_eos": True}
                    )
                    pieces = [chunk.choices[0].text for chunk in stream]
                    assert pieces
                except openai.APIError as error:
                    failures += 1
                    assert error.message
            assert failures
            assert server.get("/v2/health/live").status == 200
