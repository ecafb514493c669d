"""`headway simulate` as a program: exit codes, JSON, HTML, wrong flags and wrong files."""

import json
import math

import pytest
from server import run_headway

SCENARIO = """\
name: small
duration_s: 2
warmup_s: 0.5
devices: {count: 1, base_ms: 1.39, per_item_ms: 0.0793, noise: 0.02}
classes:
  - {name: high, share: 0.2, weight: 8, deadline_ms: 40}
  - {name: low, share: 0.8, weight: 1, deadline_ms: 400}
arrivals: {process: poisson, rate_rps: 6000}
policies: [swb, {name: small static, static: {batch: 64}}]
"""
TARGET = "targets: [{policy: swb, class: high, figure: in_time_pct, at_least: %s}]\n"

FIGURES = [
    "name", "offered_rps", "completed_rps", "in_time_rps", "latency_ms", "strict_p99_ms",
    "rejected_pct", "late_pct", "mean_batch", "classes",
]


@pytest.fixture
def scenario(tmp_path):
    file = tmp_path / "small.yaml"
    file.write_text(SCENARIO)
    return file


def simulate(*arguments, **environment):
    return run_headway("simulate", *arguments, timeout=120, **environment)


def test_the_json_report_has_the_documented_names_in_their_order(scenario):
    code, stdout, stderr = simulate(scenario, "--json", "-")
    assert code == 0, stderr
    report = json.loads(stdout)
    assert list(report)[:3] == ["scenario", "seed", "policies"]
    assert (report["scenario"], report["seed"]) == ("small", 1)
    assert [policy["name"] for policy in report["policies"]] == ["swb", "small static"]
    for policy in report["policies"]:
        assert list(policy)[: len(FIGURES)] == FIGURES
        assert list(policy["latency_ms"]) == ["mean", "p50", "p90", "p99", "p999"]
        assert [entry["name"] for entry in policy["classes"]] == ["high", "low"]
        assert list(policy["classes"][0])[:4] == ["name", "in_time_pct", "p99_ms", "rejected_pct"]
        assert math.isclose(policy["offered_rps"], 6000, rel_tol=0.05)
    assert report["policies"][0]["latency_ms"]["p99"] < 10


def test_the_same_seed_gives_the_same_report_and_another_one_another(scenario):
    first, again = (simulate(scenario, "--json", "-")[1] for _ in range(2))
    other = simulate(scenario, "--json", "-", "--seed", "2")[1]
    assert first == again != other


def test_a_table_goes_to_the_terminal_without_colours_in_a_pipe(scenario):
    code, stdout, stderr = simulate(scenario)
    assert code == 0 and stderr == ""
    assert "small static" in stdout and "P99 ms" in stdout
    assert "\x1b" not in stdout


def test_targets_decide_the_exit_code(tmp_path, scenario):
    held, missed = tmp_path / "held.yaml", tmp_path / "missed.yaml"
    held.write_text(SCENARIO + TARGET % 99)
    missed.write_text(SCENARIO.replace("small\n", "other\n", 1) + TARGET % 100.5)
    assert simulate(held)[0] == 0
    code, stdout, _ = simulate(held, missed)
    assert code == 1
    assert "✓ small: the target holds" in stdout and "✗ other: 1 of 1 target missed" in stdout
    code, stdout, _ = simulate(missed, "--quiet")
    assert code == 1 and stdout.strip().count("\n") == 0
    assert simulate(held, "--quiet")[1] == ""


def test_reports_are_written_to_files(tmp_path, scenario):
    page, report, folder = tmp_path / "a" / "r.html", tmp_path / "r.json", tmp_path / "plots"
    code, _, stderr = simulate(
        scenario, "--html", page, "--json", report, "--series", "--figures", folder
    )
    assert code == 0, stderr
    html = page.read_text()
    assert html.startswith("<!doctype html>") and html.rstrip().endswith("</html>")
    assert "http:" not in html and "https:" not in html and "<script" not in html
    assert "headway simulate" in html and "small static" in html
    assert json.loads(report.read_text())["policies"][0]["series"]["queued"]
    assert (folder / "small-latency.svg").read_text().startswith("<svg")


def test_policies_can_be_chosen_and_added_by_name(scenario):
    names = ["--policy", "small static", "--policy", "greedy"]
    report = json.loads(simulate(scenario, "--json", "-", *names)[1])
    assert [policy["name"] for policy in report["policies"]] == ["small static", "greedy"]


def test_an_explanation_names_the_knee(scenario):
    code, stdout, stderr = simulate(scenario, "--explain", "--policy", "swb")
    assert code == 0, stderr
    for word in ("M/M/1", "batch device", "knee", "Why they differ"):
        assert word in stdout


@pytest.mark.parametrize(
    "flags, says",
    [
        (["--policy", "nexsu"], "did you mean 'nexus'"),
        (["--frobnicate"], "--frobnicate"),
        (["--seeds", "0"], "--seeds is 0"),
        (["--seed", "x"], "--seed"),
        (["--series"], "--json"),
        (["--json", "-", "--html", "-"], "standard output"),
    ],
)
def test_wrong_flags_end_with_64_and_say_why(scenario, flags, says):
    code, stdout, stderr = simulate(scenario, *flags)
    assert code == 64, stderr
    assert says in stderr and stdout == ""


def test_no_file_is_a_wrong_use():
    assert simulate()[0] == 64


def test_a_file_that_is_not_there_ends_with_66(tmp_path):
    missing = tmp_path / "nowhere.yaml"
    code, _, stderr = simulate(missing)
    assert code == 66 and str(missing) in stderr


def test_a_wrong_scenario_ends_with_65_and_names_file_line_and_key(tmp_path):
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(SCENARIO.replace("per_item_ms", "per_itm_ms") + "sed: 3\n")
    code, _, stderr = simulate(wrong)
    assert code == 65
    assert f"{wrong}:4: unknown key 'per_itm_ms'" in stderr
    assert "did you mean 'per_item_ms'?" in stderr
    assert f"{wrong}:10: unknown key 'sed'" in stderr


def test_a_report_that_cannot_be_written_ends_with_73(tmp_path, scenario):
    blocked = tmp_path / "file"
    blocked.write_text("")
    code, _, stderr = simulate(scenario, "--json", blocked / "r.json")
    assert code == 73 and "r.json" in stderr


def test_recorded_traffic_stands_beside_the_scenario_file(tmp_path):
    rows = "".join(f"2023-11-16 18:17:{second:02}.5,100,10\n" for second in range(1, 9))
    (tmp_path / "azure.csv").write_text("TIMESTAMP,ContextTokens,GeneratedTokens\n" + rows)
    file = tmp_path / "recorded.yaml"
    file.write_text(
        "name: recorded\nduration_s: 8\nwarmup_s: 0\narrivals: {process: trace, file: azure.csv}\n"
    )
    code, stdout, stderr = simulate(file, "--json", "-")
    assert code == 0, stderr
    assert json.loads(stdout)["policies"][0]["offered_rps"] == 1
    file.write_text(file.read_text().replace("azure.csv", "other.csv"))
    code, _, stderr = simulate(file)
    assert code == 66 and "other.csv" in stderr
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    code, _, stderr = simulate(file)
    assert code == 65 and "other.csv:1" in stderr
