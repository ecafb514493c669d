#!/usr/bin/env python3
"""Shows what the health rules do on real models: a step, a drift, bursts and a stall, with and without.

    build/venv/bin/python scripts/bench_health.py --html report.html

The live side of scenarios/health-*.yaml. Each load is played twice on a server of its own, once with the rule
and once with the rule off (`--set=health.…_rule=false`), while the dashboard's snapshot is read twice a second:

    step, drift     `digits-wide` with its quantised twin (make_variants.py), answers due after ten seconds;
                    the load goes to 1.4 times what the full model can do. Rule: `latency`
    bursts, stall   a convolutional network with random weights and images of 602 KB, so that requests
                    that wait are what takes the memory. Bursts of 1.8 times the capacity; a server that is
                    stopped for three seconds (SIGSTOP). Rule: `memory`, with room for one and a half seconds of requests

Rates are parts of a capacity that is measured first, so the same script shows the same on another machine.
Ends with code 1 when a rule changes its mind more often than a load can explain.
"""

import argparse
import html
import os
import signal
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
os.environ.setdefault("HEADWAY_BINARY", str(ROOT / ".build" / "release" / "headway"))
sys.path.insert(0, str(ROOT / "Tests" / "Protocol"))
sys.path.insert(0, str(ROOT / "scripts"))

import numpy as np  # noqa: E402
import onnx  # noqa: E402
from load import Arrival, run_load  # noqa: E402
from make_variants import FULL, TWIN, load_split, write  # noqa: E402
from onnx import TensorProto, helper, numpy_helper  # noqa: E402
from server import Server  # noqa: E402
from wire import request_bytes  # noqa: E402

CONVOLUTION = "convolution"
SIDE = 224
ROWS = 32
DEADLINE_MS = 10_000
# What may wait in memory before the memory rule acts, in seconds of the capacity.
ROOM = 1.5


def convolution(folder):
    """A small network over images: one megabyte of arithmetic for a byte of weights, and large inputs."""
    rng = np.random.default_rng(1)
    shapes = {"first": (32, 3, 7, 7), "second": (128, 32, 3, 3), "third": (128, 128, 3, 3), "last": (128, 10)}
    constants = [
        numpy_helper.from_array(
            rng.normal(0, 1 / np.sqrt(np.prod(shape[1:])), shape).astype(np.float32), name
        )
        for name, shape in shapes.items()
    ]
    nodes, value = [], "image"
    for name, stride in (("first", 4), ("second", 1), ("third", 2)):
        reach = shapes[name][2] // 2
        nodes.append(
            helper.make_node("Conv", [value, name], [name + "_sum"], strides=[stride] * 2, pads=[reach] * 4)
        )
        nodes.append(helper.make_node("Relu", [name + "_sum"], [value := name + "_out"]))
    nodes += [
        helper.make_node("GlobalAveragePool", [value], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["flat"]),
        helper.make_node("MatMul", ["flat", "last"], ["scores"]),
    ]
    graph = helper.make_graph(
        nodes,
        CONVOLUTION,
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["rows", 3, SIDE, SIDE])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["rows", 10])],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.checker.check_model(model)
    (folder / CONVOLUTION / "1").mkdir(parents=True)
    onnx.save(model, folder / CONVOLUTION / "1" / "model.onnx")
    (folder / CONVOLUTION / "config.pbtxt").write_text("max_batch_size: 16\n")


def request(model, array):
    header = (
        '{"inputs":[{"name":"image","shape":%s,"datatype":"FP32",'
        '"parameters":{"binary_data_size":%d}}],"outputs":[{"name":"scores"}]}'
        % (list(array.shape), array.nbytes)
    ).encode()
    names = {
        "Inference-Header-Content-Length": str(len(header)),
        "x-headway-deadline-ms": str(DEADLINE_MS),
    }
    return request_bytes("POST", f"/v2/models/{model}/infer", header + array.tobytes(), names)


def arrivals(levels, message, seed):
    """Poisson arrivals at a rate that goes straight from point to point: [(second, rate)]."""
    rng = np.random.default_rng(seed)
    times, rates = zip(*levels)
    most, at, found = max(rates), 0.0, []
    while (at := at + rng.exponential(1 / most)) < times[-1]:
        if rng.random() * most < np.interp(at, times, rates):
            found.append(Arrival(at, message))
    return found


@dataclass
class Play:
    """A load: points of (second, part of the capacity), and how often the rule may change something."""

    name: str
    rule: str
    levels: list
    most_changes: int
    stop_at: float = 0
    stop_for: float = 0

    @property
    def model(self):
        return FULL if self.rule == "latency" else CONVOLUTION


def square(parts):
    """Points that jump: [(seconds, level)] one after the other."""
    points, at = [], 0.0
    for seconds, level in parts:
        points += [(at, level), (at + seconds - 1e-3, level)]
        at += seconds
    return points


PLAYS = [
    Play("step", "latency", square([(5, 0.5), (15, 1.4), (20, 0.5)]), 2),
    Play("drift", "latency", [(0, 0.3), (5, 0.3), (20, 1.4), (25, 1.4), (35, 0.3), (45, 0.3)], 2),
    # One cut for each second of a burst, a step back for each second of calm.
    Play("bursts", "memory", square([(4, 0.5), (6, 1.8), (8, 0.4), (6, 1.8), (12, 0.4)]), 36),
    Play("stall", "memory", square([(30, 0.75)]), 30, stop_at=10, stop_for=3),
]


@dataclass
class Run:
    """What was seen of one load on one server."""

    outcomes: list
    begun: float
    samples: list = field(default_factory=list)
    limit: int = 0

    def seconds(self):
        """Answered requests by the second in which they were sent: {second: [latency]}."""
        found = defaultdict(list)
        for outcome in self.outcomes:
            if outcome.status == 200:
                found[int(outcome.sent_at - self.begun)].append(outcome.latency * 1e3)
        return found

    def changes(self, rule):
        """How often the rule changed its setting, by the readings."""
        values = [sample[rule] for sample in self.samples]
        return sum(a != b for a, b in zip(values, values[1:]))


def sample(server, model):
    view = server.get("/headway/v1/snapshot").json()
    settings = {row["name"]: row["value"] for row in view["controllers"] if row.get("model") == model}
    return {
        "memory_mb": view["process"]["resident_bytes"] / 1e6,
        "latency": settings.get("preferred variant", 0),
        "memory": settings.get("waiting requests", 16_384),
    }


def measure_capacity(folder, model, message):
    """Requests a second that the model completes when too much is asked of it."""
    with Server(folder, flags=["--set=health.enabled=false"]) as server:
        for rate in (100, 400, 1_600):
            load = arrivals([(0, rate), (2, rate)], message, 1)
            begun = time.monotonic()
            outcomes = run_load(server.address, load)
            done = sum(outcome.status == 200 for outcome in outcomes) / (time.monotonic() - begun)
            if done < 0.8 * rate:
                return done
    return done


def play_once(folder, play, message, capacity, is_on):
    flags, limit = [f"--set=health.{play.rule}_rule={str(is_on).lower()}"], 0
    if play.rule == "memory":
        with Server(folder) as server:
            run_load(server.address, arrivals([(0, 20), (2, 20)], message, 3))
            room = ROOM * capacity * len(message)
            limit = int((server.resident_bytes() + room) / 0.9)
        flags.append(f"--set=health.memory_limit_bytes={limit}")
    levels = [(at, part * capacity) for at, part in play.levels]
    load = arrivals(levels, message, 2)
    with Server(folder, flags=flags) as server:
        run = Run([], 0, limit=limit)

        def watch():
            begun = time.monotonic()
            stopped = False
            while (now := time.monotonic() - begun) < play.levels[-1][0]:
                if play.stop_for and not stopped and now >= play.stop_at:
                    stopped = True
                    server.process.send_signal(signal.SIGSTOP)
                    time.sleep(play.stop_for)
                    server.process.send_signal(signal.SIGCONT)
                run.samples.append({"at": now, **sample(server, play.model)})
                time.sleep(0.5)

        run.outcomes = run_load(server.address, load, watch)
        run.begun = min(outcome.sent_at for outcome in run.outcomes)
    return run


def row(play, run, is_on):
    latencies = [outcome.latency * 1e3 for outcome in run.outcomes if outcome.status == 200]
    asked = len(run.outcomes)
    in_time = sum(latency <= DEADLINE_MS for latency in latencies)
    cheap = sum(outcome.headers.get("x-headway-variant") == TWIN for outcome in run.outcomes)
    lost = sum(outcome.status in (0, -1) for outcome in run.outcomes)
    over = max(sample["memory_mb"] for sample in run.samples) - run.limit / 1e6 if run.limit else None
    return [
        play.name,
        play.rule if is_on else "off",
        str(asked),
        f"{in_time / asked:.1%}",
        f"{(asked - len(latencies) - lost) / asked:.1%}",
        str(lost),
        f"{np.mean(latencies):,.0f}",
        f"{np.quantile(latencies, 0.99):,.0f}",
        f"{cheap / max(len(latencies), 1):.0%}",
        "" if over is None else f"{over:+,.0f}",
        str(run.changes(play.rule)),
    ]


TITLES = ["load", "rule", "requests", "in time", "refused", "lost", "mean ms", "P99 ms", "from the twin",
          "memory beyond the limit, MB", "changes"]  # fmt: skip

WIDTH, HEIGHT, LEFT = 640, 130, 56


def chart(title, series, end, line=None):
    """One plot as SVG: series are [(name, css class, [(x, y)])]."""
    top = max([y for _, _, points in series for _, y in points] + [line or 0, 1e-9]) * 1.08
    x = lambda at: LEFT + (WIDTH - LEFT - 8) * at / end  # noqa: E731
    y = lambda value: HEIGHT - 22 - (HEIGHT - 46) * value / top  # noqa: E731
    parts = [f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img"><title>{html.escape(title)}</title>',
             f'<text x="{LEFT}" y="14">{html.escape(title)}</text>']  # fmt: skip
    for value in (0, top / 2, top):
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - 8}" y1="{y(value):.1f}" y2="{y(value):.1f}"/>')
        parts.append(f'<text class="tick" x="{LEFT - 6}" y="{y(value) + 4:.1f}">{value:,.0f}</text>')
    for at in range(0, int(end) + 1, 10):
        parts.append(f'<text class="at" x="{x(at):.1f}" y="{HEIGHT - 6}">{at} s</text>')
    if line:
        parts.append(f'<line class="limit" x1="{LEFT}" x2="{WIDTH - 8}" y1="{y(line):.1f}" y2="{y(line):.1f}"/>')
    for name, style, points in series:
        path = " ".join(f"{x(at):.1f},{y(value):.1f}" for at, value in points)
        parts.append(f'<polyline class="{style}" points="{path}"><title>{html.escape(name)}</title></polyline>')
    return "\n".join(parts) + "</svg>"


def charts(play, runs, capacity):
    end = play.levels[-1][0]
    asked = ("asked for", "asked", [(at, part * capacity) for at, part in play.levels])
    answered, latency, setting, memory = [asked], [], [], []
    for is_on, run in runs.items():
        style, name = ("on", "with the rule") if is_on else ("off", "without")
        seconds = sorted(run.seconds().items())
        answered.append((name, style, [(at + 0.5, len(of)) for at, of in seconds]))
        latency.append((name, style, [(at + 0.5, float(np.mean(of))) for at, of in seconds]))
        setting.append((name, style, [(s["at"], s[play.rule]) for s in run.samples]))
        memory.append((name, style, [(s["at"], s["memory_mb"]) for s in run.samples]))
    found = [chart("requests a second, by when they were sent: asked for and answered", answered, end),
             chart("mean latency, ms", latency, end)]  # fmt: skip
    if play.rule == "memory":
        limit = max(run.limit for run in runs.values()) / 1e6
        found.append(chart("memory of the process, MB, and its limit", memory, end, limit))
        setting = [(n, s, [(at, min(v, 1_000)) for at, v in points]) for n, s, points in setting]
        found.append(chart("requests that may wait (up to 1,000 are drawn)", setting, end))
    else:
        found.append(chart("preferred variant: 0 the full model, 1 its twin", setting, end))
    return found


PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Health rules, live</title>
<style>
:root {{ color-scheme: light dark; --on: light-dark(#0a62c9, #6bb1ff); --off: light-dark(#c2410c, #ff9a5c);
  --ink: light-dark(#1c2430, #e6ebf2); --faint: light-dark(#d7dde6, #333c49); }}
body {{ font: 15px/1.5 system-ui, sans-serif; color: var(--ink); max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }}
table {{ border-collapse: collapse; font-variant-numeric: tabular-nums; }}
.wide {{ overflow-x: auto; }}
td, th {{ padding: .25rem .7rem; text-align: right; border-bottom: 1px solid var(--faint); }}
td:nth-child(-n+2), th:nth-child(-n+2) {{ text-align: left; }}
svg {{ width: 100%; max-width: 44rem; display: block; }}
svg text {{ font: 11px system-ui, sans-serif; fill: var(--ink); }}
.tick {{ text-anchor: end; }} .at {{ text-anchor: middle; }}
.grid {{ stroke: var(--faint); }} .limit {{ stroke: var(--ink); stroke-dasharray: 4 4; }}
polyline {{ fill: none; stroke-width: 1.6; }}
.on {{ stroke: var(--on); }} .off {{ stroke: var(--off); }} .asked {{ stroke: var(--ink); stroke-dasharray: 1 4; }}
b.on {{ color: var(--on); }} b.off {{ color: var(--off); }}
</style>
<h1>Health rules on real models</h1>
<p>The same load <b class="on">with the rule</b> and <b class="off">without it</b>; dotted: what was asked for.</p>
<div class="wide"><table><tr>{titles}</tr>
{rows}
</table></div>
{plots}
</html>
"""


def page(rows, plots):
    cells = lambda tag, row: "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in row)  # noqa: E731
    return PAGE.format(
        titles=cells("th", TITLES),
        rows="\n".join(f"<tr>{cells('td', row)}</tr>" for row in rows),
        plots="\n".join(f"<h2>{html.escape(name)}</h2>\n" + "\n".join(own) for name, own in plots),
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--html", type=Path, help="write a report with plots")
    parser.add_argument("--only", choices=[play.name for play in PLAYS], help="play one load")
    arguments = parser.parse_args()
    images = np.resize(load_split()[1][0], (ROWS, 64))
    picture = np.random.default_rng(2).random((1, 3, SIDE, SIDE), dtype=np.float32)
    messages = {FULL: request(FULL, images), CONVOLUTION: request(CONVOLUTION, picture)}
    rows, plots, restless = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        places = {FULL: Path(folder) / "variants", CONVOLUTION: Path(folder) / "images"}
        write(places[FULL])
        convolution(places[CONVOLUTION])
        capacities = {}
        for play in PLAYS:
            if arguments.only not in (None, play.name):
                continue
            model, message = play.model, messages[play.model]
            if model not in capacities:
                alone = message.replace(b"\r\n", b"\r\nx-headway-variant: full\r\n", 1)
                capacities[model] = measure_capacity(places[model], model, alone)
                print(f"{model}: {capacities[model]:.0f} requests a second", file=sys.stderr)
            runs = {}
            for is_on in (True, False):
                runs[is_on] = play_once(places[model], play, message, capacities[model], is_on)
                rows.append(row(play, runs[is_on], is_on))
                print(dict(zip(TITLES, rows[-1])), file=sys.stderr)
            if runs[True].changes(play.rule) > play.most_changes or runs[False].changes(play.rule):
                restless.append(play.name)
            plots.append((play.name, charts(play, runs, capacities[model])))
    print("| " + " | ".join(TITLES) + " |\n" + "|---" * len(TITLES) + "|")
    for line in rows:
        print("| " + " | ".join(line) + " |")
    if arguments.html:
        arguments.html.write_text(page(rows, plots))
    for name in restless:
        print(f"{name}: more changes than the load can explain", file=sys.stderr)
    return 1 if restless else 0


if __name__ == "__main__":
    sys.exit(main())
