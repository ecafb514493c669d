"""Many streams at a time, clients that go away, and clients that do not read."""

import asyncio
import json
import socket

import openai
import pytest
from polling import wait_until
from server import NIGHTLY, Server
from text_models import slots_in_use, write_generator
from wire import request_bytes

PATIENT = {"x-slo-ttft-ms": "60000"}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("openai-streams")
    write_generator(folder, "quick", base_us=500, per_token_us=5, **{"generation.slots": 32})
    write_generator(folder, "steady", base_us=5_000, **{"generation.slots": 4})
    with Server(folder) as server:
        yield server


def body(model, **options):
    return json.dumps(
        {"model": model, "prompt": "x", "max_tokens": 4000, "ignore_eos": True, "stream": True, **options}
    ).encode()


def start(server, model, **options):
    connection = server.connect()
    connection.send(request_bytes("POST", "/v1/completions", body(model, **options), PATIENT))
    return connection


def assert_free(server, model):
    wait_until(lambda: slots_in_use(server, model) == 0, 10, "slots to be free")


def test_64_streams_at_once_give_what_each_gives_alone(server):
    async def run():
        async with openai.AsyncOpenAI(
            base_url=f"http://{server.url}/v1", api_key="none", default_headers=PATIENT
        ) as client:

            async def one(number):
                stream = await client.completions.create(
                    model="quick", prompt=f"prompt {number % 16}", max_tokens=40, temperature=0, stream=True,
                    stream_options={"include_usage": True},
                )
                text, usage = "", None
                async for chunk in stream:
                    text += chunk.choices[0].text if chunk.choices else ""
                    usage = chunk.usage or usage
                assert usage.completion_tokens <= 40
                return text

            alone = [await one(number) for number in range(16)]
            together = await asyncio.gather(*(one(number) for number in range(64)))
            assert together == alone * 4

    asyncio.run(run())
    assert_free(server, "quick")


def test_a_client_that_leaves_in_mid_stream_frees_its_slot(server):
    connections = [start(server, "steady") for _ in range(4)]
    for connection in connections:
        assert connection._read_past(b"data: ")
    wait_until(lambda: slots_in_use(server, "steady") == 4, what="four running")
    for connection in connections:
        connection.close()
    assert_free(server, "steady")


def test_a_client_that_leaves_before_its_first_token_frees_its_place(server):
    running = [start(server, "steady") for _ in range(4)]
    waiting = [start(server, "steady", stream=stream) for stream in (True, False)]
    wait_until(lambda: slots_in_use(server, "steady") == 6, what="two waiting")
    for connection in waiting:
        connection.close()
    wait_until(lambda: slots_in_use(server, "steady") == 4, what="none waiting")
    for connection in running:
        connection.close()
    assert_free(server, "steady")


def test_a_reader_that_stops_holds_nobody_up(server):
    slow = socket.create_connection(server.address)
    slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    slow.sendall(request_bytes("POST", "/v1/completions", body("quick", n=8), PATIENT))
    wait_until(lambda: slots_in_use(server, "quick") == 8, what="the slow reader's answers")
    with openai.OpenAI(base_url=f"http://{server.url}/v1", api_key="none", default_headers=PATIENT) as client:
        for _ in range(5):
            assert client.completions.create(model="quick", prompt="y", max_tokens=20).choices
    slow.close()
    assert_free(server, "quick")


@pytest.mark.timeout(900)  # ten thousand requests at night
def test_memory_stays_flat_over_many_requests(server):
    """With answers of all ends: whole, streamed, refused, given up."""
    count = 10_000 if NIGHTLY else 400

    def round_of(size):
        with server.connect() as connection:
            for number in range(size):
                options = [
                    {"max_tokens": 4, "stream": False}, {"max_tokens": 4}, {"temperature": 9},
                    {"prompt": "x" * 9000, "stream": False},
                ][number % 4]
                response = connection.request("POST", "/v1/completions", body("quick", **options), PATIENT)
                assert response.status == (200, 200, 400, 400)[number % 4], response.body
                if number % 50 == 0:
                    start(server, "quick").close()

    round_of(count // 2)
    before = server.resident_bytes()
    round_of(count)
    assert_free(server, "quick")
    assert server.resident_bytes() - before < 16 << 20
