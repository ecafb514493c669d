"""SIGTERM and SIGINT: finish what was accepted, take nothing new, exit with 0."""

import signal
import threading
import time

import pytest
from load import Arrival, evenly, infer_request, run_load, statuses
from polling import wait_until
from repository import ROW, write_synthetic
from server import Server
from wire import ConnectionClosed

LONG = {"x_headway_deadline_ms": 30_000}


@pytest.fixture
def server(tmp_path):
    """A model that serves four requests in 120 ms, one batch after the other."""
    write_synthetic(tmp_path, "slow", base_us=100_000, per_row_us=5_000, max_batch_size=4)
    with Server(tmp_path) as server:
        yield server


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_idle_server_stops_at_once(server, number):
    with server.connect() as connection:  # one that is idle does not hold it up
        assert connection.request("GET", "/v2/health/live").status == 200
        started = time.monotonic()
        assert server.stop(number) == 0
        assert time.monotonic() - started < 10


def test_connections_that_arrive_with_the_signal_do_no_harm(server):
    """Some are accepted and dropped in the same moment: the end is still an orderly one."""
    arriving = [server.connect() for _ in range(30)]
    assert server.stop() == 0
    for connection in arriving:
        connection.close()


def test_accepted_requests_are_answered_before_the_end(server):
    """Forty requests are inside when the signal comes: forty answers."""
    signalled = threading.Event()

    def stop():
        stats = server.statistics("slow")
        first = stats["inference_stats"]["success"]["count"] + 1
        wait_until(
            lambda: server.statistics("slow")["inference_stats"]["success"]["count"] >= first,
            what="the first answer",
        )
        server.send_signal()
        signalled.set()

    request = infer_request("slow", ROW, **LONG)
    outcomes = run_load(server.address, [Arrival(0, request) for _ in range(40)], during=stop)
    assert signalled.is_set()
    assert statuses(outcomes) == {200: 40}
    assert server.wait_stopped() == 0


def test_a_signal_in_the_middle_of_load_loses_nothing(server):
    """What left before the signal is answered; what came after is answered, refused or not taken."""
    moment = []

    def stop():
        wait_until(
            lambda: server.statistics("slow")["inference_stats"]["success"]["count"] >= 10,
            what="ten answers",
        )
        moment.append(time.monotonic())
        server.send_signal()

    outcomes = run_load(
        server.address, evenly(40, 3, infer_request("slow", ROW, **LONG)), during=stop
    )
    assert server.wait_stopped() == 0
    assert set(statuses(outcomes)) <= {200, 503, 504, 0}, statuses(outcomes)
    # 50 ms before the signal a request on this machine has surely been read.
    before = [o for o in outcomes if o.sent_at < moment[0] - 0.05]
    assert len(before) >= 10
    assert set(statuses(before)) == {200}, statuses(before)


def test_readiness_turns_false_while_work_still_runs(server):
    request = infer_request("slow", ROW, **LONG)
    seen = []

    def stop():
        connection = server.connect()
        assert connection.request("GET", "/v2/health/ready").status == 200
        wait_until(
            lambda: server.statistics("slow")["execution_count"] >= 1, what="the first batch"
        )
        server.send_signal()

        def unready():
            nonlocal connection
            try:
                return connection.request("GET", "/v2/health/ready").status in (400, 503)
            except (ConnectionClosed, OSError):
                pass
            try:
                connection = server.connect()
            except OSError:
                return True  # it takes no new connections: not ready for every probe
            return False

        wait_until(unready, 3, "readiness to turn false")
        seen.append(time.monotonic())

    outcomes = run_load(server.address, [Arrival(0, request) for _ in range(40)], during=stop)
    assert statuses(outcomes) == {200: 40}
    last = max(o.sent_at + o.latency for o in outcomes)
    assert seen[0] < last, "work was still running when readiness turned false"
    assert server.wait_stopped() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ignored_by_inheritance_is_heeded(tmp_path, number):
    """A script starts background programs with SIGINT ignored; Ctrl-C and `kill -INT` end them still."""
    write_synthetic(tmp_path, "quick", base_us=100)
    with Server(tmp_path, ignoring=[signal.SIGINT, signal.SIGTERM]) as server:
        assert server.infer("quick", ROW).status == 200
        started = time.monotonic()
        assert server.stop(number) == 0
        assert time.monotonic() - started < 10


def test_a_second_interrupt_ends_the_drain_at_once(tmp_path):
    """Twenty seconds of work are waiting; nobody has to wait for them who says so twice."""
    write_synthetic(tmp_path, "slow", base_us=1_000_000, max_batch_size=1)
    server = Server(tmp_path).wait_ready()
    connections = [server.connect() for _ in range(20)]
    for connection in connections:
        connection.send(infer_request("slow", ROW, **LONG))
    wait_until(
        lambda: server.get("/headway/v1/status").json()["models"][0]["in_flight"] >= 15,
        what="the requests to be in flight",
    )
    server.send_signal(signal.SIGINT)
    wait_until(lambda: any("draining" in line for line in server.errors), what="the drain")
    started = time.monotonic()
    server.send_signal(signal.SIGINT)
    assert server.wait_stopped(check=False) == 1
    assert time.monotonic() - started < 5
    assert any("second Ctrl-C" in line and "were lost" in line for line in server.errors)
    for connection in connections:
        connection.close()
