"""Grafana's dashboard and Prometheus' rules: what they name exists, and Prometheus accepts it."""

import json
import re
import shutil
import subprocess
import time
import urllib.parse
import urllib.request

import pytest
from polling import wait_until
from repository import ROW
from server import ROOT, free_port

FOLDER = ROOT / "deploy" / "observability"
RULES = FOLDER / "headway-rules.yml"

# What only Prometheus makes, and words of its language that look like metrics.
FOREIGN = {"up"}

needs_promtool = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="promtool is not installed (apt-get install prometheus)"
)
needs_prometheus = pytest.mark.skipif(
    shutil.which("prometheus") is None,
    reason="prometheus is not installed (apt-get install prometheus)",
)


def catalogue():
    """Every series name that the server has, by docs/metrics.md, which a test compares with the code."""
    names = set()
    for line in (ROOT / "docs" / "metrics.md").read_text().splitlines():
        row = re.match(r"\| `([\w:]+)` \| (\w+) \|", line)
        if row and row[2] == "histogram":
            names |= {f"{row[1]}_{part}" for part in ("bucket", "sum", "count")}
        elif row:
            names.add(row[1])
    assert len(names) > 50
    return names


def metrics_in(expression):
    """The metrics that a PromQL expression reads."""
    text = re.sub(r'"[^"]*"', "", expression)
    text = re.sub(r"\b(by|without|on|ignoring)\s*\([^)]*\)", "", text)
    return set(re.findall(r"\b(?:headway_|nv_|vllm:|up\b)\w*", text))


def dashboard():
    return json.loads((FOLDER / "grafana-dashboard.json").read_text())


def expressions_of_dashboard():
    board = dashboard()
    for panel in board["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"]
    for variable in board["templating"]["list"]:
        if variable["type"] == "query":
            yield variable["name"], variable["definition"].replace('"', " ")


def expressions_of_rules():
    import yaml

    for group in yaml.safe_load(RULES.read_text())["groups"]:
        for rule in group["rules"]:
            yield rule.get("alert") or rule["record"], rule["expr"]


def test_every_metric_of_dashboard_and_rules_is_in_the_catalogue():
    known = catalogue() | FOREIGN
    found = set()
    for place, expression in [*expressions_of_dashboard(), *expressions_of_rules()]:
        names = metrics_in(expression)
        found |= names
        assert names or "headway:" in expression, f"{place} reads no metric: {expression}"
        assert names <= known, f"{place} reads what does not exist: {names - known}"
    assert len(found) > 25, found


def test_panels_do_not_overlap_and_all_have_a_title_and_a_unit():
    taken = set()
    for panel in dashboard()["panels"]:
        place = panel["gridPos"]
        assert panel["title"]
        assert panel["type"] == "row" or panel["fieldConfig"]["defaults"]["unit"]
        assert place["x"] + place["w"] <= 24
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells


@needs_promtool
@pytest.mark.parametrize(
    "command",
    [
        ["check", "config", "prometheus.yml"],
        ["check", "rules", "headway-rules.yml"],
        ["test", "rules", "headway-rules-test.yml"],
    ],
    ids=" ".join,
)
def test_promtool_accepts_the_configuration_and_the_rules_do_as_their_tests_say(command):
    done = subprocess.run(["promtool", *command], cwd=FOLDER, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@needs_promtool
def test_promtool_finds_no_fault_in_the_exposition(synthetic):
    assert synthetic.infer("quick", ROW).status == 200
    text = synthetic.get("/metrics").body
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True)
    # Triton's and vLLM's names break Prometheus' rules of naming, which is not ours to change.
    complaints = [
        line
        for line in (done.stdout + done.stderr).decode().splitlines()
        if line.startswith("headway_")
    ]
    assert not complaints, complaints


@needs_prometheus
def test_prometheus_scrapes_a_running_server_and_evaluates_every_expression(synthetic, tmp_path):
    port = free_port()
    text = (FOLDER / "prometheus.yml").read_text()
    text = text.replace("localhost:8002", f"127.0.0.1:{synthetic.metrics_port}")
    text = text.replace("15s", "1s").replace("headway-rules.yml", str(RULES))
    (tmp_path / "prometheus.yml").write_text(text)
    prometheus = subprocess.Popen(
        [
            "prometheus",
            f"--config.file={tmp_path}/prometheus.yml",
            f"--storage.tsdb.path={tmp_path}/data",
            f"--web.listen-address=127.0.0.1:{port}",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    def query(expression):
        address = f"http://127.0.0.1:{port}/api/v1/query?"
        parameters = urllib.parse.urlencode({"query": expression})
        with urllib.request.urlopen(address + parameters, timeout=5) as answer:
            return json.load(answer)["data"]["result"]

    def is_up():
        try:
            return [r["value"][1] for r in query("up")] == ["1"]
        except OSError:
            return False

    try:
        wait_until(is_up, timeout=30, what="the first scrape")
        end = time.monotonic() + 30
        wait_until(
            lambda: synthetic.infer("quick", ROW).status == 200
            and query("rate(headway_requests_in_time_total[30s]) > 0"),
            timeout=30,
            what="a rate of requests",
            interval=0.2,
        )
        assert time.monotonic() < end
        for place, expression in [*expressions_of_dashboard(), *expressions_of_rules()]:
            if "label_values" in expression:
                continue
            for name, value in (("$__rate_interval", "30s"), ("$instance", ".*"), ("$model", ".*")):
                expression = expression.replace(name, value)
            query(expression)
        assert query('headway_build_info{job="headway"}')
    finally:
        prometheus.terminate()
        prometheus.wait(20)
