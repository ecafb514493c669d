"""What one client, and all of them together, may take: bodies, streams, and time."""

import json
import socket

import pytest
from polling import wait_until
from repository import ROW, write_config, write_synthetic
from server import Server
from text_models import slots_in_use, write_generator
from wire import Connection, ConnectionClosed, infer_body, request_bytes, split_binary, tensor

MIB = 1 << 20
FLAGS = [
    "--set=limits.max_body_bytes=1048576",
    "--set=limits.max_incoming_bytes=1048576",
    "--set=limits.max_streams=2",
    "--set=limits.header_timeout_ms=1000",
    "--set=limits.min_upload_bytes_per_s=4096",
    "--set=limits.write_timeout_ms=4000",
]
INFER = "/v2/models/quick/infer"
PATIENT = {"x-slo-ttft-ms": "60000", "x-headway-deadline-ms": "60000"}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("limits")
    write_synthetic(folder, "quick")
    # A clock: each answer takes a fifth of a second.
    write_synthetic(folder, "tick", base_us=200_000, max_batch_size=1)
    write_generator(folder, "steady", base_us=5_000, **{"generation.slots": 8})
    text = 'name: "wide"\nbackend: "synthetic"\nmax_batch_size: 1\n'
    text += 'input [ { name: "x" data_type: TYPE_FP32 dims: [ 1 ] } ]\n'
    text += 'output [ { name: "y" data_type: TYPE_FP32 dims: [ 1000000 ] } ]\n'
    write_config(folder, "wide", text)
    with Server(folder, flags=FLAGS) as server:
        yield server


def figure(server, name):
    for line in server.get("/metrics").body.decode().splitlines():
        if line.startswith(name + " "):
            return float(line.rsplit(" ", 1)[1])
    raise AssertionError(f"no sample {name}")


def cut(server, cause):
    return figure(server, f'headway_connections_cut_total{{cause="{cause}"}}')


def refused(server, cause):
    return figure(server, f'headway_requests_refused_total{{cause="{cause}"}}')


def tick(server):
    """Lets a fifth of a second pass on the server."""
    assert server.infer("tick", ROW, PATIENT).status == 200


def padded(size):
    """The body ROW, as long as is wanted."""
    return b"{" + b" " * (size - len(ROW)) + ROW[1:]


def wide_request(headers=None):
    """A question of a few bytes whose answer has four million."""
    body = infer_body(
        tensor("x", [[1.0]]), outputs=[{"name": "y", "parameters": {"binary_data": True}}]
    )
    return request_bytes("POST", "/v2/models/wide/infer", body, {**PATIENT, **(headers or {})})


# Bodies


@pytest.mark.parametrize("path", [INFER, "/v1/completions"])
def test_a_body_that_drips_is_cut_off(server, path):
    before = cut(server, "slow_sender")
    with server.connect() as loris:
        loris.send(request_bytes("POST", path, b"{", content_length=100_000))

        def closed():
            try:
                loris.send(b" ")
                loris.socket.settimeout(0.05)
                return loris.socket.recv(1024) == b""
            except TimeoutError:
                return False
            except OSError:
                return True

        wait_until(closed, 20, "the server to close a connection that drips")
    assert cut(server, "slow_sender") == before + 1
    assert server.infer("quick", ROW).status == 200


def test_a_large_body_may_take_longer_than_a_small_one(server):
    """The limit is one second, and one more for each 4 KiB: this takes two and is far from slow."""
    body = padded(1_000_000)
    request = request_bytes("POST", INFER, body, PATIENT)
    with server.connect() as connection:
        for start in range(0, len(request), 100_000):
            connection.send(request[start : start + 100_000])
            tick(server)
        assert connection.read_response().status == 200


@pytest.mark.parametrize(
    "path, rest",
    [
        (INFER, ROW),
        ("/v1/completions", json.dumps({"model": "steady", "prompt": "x", "max_tokens": 1}).encode()),
    ],
)
def test_bodies_that_come_in_have_a_budget_together(server, path, rest):
    assert figure(server, "headway_incoming_body_bytes") == 0
    before = refused(server, "bodies")
    holders = [server.connect() for _ in range(3)]
    # Two of the three fit into a mebibyte, but not a third.
    for holder in holders:
        holder.send(request_bytes("POST", path, b"{" + b" " * 400_000, PATIENT, content_length=500_000))

    def told():
        """Whoever was refused."""
        found = []
        for holder in holders:
            holder.socket.settimeout(0.02)
            try:
                found.append((holder, holder.read_response()))
            except TimeoutError:
                pass
        return found

    ((loser, response),) = wait_until(told, 20, "one of three to be refused")
    assert response.status == 503
    assert int(response.headers["retry-after"]) >= 1
    assert refused(server, "bodies") == before + 1
    assert 0 < figure(server, "headway_incoming_body_bytes") <= MIB
    # Small requests are served all the while.
    for _ in range(10):
        assert server.infer("quick", ROW, PATIENT).status == 200
    # The others go on and are answered, and then there is room again.
    for holder in holders:
        if holder is not loser:
            holder.socket.settimeout(20)
            holder.send(b" " * (500_000 - 400_001 - (len(rest) - 1)) + rest[1:])
            assert holder.read_response().status == 200
        holder.close()
    wait_until(lambda: figure(server, "headway_incoming_body_bytes") == 0, what="the budget to be free")
    assert server.infer("quick", padded(900_000), PATIENT).status == 200


def test_clients_that_leave_with_half_a_body_give_its_room_back(server):
    for _ in range(5):
        with server.connect() as connection:
            connection.send(
                request_bytes("POST", INFER, b"{" + b" " * 800_000, PATIENT, content_length=900_000)
            )
            wait_until(
                lambda: figure(server, "headway_incoming_body_bytes") > 100_000, what="the body to come in"
            )
        wait_until(lambda: figure(server, "headway_incoming_body_bytes") == 0, what="its room to be free")


# Streams


def test_answers_with_text_have_a_limit_together(server):
    def body(**options):
        wish = {"model": "steady", "prompt": "x", "max_tokens": 2000, "ignore_eos": True, **options}
        return json.dumps(wish).encode()

    before = refused(server, "streams")
    streams = [server.connect() for _ in range(2)]
    for stream in streams:
        stream.send(request_bytes("POST", "/v1/completions", body(stream=True), PATIENT))
        stream._read_past(b"data: ")
    assert figure(server, "headway_streams") == 2
    for options in ({"stream": True}, {}):
        third = server.post("/v1/completions", body(**options), PATIENT)
        assert third.status == 503
        assert int(third.headers["retry-after"]) >= 1
    assert refused(server, "streams") == before + 2
    streams[0].close()
    wait_until(lambda: figure(server, "headway_streams") == 1, what="a place to be free")
    assert server.post("/v1/completions", body(max_tokens=3), PATIENT).status == 200
    streams[1].close()
    wait_until(lambda: figure(server, "headway_streams") == 0, what="all places to be free")
    wait_until(lambda: slots_in_use(server, "steady") == 0, what="the slots to be free")


# Answers


def reluctant(server):
    """A connection with the least room for what it does not read."""
    connection = Connection.__new__(Connection)
    connection.buffer = b""
    connection.socket = socket.socket()
    connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
    connection.socket.settimeout(20)
    connection.socket.connect(server.address)
    return connection


@pytest.mark.parametrize("requests", [3, 20])
def test_a_client_that_never_takes_its_answers_is_cut_off(server, requests):
    before = cut(server, "slow_reader")
    with reluctant(server) as connection:
        connection.send(wide_request() * requests)
        wait_until(lambda: cut(server, "slow_reader") == before + 1, 30, "the server to lose patience")
        with pytest.raises(ConnectionClosed):
            for _ in range(requests):
                connection.read_response()


def test_a_client_that_takes_its_answers_slowly_gets_all_of_them(server):
    before = cut(server, "slow_reader")
    with reluctant(server) as connection:
        connection.send(wide_request() * 3)
        for _ in range(3):
            while len(connection.buffer) < 4_000_000:
                wanted = min(len(connection.buffer) + 500_000, 4_000_000)
                while len(connection.buffer) < wanted:
                    connection._fill()
                tick(server)
            response = connection.read_response()
            assert response.status == 200
            assert len(split_binary(response)[1]["y"]) == 4_000_000
    assert cut(server, "slow_reader") == before


def test_the_last_answer_of_a_connection_is_not_cut_short(server):
    """The server closes its side after the answer, however long the client takes to begin reading."""
    with reluctant(server) as connection:
        connection.send(wide_request({"Connection": "close"}))
        for _ in range(8):
            tick(server)
        response = connection.read_response()
        assert len(split_binary(response)[1]["y"]) == 4_000_000
        assert connection.wait_closed() == b""
