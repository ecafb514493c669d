"""Health rules on a real server: what they change, what they tell in a dry run, and that it replays."""

import numpy as np
from load import Arrival, infer_request, run_load
from polling import wait_until
from repository import ROW, write_config, write_synthetic
from server import Server, run_headway
from test_breaker import figure
from test_dashboard import snapshot
from wire import infer_body, tensor

# The process has far more than a mebibyte, so its memory is always short.
SHORT = "--set=health.memory_limit_bytes=1048576"
CHANGES = "headway_health_changes_total"


def test_a_dry_run_tells_on_metrics_dashboard_and_log_and_changes_nothing(tmp_path):
    write_synthetic(tmp_path, "sound", base_us=1_000)
    with Server(tmp_path, flags=[SHORT, "--set=health.dry_run=true"]) as server:
        assert server.infer("sound", ROW).status == 200
        wait_until(
            lambda: figure(server, CHANGES, "sound", rule="memory", mode="dry_run") >= 1,
            20, "the memory rule to tell",
        )  # fmt: skip
        assert figure(server, "headway_queue_limit_requests", "sound") == 16_384
        rows = snapshot(server)["controllers"]
        row = next(row for row in rows if row["name"] == "waiting requests")
        assert row["model"] == "sound"
        assert row["text"].startswith("would be "), row
        assert row["reason"].startswith("memory "), row


def test_a_change_holds_is_recorded_and_replays(tmp_path):
    repository = tmp_path / "models"
    repository.mkdir()
    write_synthetic(repository, "sound", base_us=1_000)
    trace = tmp_path / "run.trace"
    with Server(repository, flags=[SHORT, f"--record={trace}"]) as server:
        assert server.infer("sound", ROW).status == 200
        wait_until(
            lambda: figure(server, "headway_queue_limit_requests", "sound") < 16_384,
            20, "the memory rule to act",
        )  # fmt: skip
        # What is left is one request that waits, and one that runs.
        assert server.infer("sound", ROW).status == 200
    assert " queue-limited " in trace.read_text()
    code, out, error = run_headway("replay", trace, "--simulate")
    assert code == 0, out + error
    assert "equal: every recorded step was answered with the same bytes" in out


def test_memory_that_a_burst_took_is_given_back(tmp_path):
    text = """backend: "synthetic" max_batch_size: 1
    input [ { name: "x" data_type: TYPE_FP32 dims: [ 131072 ] } ]
    output [ { name: "y" data_type: TYPE_FP32 dims: [ 131072 ] } ]
    parameters { key: "base_us" value { string_value: "5000" } }"""
    write_config(tmp_path, "wide", text)
    body = infer_body(tensor("x", np.ones((1, 131_072))))
    request = infer_request("wide", body, x_headway_deadline_ms=30_000)
    with Server(tmp_path, flags=[SHORT, "--set=health.memory_rule=false"]) as server:
        assert server.infer("wide", body).status == 200
        before, most = server.resident_bytes(), []
        outcomes = run_load(
            server.address, [Arrival(0.0, request)] * 200,
            during=lambda: wait_until(
                lambda: most.append(server.resident_bytes()) or most[-1] > before + 80e6,
                20, "requests to take memory",
            ),
        )  # fmt: skip
        assert {outcome.status for outcome in outcomes} == {200}
        wait_until(
            lambda: server.resident_bytes() < before + 40e6, 15, "freed memory to be given back"
        )
