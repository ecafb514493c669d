"""Connections that are slow, idle, many, pipelined, or gone."""

import json

import pytest
from polling import wait_until
from repository import ROW, write_synthetic
from server import NIGHTLY, Server
from wire import ConnectionClosed, infer_body, request_bytes

HEADER_TIMEOUT_MS = 500
INFER = "/v2/models/quick/infer"


@pytest.fixture(scope="module")
def hasty(tmp_path_factory):
    """A server that waits half a second for a request's head."""
    folder = tmp_path_factory.mktemp("hasty")
    write_synthetic(folder, "quick")
    with Server(folder, flags=["--set", f"limits.header_timeout_ms={HEADER_TIMEOUT_MS}"]) as server:
        yield server


def test_a_head_that_never_ends_is_cut_off(hasty):
    with hasty.connect() as loris, hasty.connect() as honest:
        loris.send(b"POST /v2/models/quick/infer HTTP/1.1\r\nHost: t\r\n")
        assert honest.request("POST", INFER, ROW).status == 200
        reply = loris.wait_closed()  # times out if the server never closes
    assert reply == b"" or reply.startswith((b"HTTP/1.1 408", b"HTTP/1.1 400"))


def test_a_head_that_drips_is_cut_off_too(hasty):
    """Each byte is progress, and still the head must be whole in time."""
    head = b"GET /v2 HTTP/1.1\r\nHost: t\r\nX-Slow: " + b"a" * 10_000
    with hasty.connect() as loris:
        position = 0

        def closed():
            nonlocal position
            try:
                loris.send(head[position : position + 1])
                position += 1
                loris.socket.settimeout(0.05)
                return loris.socket.recv(1024) == b""
            except TimeoutError:
                return False
            except OSError:
                return True

        wait_until(closed, 10, "the server to close a connection that drips")


def test_idle_connections_cost_nobody_else(synthetic):
    count = 10_000 if NIGHTLY else 1_000
    idle = []
    try:
        for _ in range(count):
            idle.append(synthetic.connect())
        for _ in range(20):
            assert synthetic.infer("quick", ROW).status == 200
    finally:
        for connection in idle:
            connection.close()
    wait_until(lambda: synthetic.infer("quick", ROW).status == 200, what="a served request")


def test_one_connection_serves_many_requests(synthetic):
    with synthetic.connect() as connection:
        for number in range(100):
            body = infer_body(json.loads(ROW)["inputs"][0], id=str(number))
            response = connection.request("POST", INFER, body)
            assert (response.status, response.json()["id"]) == (200, str(number))


def test_pipelined_requests_are_answered_in_order(synthetic):
    """Fast, slow, routed elsewhere, unknown and malformed: the answers keep the order of asking."""
    row = json.loads(ROW)["inputs"][0]
    deadline = {"x-headway-deadline-ms": "20000"}
    script = []
    for number in range(6):
        slow = "/v2/models/slow/infer" if number == 1 else INFER
        script += [
            (request_bytes("POST", slow, infer_body(row, id=f"n{number}"), deadline), 200, f"n{number}"),
            (request_bytes("GET", "/v2/health/live"), 200, None),
            (request_bytes("POST", "/v2/models/unknown/infer", ROW), 404, None),
            (request_bytes("POST", INFER, b"{}"), 400, None),
            (request_bytes("GET", "/v2/models/quick"), 200, None),
        ]
    with synthetic.connect() as connection:
        connection.send(b"".join(request for request, _, _ in script))
        for position, (_, status, identifier) in enumerate(script):
            response = connection.read_response()
            assert response.status == status, (position, response.body)
            if identifier:
                assert response.json()["id"] == identifier


@pytest.mark.parametrize("path", [INFER, "/v2/health/live"])
def test_connection_close_is_honoured(synthetic, path):
    method, body = ("POST", ROW) if path == INFER else ("GET", b"")
    with synthetic.connect() as connection:
        assert connection.request(method, path, body, {"Connection": "close"}).status == 200
        assert connection.wait_closed() == b""


@pytest.mark.parametrize("path", [INFER, "/v2/health/live"])
def test_http_1_0_closes_after_the_answer(synthetic, path):
    method, body = ("POST", ROW) if path == INFER else ("GET", b"")
    with synthetic.connect() as connection:
        connection.send(request_bytes(method, path, body).replace(b"HTTP/1.1", b"HTTP/1.0", 1))
        reply = connection.wait_closed()
    assert b" 200 " in reply.split(b"\r\n")[0]


def test_a_client_that_leaves_cancels_its_waiting_request(synthetic):
    """`single` takes 200 ms for each request, one by one: the one that left is never run."""
    before = synthetic.statistics("single")
    request = request_bytes("POST", "/v2/models/single/infer", ROW, {"x-headway-deadline-ms": "20000"})
    first, leaver, last = (synthetic.connect() for _ in range(3))
    first.send(request)
    leaver.send(request)
    leaver.close()
    last.send(request)
    assert first.read_response().status == 200
    assert last.read_response().status == 200
    first.close()
    last.close()
    after = synthetic.statistics("single")
    assert after["execution_count"] - before["execution_count"] == 2
    count = [stats["inference_stats"]["success"]["count"] for stats in (before, after)]
    assert count[1] - count[0] == 2


def test_clients_that_leave_in_mid_answer_harm_nobody(synthetic):
    for cut in (1, 50, len(ROW), len(ROW) + 60):
        for _ in range(10):
            with synthetic.connect() as connection:
                connection.send(request_bytes("POST", INFER, ROW)[:cut])
    for _ in range(10):
        with synthetic.connect() as connection:
            connection.send(request_bytes("POST", INFER, ROW) * 20)
    assert synthetic.infer("quick", ROW).status == 200


def test_half_closed_clients_still_get_their_answer(synthetic):
    with synthetic.connect() as connection:
        connection.send(request_bytes("POST", INFER, ROW))
        connection.finish_sending()
        try:
            assert connection.read_response().status == 200
        except ConnectionClosed as closed:
            assert closed.received == b"", "half an answer"
