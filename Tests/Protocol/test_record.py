"""`headway serve --record` and `headway replay`: what a live server decided, decided again."""

import json

import pytest
from load import evenly, infer_request, run_load
from repository import ROW, write_synthetic
from server import Server, run_headway


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    """A trace of two models under load, ended by SIGTERM; and the statuses that clients saw."""
    folder = tmp_path_factory.mktemp("record")
    models = folder / "models"
    write_synthetic(models, "fast", base_us=500, per_row_us=50, max_batch_size=16)
    write_synthetic(models, "slow", base_us=20_000, per_row_us=500, max_batch_size=8)
    trace = folder / "run.trace"
    arrivals = []
    for start, (deadline, level) in enumerate([(40, "high"), (400, "medium"), (10, "low")]):
        headers = {"x_headway_deadline_ms": deadline, "x_headway_class": level}
        for model, rate in [("fast", 150), ("slow", 100)]:
            request = infer_request(model, ROW, **headers)
            arrivals += evenly(rate, 1, request, tag=model, start=start / 3)
    with Server(models, flags=["--record", trace]) as server:
        outcomes = run_load(server.address, arrivals)
    return trace, outcomes


def test_a_live_run_replays_to_the_same_bytes(recording):
    trace, outcomes = recording
    code, out, error = run_headway("replay", trace, "--simulate")
    assert code == 0, out + error
    assert "equal: every recorded step was answered with the same bytes" in out
    assert "was cut" not in out
    lines = trace.read_text().splitlines()
    # Whoever was turned away before he was parsed is counted and has no arrival of his own.
    arrived = sum(" arrived " in line for line in lines)
    turned_away = 0
    for line in lines:
        words = line.split()
        if len(words) > 1 and words[1] == "turned-away":
            rows = [word for word in words if word.startswith("rows=")]
            turned_away += int(rows[0].removeprefix("rows=")) if rows else 1
    assert arrived > 100
    assert arrived <= len(outcomes) <= arrived + turned_away
    assert sum(line.startswith("scheduler ") for line in lines) == 2
    assert sum(line.startswith("end ") for line in lines) == 2
    events = [line for line in lines if " arrived " in line]
    assert sum(map(len, events)) / len(events) < 90


def test_the_verdict_is_there_for_programs(recording, tmp_path):
    trace, _ = recording
    out = tmp_path / "verdict.json"
    code, _, error = run_headway("replay", trace, "--simulate", "--json", out)
    assert code == 0, error
    verdict = json.loads(out.read_text())
    assert verdict["equal"] and not verdict["cut"]
    assert sorted(entry["model"] for entry in verdict["schedulers"]) == ["fast", "slow"]
    assert all(entry["steps"] > 50 for entry in verdict["schedulers"])


def test_a_changed_decision_is_found(recording, tmp_path):
    """The trace is rewritten so that only the scheduler can tell: the closing hash is left out."""
    trace, _ = recording
    changed = tmp_path / "changed.trace"
    lines = [line for line in trace.read_text().splitlines() if not line.startswith("end ")]
    index = next(i for i, line in enumerate(lines) if line.startswith("  launch "))
    lines[index] = lines[index].replace(" predicted=", " predicted=1")
    changed.write_text("\n".join(lines) + "\n")
    code, out, _ = run_headway("replay", changed, "--simulate")
    assert code == 1
    assert "recorded:" in out and "replayed:" in out
    assert f"line {index} of the trace" in out


def test_a_cut_trace_is_replayed_as_far_as_it_goes(recording, tmp_path):
    trace, _ = recording
    cut = tmp_path / "cut.trace"
    data = trace.read_bytes()
    cut.write_bytes(data[: len(data) * 2 // 3])
    code, out, error = run_headway("replay", cut, "--simulate")
    assert code == 0, out + error
    assert "the trace was cut" in out


def test_a_malformed_line_is_named(recording, tmp_path):
    trace, _ = recording
    broken = tmp_path / "broken.trace"
    broken.write_text(trace.read_text().replace(" arrived ", " arived ", 1))
    code, _, error = run_headway("replay", broken, "--simulate")
    assert code == 65
    assert "unknown event 'arived'; allowed: arrived" in error
    code, _, error = run_headway("replay", tmp_path / "none.trace", "--simulate")
    assert code == 66
    assert "cannot be read" in error


def test_the_same_requests_meet_other_policies(recording):
    trace, _ = recording
    code, out, error = run_headway(
        "replay", trace, "--simulate", "--policy", "swb", "--policy", "triton", "--json", "-"
    )
    assert code == 0, error
    reports = json.loads(out)
    assert len(reports) == 2
    for report in reports:
        assert [policy["name"] for policy in report["policies"]] == ["swb", "triton"]
        assert all(policy["offered_rps"] > 10 for policy in report["policies"])


def test_a_public_trace_meets_a_policy(tmp_path):
    trace = tmp_path / "azure.csv"
    rows = [f"2023-11-16 18:17:{second:02}.5,100,10" for second in range(30)]
    trace.write_text("\n".join(["TIMESTAMP,ContextTokens,GeneratedTokens", *rows, "oops"]) + "\n")
    code, out, error = run_headway("replay", trace, "--simulate")
    assert code == 0, error
    assert "swb" in out
    assert ":32: 1 columns; allowed: 3" in error
    assert "1 malformed row was left out" in error


def test_a_recording_that_cannot_be_written_is_said_before_the_start(tmp_path):
    code, _, error = run_headway(
        "serve", "--record", tmp_path / "none" / "run.trace", "--http-port", 0
    )
    assert code != 0
    assert "cannot write to" in error
