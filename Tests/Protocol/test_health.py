"""Health rules on a real server: what they change, what they tell in a dry run, and that it replays."""

from polling import wait_until
from repository import ROW, write_synthetic
from server import Server, run_headway
from test_breaker import figure
from test_dashboard import snapshot

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
