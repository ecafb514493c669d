"""More models than the memory limit has room for: all of them are served, and what that costs is visible."""

import itertools
import random
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from polling import wait_until
from repository import write_dense
from server import Server
from wire import infer_body, request_bytes, tensor

MIB = 1 << 20
NAMES = ["anchor", "buoy", "capstan"]
WIDTH = 2048
LAYERS = 2
RANDOM = np.random.default_rng(4)
ROWS = RANDOM.standard_normal((8, WIDTH)).astype(np.float32)


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    folder = tmp_path_factory.mktemp("memory")
    return folder, {
        name: write_dense(folder, name, WIDTH, LAYERS, seed) for seed, name in enumerate(NAMES)
    }


@pytest.fixture(scope="module")
def limit(weights):
    """Room for two of the three models, by what they need where there is no limit."""
    with Server(weights[0]) as server:
        models = server.get("/headway/v1/status").json()["models"]
        assert metric(server, "headway_memory_limit_bytes") == 0
    measured = sorted(model["measured_bytes"] for model in models)
    assert measured[0] > 16 * MIB, measured
    limit = int(1.25 * (measured[1] + measured[2]))
    assert limit < sum(measured), measured
    return limit


@pytest.fixture(scope="module")
def server(weights, limit):
    flags = [f"--set=memory.limit_bytes={limit}", "--set=memory.minimum_residency_ms=50"]
    with Server(weights[0], flags=flags) as server:
        yield server


def metric(server, name, **labels):
    """The sum of a metric's samples that have these labels."""
    lines = server.get("/metrics").body.decode().splitlines()
    wanted = [f'{key}="{value}"' for key, value in labels.items()]
    return sum(
        float(line.rsplit(" ", 1)[1])
        for line in lines
        if line.split("{")[0].split(" ")[0] == name and all(label in line for label in wanted)
    )


def expected(layers, rows):
    for layer in layers:
        rows = np.maximum(rows @ layer, 0)
    return rows


def is_right(response, layers, rows):
    (output,) = response.json()["outputs"]
    answer = np.array(output["data"], dtype=np.float32).reshape(output["shape"])
    return np.allclose(answer, expected(layers, rows), rtol=1e-3, atol=1e-3)


def test_all_models_are_ready_though_they_do_not_fit_together(server, limit):
    assert f"({len(NAMES)} models)" in server.ready_line
    index = server.post("/v2/repository/index", b"{}").json()
    assert [entry["state"] for entry in index] == ["READY"] * len(NAMES)
    assert any("paged out" in entry["reason"] for entry in index)
    for name in NAMES:
        assert server.get(f"/v2/models/{name}/ready").status == 200
        assert server.get(f"/v2/models/{name}/config").status == 200
        metadata = server.get(f"/v2/models/{name}").json()
        assert metadata["inputs"][0]["shape"] == [-1, WIDTH]
    assert metric(server, "headway_memory_limit_bytes") == limit
    assert 0 < metric(server, "headway_memory_used_bytes") <= limit


def test_a_mixed_load_is_answered_rightly_or_refused_honestly(server, weights, limit):
    before = metric(server, "headway_model_page_ins_total")
    numbers = iter(range(10**6))
    lock = threading.Lock()

    def one(connection, draw):
        with lock:
            number = next(numbers)
        # One model is popular, the others come and go.
        name = draw.choices(NAMES, weights=[6, 2, 1])[0]
        rows = ROWS[: draw.randint(1, 4)]
        deadline = draw.choice([5, 200, 10_000, 10_000])
        headers = {"x-headway-deadline-ms": str(deadline), "x-request-id": f"memory-{number}"}
        body = infer_body(tensor("x", rows))
        response = connection.request("POST", f"/v2/models/{name}/infer", body, headers)
        if response.status == 200:
            assert is_right(response, weights[1][name], rows), name
        else:
            assert response.status in (503, 504), response.body
            if response.status == 503:
                assert "not in memory" in response.error
                assert int(response.headers["retry-after-ms"]) >= 1
        return response.status, deadline

    def client(seed):
        draw = random.Random(seed)
        with server.connect(timeout=60) as connection:
            return [one(connection, draw) for _ in range(40)]

    with ThreadPoolExecutor(6) as threads:
        answers = [answer for answers in threads.map(client, range(6)) for answer in answers]
    assert len(answers) == 240
    patient = [status for status, deadline in answers if deadline == 10_000]
    assert patient.count(200) / len(patient) > 0.9, answers
    page_ins = metric(server, "headway_model_page_ins_total") - before
    assert page_ins > 0
    assert metric(server, "headway_model_page_outs_total") > 0
    assert metric(server, "headway_model_page_in_seconds_total") > 0
    assert metric(server, "headway_model_page_waiting_requests") == 0
    assert metric(server, "headway_memory_used_bytes") <= limit
    seconds = metric(server, "headway_model_page_in_seconds_total")
    loads = metric(server, "headway_model_page_ins_total")
    print(f"{page_ins:.0f} page-ins for 240 requests, {seconds / loads * 1_000:.0f} ms each")


def absent(server):
    """A model that is not in memory."""

    def found():
        models = server.get("/headway/v1/status").json()["models"]
        return next((model["name"] for model in models if model["residency"] == "paged_out"), None)

    return wait_until(found, 20, "a model to be out of memory")


def ask_absent(server, deadline_ms, rows, is_wanted):
    """Asks models that are not in memory, until one was still not there when the request came:
    (name, response, decision)."""
    for attempt in itertools.count():
        assert attempt < 50, "no model stays out of memory for long enough to be asked"
        name, label = absent(server), f"absent-{deadline_ms}-{attempt}"
        headers = {"x-headway-deadline-ms": str(deadline_ms), "x-request-id": label}
        response = server.infer(name, infer_body(tensor("x", rows)), headers)
        (decision,) = server.get(f"/headway/v1/decisions/{label}").json()["decisions"]
        if is_wanted(response, decision):
            return name, response, decision


def test_who_waits_for_a_model_can_ask_why(server, weights):
    name, response, decision = ask_absent(
        server, 30_000, ROWS, lambda _, decision: decision.get("loading_ms"))
    assert response.status == 200, response.body
    assert is_right(response, weights[1][name], ROWS)
    assert 0 < decision["loading_ms"] <= decision["queued_ms"]
    assert any("not in memory: it waited" in sentence for sentence in decision["explanation"])


def test_who_cannot_wait_is_told_when_to_come_again(server):
    _, response, decision = ask_absent(
        server, 2, ROWS[:1], lambda response, _: response.status == 503)
    assert "not in memory" in response.error
    assert 1 <= int(response.headers["retry-after-ms"]) <= 60_000
    assert any("not in memory" in sentence for sentence in decision["explanation"])


def test_a_client_that_hangs_up_leaves_nothing_behind(server):
    name = absent(server)
    connection = server.connect()
    body = infer_body(tensor("x", ROWS[:1]))
    connection.send(request_bytes("POST", f"/v2/models/{name}/infer", body))
    connection.close()
    wait_until(
        lambda: metric(server, "headway_in_flight_requests", model=name) == 0, 10,
        "the request to be over")
    assert server.get(f"/v2/models/{name}/ready").status == 200


def test_a_stop_serves_who_waits_for_a_model(weights, limit):
    flags = [f"--set=memory.limit_bytes={limit}", "--set=memory.minimum_residency_ms=0"]
    with Server(weights[0], flags=flags) as server:
        name = absent(server)
        with ThreadPoolExecutor(1) as threads:
            answer = threads.submit(
                server.infer, name, infer_body(tensor("x", ROWS[:1])),
                {"x-headway-deadline-ms": "30000"})
            wait_until(
                lambda: metric(server, "headway_in_flight_requests", model=name) > 0
                or answer.done(), 10, "the request to be in")
            server.send_signal()
            response = answer.result(30)
    assert response.status == 200, response.body


def test_a_model_that_is_too_large_is_said_to_be(weights):
    flags = [f"--set=memory.limit_bytes={8 * MIB}"]
    with Server(weights[0], flags=flags) as server:
        index = server.post("/v2/repository/index", b"{}").json()
        assert all("memory.limit_bytes" in entry["reason"] for entry in index), index
