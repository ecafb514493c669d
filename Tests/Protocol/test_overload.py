"""More load than the device can carry: honest answers, bounded memory, and recovery."""

import time

import pytest
from load import evenly, infer_request, run_load, statuses
from polling import wait_until
from repository import ROW, write_synthetic
from server import NIGHTLY, Server

# A batch of 8 takes 60 ms: 133 requests a second.
COST = {"base_us": 20_000, "per_row_us": 5_000, "max_batch_size": 8}
CAPACITY = 133
SECONDS = 20 if NIGHTLY else 5
BOUNDED = """dynamic_batching {
  priority_levels: 3
  default_priority_level: 2
  default_queue_policy { max_queue_size: 16 }
}"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("overload")
    write_synthetic(folder, "deadlined", **COST)
    write_synthetic(folder, "bounded", batching=BOUNDED, **COST)
    with Server(folder) as server:
        yield server


def overload(server, model, deadline_ms):
    """Three times what the device can do; asserts what must hold whatever the policy."""
    assert server.infer(model, ROW).status == 200
    before, memory = server.statistics(model), server.resident_bytes()
    request = infer_request(model, ROW, x_headway_deadline_ms=deadline_ms)
    outcomes = run_load(server.address, evenly(3 * CAPACITY, SECONDS, request))
    found = statuses(outcomes)
    assert set(found) <= {200, 503, 504}, found
    assert found[200] >= 0.5 * CAPACITY * SECONDS, found
    assert server.resident_bytes() - memory < 256 << 20
    success = [s["inference_stats"]["success"]["count"] for s in (before, server.statistics(model))]
    assert success[1] - success[0] == found[200], "every request ends exactly once"
    return outcomes


def assert_recovers(server, model):
    assert wait_until(lambda: server.get("/v2/health/ready").status == 200, what="readiness")

    def served_at_once():
        started = time.monotonic()
        response = server.infer(model, ROW, {"x-headway-deadline-ms": "500"})
        return response.status == 200 and time.monotonic() - started < 0.5

    wait_until(served_at_once, 10, "the backlog to clear")


def test_late_requests_get_504_early_and_the_rest_are_in_time(server):
    outcomes = overload(server, "deadlined", deadline_ms=500)
    # The client measures, on a machine that it shares: a quarter of a second is its own.
    late = [o for o in outcomes if o.status == 200 and o.latency > 0.5 + 0.25]
    assert len(late) <= 0.02 * len(outcomes), f"{len(late)} answers came late"
    refused = [o for o in outcomes if o.status == 504]
    assert refused, "three times the capacity, and nobody was refused"
    assert all(o.headers["x-should-retry"] == "false" for o in refused)
    # A refusal comes before the deadline: waiting for nothing is the worst answer.
    assert sorted(o.latency for o in refused)[int(0.95 * len(refused))] < 0.5 + 0.25
    assert_recovers(server, "deadlined")


def test_a_full_queue_is_503_with_the_time_to_come_back(server):
    outcomes = overload(server, "bounded", deadline_ms=10_000)
    full = [o for o in outcomes if o.status == 503]
    assert full, "three times the capacity, and the queue of 16 was never full"
    for outcome in full:
        assert int(outcome.headers["retry-after"]) >= 1
        assert 0 < int(outcome.headers["retry-after-ms"]) <= 60_000
    # They learn it at once, not when the ten seconds of their deadline are over.
    assert sorted(o.latency for o in full)[len(full) // 2] < 0.5
    assert_recovers(server, "bounded")


def test_the_other_model_does_not_notice(server):
    """One model drowns; its neighbour, on an instance of its own, serves as before."""
    drowning = evenly(3 * CAPACITY, 2, infer_request("deadlined", ROW, x_headway_deadline_ms=500), "drowns")
    calm = evenly(20, 2, infer_request("bounded", ROW, x_headway_deadline_ms=1000), "calm")
    outcomes = run_load(server.address, drowning + calm)
    assert statuses(outcomes, "calm")[200] >= 0.95 * len(calm), statuses(outcomes, "calm")
