#!/usr/bin/env python3
"""Shows what the quality ladder is worth: a load that the full model alone cannot carry.

    build/venv/bin/python scripts/bench_variants.py            # writes the report to the terminal

Makes `digits-wide` and its quantised twin (make_variants.py), measures what the full model can do, and
plays the same open-loop load twice: calm, too much, calm again. The first time every request insists on the full
model (`x-headway-variant: full`), the second time it does not. Needs the release binary, or another
one in HEADWAY_BINARY, and a machine that does nothing else.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
os.environ.setdefault("HEADWAY_BINARY", str(ROOT / ".build" / "release" / "headway"))
sys.path.insert(0, str(ROOT / "Tests" / "Protocol"))
sys.path.insert(0, str(ROOT / "scripts"))

import numpy as np  # noqa: E402
from load import Arrival, infer_request, run_load  # noqa: E402
from make_variants import FULL, TWIN, load_split, write  # noqa: E402
from polling import wait_until  # noqa: E402
from server import Server  # noqa: E402
from wire import request_bytes  # noqa: E402

ROWS = 32
CLASS = "high"
DEADLINE_MS = 100
CALM = 3  # seconds before and after the load


def body(images):
    """A binary request: (head of the JSON, its length)."""
    header = (
        '{"inputs":[{"name":"image","shape":[%d,64],"datatype":"FP32",'
        '"parameters":{"binary_data_size":%d}}],'
        '"outputs":[{"name":"scores","parameters":{"binary_data":true}}]}'
        % (len(images), images.nbytes)
    ).encode()
    return header + images.tobytes(), len(header)


def request(images, **headers):
    content, length = body(images)
    names = {
        "Inference-Header-Content-Length": str(length),
        "x-headway-class": CLASS,
        "x-headway-deadline-ms": str(DEADLINE_MS),
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    return request_bytes("POST", f"/v2/models/{FULL}/infer", content, names)


def poisson(rate, start, end, message, tag, rng):
    arrivals, at = [], start
    while (at := at + rng.exponential(1 / rate)) < end:
        arrivals.append(Arrival(at, message, tag))
    return arrivals


def capacity(server, message):
    """Requests a second of the full model: what it completes when far too much is asked of it."""
    rng = np.random.default_rng(1)
    outcomes = run_load(server.address, poisson(2_000, 0, 3, message, "probe", rng))
    return sum(outcome.status == 200 for outcome in outcomes) / 3


def play(server, message, rate, seconds, seed):
    rng = np.random.default_rng(seed)
    calm, load = 0.5 * rate, seconds
    arrivals = poisson(calm, 0, CALM, message, "before", rng)
    arrivals += poisson(rate, CALM, CALM + load, message, "load", rng)
    arrivals += poisson(calm, CALM + load, 2 * CALM + load, message, "after", rng)
    begun = min(arrival.at for arrival in arrivals)
    outcomes = run_load(server.address, arrivals)
    first = min(outcome.sent_at for outcome in outcomes) - begun
    return [(outcome.sent_at - first, outcome) for outcome in outcomes]


def report(name, outcomes, load_end):
    print(f"\n{name}")
    for tag in ("before", "load", "after"):
        own = [outcome for _, outcome in outcomes if outcome.tag == tag]
        answered = [outcome for outcome in own if outcome.status == 200]
        late = sum(outcome.latency * 1e3 > DEADLINE_MS for outcome in answered)
        cheap = sum(outcome.headers.get("x-headway-variant") == TWIN for outcome in answered)
        latency = np.quantile([outcome.latency * 1e3 for outcome in answered], [0.5, 0.99])
        print(
            f"  {tag:6} {len(own):6} requests, in time {(len(answered) - late) / len(own):6.1%}, "
            f"refused {1 - len(answered) / len(own):6.1%}, late {late / len(own):5.1%}, "
            f"cheaper variant {cheap / max(len(answered), 1):6.1%}, "
            f"P50 {latency[0]:5.1f} ms, P99 {latency[1]:5.1f} ms"
        )
    cheap = [at for at, outcome in outcomes if outcome.headers.get("x-headway-variant") == TWIN]
    if cheap:
        print(
            f"  the cheaper variant answered requests sent from {min(cheap) - CALM:+.2f} s after the "
            f"load began until {max(cheap) - load_end:+.2f} s after it ended"
        )


def metric(server, name, **labels):
    for line in server.get("/metrics").body.decode().splitlines():
        if line.startswith((name + "{", name + " ")) and all(
            f'{key}="{value}"' in line for key, value in labels.items()
        ):
            return float(line.rsplit(" ", 1)[1])
    raise SystemExit(f"no metric {name} {labels}")


def residence(server):
    """What loading on demand costs and saves."""
    twin = {"model": FULL, "variant": TWIN}
    loads = metric(server, "headway_variant_loads_total", **twin)
    took = metric(server, "headway_variant_load_seconds_total", **twin) / max(loads, 1)
    there = metric(server, "headway_process_resident_bytes") / 1e6
    begun = time.monotonic()
    wait_until(lambda: metric(server, "headway_variant_in_memory", **twin) == 0, 60, "the twin to go")
    gone = metric(server, "headway_process_resident_bytes") / 1e6
    print(
        f"  {loads:.0f} loads of {took * 1e3:.0f} ms; the twin left {time.monotonic() - begun:.1f} s "
        f"after the last request, and {there:.0f} MB became {gone:.0f}"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=float, default=10, help="how long the load lasts")
    parser.add_argument("--factor", type=float, default=1.45, help="load, in capacities")
    parser.add_argument("--on-demand", action="store_true", help="load the twin when it is needed")
    arguments = parser.parse_args()
    images = np.resize(load_split()[1][0], (ROWS, 64))
    full, either = request(images, x_headway_variant="full"), request(images)
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), arguments.on_demand)
        with Server(folder) as server:
            most = capacity(server, full)
            rate = arguments.factor * most
            print(
                f"{FULL}, {ROWS} rows a request, deadline {DEADLINE_MS} ms: the full model does "
                f"{most:.0f} requests a second; the load is {rate:.0f} for {arguments.seconds:.0f} s"
            )
            end = CALM + arguments.seconds
            report("full model alone", play(server, full, rate, arguments.seconds, 2), end)
            report("with its twin", play(server, either, rate, arguments.seconds, 2), end)
            if arguments.on_demand:
                residence(server)
    return 0


if __name__ == "__main__":
    sys.exit(main())
