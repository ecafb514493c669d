#!/usr/bin/env python3
"""Shows what it costs to serve more models than fit: page-ins, and a mixed load on three models.

    build/venv/bin/python scripts/bench_paging.py            # writes the report to the terminal

Writes three models of dense layers for each size, lets the server have memory for two of them, and
asks the one that is not there, again and again: the answer's time is that of a page-in. Then a Poisson
load on all three, of which one is popular, with deadlines between a tenth and ten times of a page-in.
Needs the release binary, or another one in HEADWAY_BINARY, and a machine that does nothing else.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
os.environ.setdefault("HEADWAY_BINARY", str(ROOT / ".build" / "release" / "headway"))
sys.path.insert(0, str(ROOT / "Tests" / "Protocol"))

import numpy as np  # noqa: E402
from load import Arrival, infer_request, run_load, statuses  # noqa: E402
from repository import write_dense  # noqa: E402
from server import Server  # noqa: E402
from wire import infer_body, tensor  # noqa: E402

NAMES = ["a", "b", "c"]
MIB = 1 << 20
# Width and layers: 16, 64 and 256 MiB of weights.
SIZES = [(1448, 2), (2896, 2), (2896, 8)]


def models(server):
    return {model["name"]: model for model in server.get("/headway/v1/status").json()["models"]}


def metric(server, name):
    lines = server.get("/metrics").body.decode().splitlines()
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.split("{")[0].split(" ")[0] == name)


def ask(server, name, body):
    begun = time.monotonic()
    response = server.infer(name, body, {"x-headway-deadline-ms": "60000"})
    assert response.status == 200, response.body
    return (time.monotonic() - begun) * 1_000


def page_ins(server, body, count):
    """Milliseconds of answers by the model that is not there, and by one that is."""
    cold, warm = [], []
    for _ in range(count):
        (name,) = [name for name, model in models(server).items() if model["residency"] != "resident"][:1]
        cold.append(ask(server, name, body))
        warm.append(ask(server, name, body))
    return statistics.median(cold), max(cold), statistics.median(warm)


def mixed(server, row, load_ms, seconds):
    """What becomes of a Poisson load whose deadlines are of the order of a page-in."""
    draw = np.random.default_rng(5)
    body = infer_body(tensor("x", row))
    arrivals, at = [], 0.0
    while (at := at + draw.exponential(1 / 40)) < seconds:
        name = draw.choice(NAMES, p=[0.7, 0.2, 0.1])
        deadline = int(load_ms * draw.choice([0.1, 1, 3, 10])) + 20
        arrivals.append(Arrival(at, infer_request(name, body, x_headway_deadline_ms=deadline)))
    before = metric(server, "headway_model_page_ins_total")
    outcomes = run_load(server.address, arrivals)
    return statuses(outcomes), metric(server, "headway_model_page_ins_total") - before


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=12, help="page-ins of each size")
    parser.add_argument("--seconds", type=float, default=20, help="of mixed load")
    arguments = parser.parse_args()
    print("| weights | needed | page-in, median (most) | answer in memory | 200 / 503 / 504 | page-ins |")
    print("|---|---|---|---|---|---|")
    for width, layers in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            for seed, name in enumerate(NAMES):
                write_dense(Path(folder), name, width, layers, seed)
            row = np.ones((1, width), dtype=np.float32)
            with Server(folder) as server:
                needs = sorted(model["measured_bytes"] for model in models(server).values())
            limit = int(1.25 * (needs[1] + needs[2]))
            flags = [f"--set=memory.limit_bytes={limit}", "--set=memory.minimum_residency_ms=0"]
            with Server(folder, flags=flags) as server:
                median, most, warm = page_ins(server, infer_body(tensor("x", row)), arguments.count)
                found, loads = mixed(server, row, median, arguments.seconds)
        ended = " / ".join(str(found.get(code, 0)) for code in (200, 503, 504))
        others = sum(found.values()) - sum(found.get(code, 0) for code in (200, 503, 504))
        assert others == 0, found
        print(
            f"| {width * width * layers * 4 / MIB:.0f} MiB | {needs[1] / MIB:.0f} MiB "
            f"| {median:.0f} ms ({most:.0f} ms) | {warm:.1f} ms | {ended} | {loads:.0f} |",
            flush=True)


if __name__ == "__main__":
    main()
