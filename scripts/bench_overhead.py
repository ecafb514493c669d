#!/usr/bin/env python3
"""Shows what watching costs: CPU time of a request with and without records, metrics, health rules and breakers.

    build/venv/bin/python scripts/bench_overhead.py          # writes the report to the terminal

Two servers of the same binary run side by side. One does all that it does by default and is asked for its
metrics once a second; the other remembers no decisions and has neither health rules nor circuit breakers. Both
are given the same requests in turns of some 50 ms, so that whatever else the machine does hits both alike, and
what they used is read from the kernel in nanoseconds. Two processes differ by a percent or two though they
are the same, so both are started anew again and again, and each start counts once, by the median of its turns.
The report is the ratio of requests per CPU-second, with the interval that holds its mean in 95 of 100 drawings.

`--window 16` writes so many requests on each connection at a time: reading and writing cost the servers
little then, and watching as large a part as it can be. Needs the release binary, or another one in
HEADWAY_BINARY.
"""

import argparse
import os
import random
import socket
import statistics
import sys
import tempfile
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
os.environ.setdefault("HEADWAY_BINARY", str(ROOT / ".build" / "release" / "headway"))
sys.path.insert(0, str(ROOT / "Tests" / "Protocol"))

import numpy as np  # noqa: E402
from repository import write_identity  # noqa: E402
from server import Server  # noqa: E402
from wire import binary_body, request_bytes  # noqa: E402

CONNECTIONS = 32
TURN = 2_048  # requests
UNWATCHED = [
    "--set=observability.decision_records=0",
    "--set=health.enabled=false",
    "--set=breaker.enabled=false",
]


class Client:
    """Connections that each carry a window of requests at a time."""

    def __init__(self, server):
        self.server = server
        self.sockets = [socket.create_connection(server.address) for _ in range(CONNECTIONS)]

    def turn(self, request, window):
        """CPU nanoseconds that the server used for the requests of a turn."""
        before = self.cpu_nanoseconds()
        for _ in range(TURN // (CONNECTIONS * window)):
            for connection in self.sockets:
                connection.sendall(request * window)
            for connection in self.sockets:
                answered = 0
                while answered < window:
                    data = connection.recv(1 << 18)
                    assert data, "the server closed a connection"
                    answered += data.count(b"HTTP/1.1 200")
        return self.cpu_nanoseconds() - before

    def cpu_nanoseconds(self):
        tasks = Path(f"/proc/{self.server.process.pid}/task").glob("*/schedstat")
        return sum(int(task.read_text().split()[0]) for task in tasks)


def request(model, name, shape):
    """One row, in the binary tensor extension both ways."""
    values = np.full(shape, 0.5, np.float32)
    size = {"binary_data_size": values.nbytes}
    given = {"name": name, "datatype": "FP32", "shape": shape, "parameters": size}
    head = {"inputs": [given], "parameters": {"binary_data_output": True}}
    body, headers = binary_body(head, values.tobytes())
    return request_bytes("POST", f"/v2/models/{model}/infer", body, headers)


def interval(ratios):
    """The mean, and the middle 95 % of means of ratios drawn again and again."""
    draw = random.Random(1)
    means = sorted(statistics.mean(draw.choices(ratios, k=len(ratios))) for _ in range(2_000))
    return statistics.mean(ratios), means[50], means[1949]


def scrape(server, done):
    while not done.wait(1):
        server.get("/metrics")


def compare(request, watched, unwatched, pairs, window):
    """For each pair of turns: CPU time with and without."""
    clients = [Client(watched), Client(unwatched)]
    for client in clients:
        for _ in range(5):
            client.turn(request, window)
    turns = []
    for pair in range(pairs):
        first = pair % 2
        used = {index: clients[index].turn(request, window) for index in (first, 1 - first)}
        turns.append((used[0], used[1]))
    return turns


def report(name, starts):
    with_all = statistics.median(used for turns in starts for used, _ in turns) / TURN / 1e3
    ratios = [statistics.median(without / used for used, without in turns) for turns in starts]
    mean, low, high = interval(ratios)
    print(
        f"{name}: {with_all:.1f} us of CPU a request, watched; requests per CPU-second are {mean:.3f} "
        f"[{low:.3f}, {high:.3f}] of those unwatched, {len(starts)} starts"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--starts", type=int, default=24, help="how often both servers are started")
    parser.add_argument("--pairs", type=int, default=20, help="pairs of turns of each start")
    parser.add_argument("--window", type=int, default=1, help="requests on a connection at a time")
    arguments = parser.parse_args()
    requests = {"digits": request("digits", "image", (1, 8, 8)), "identity": request("identity", "x", (1, 3))}
    starts = {name: [] for name in requests}
    with tempfile.TemporaryDirectory() as folder:
        write_identity(Path(folder), "identity", 1, "TYPE_FP32", max_batch_size=64)
        places = [folder, ROOT / "models"]
        for start in range(arguments.starts):
            flags = [(), UNWATCHED] if start % 2 == 0 else [UNWATCHED, ()]
            with Server(*places, flags=flags[0]) as one, Server(*places, flags=flags[1]) as other:
                watched, unwatched = (one, other) if start % 2 == 0 else (other, one)
                done = threading.Event()
                scraper = threading.Thread(target=scrape, args=(watched, done))
                scraper.start()
                for name, message in requests.items():
                    starts[name].append(
                        compare(message, watched, unwatched, arguments.pairs, arguments.window)
                    )
                done.set()
                scraper.join()
    for name in requests:
        report(name, starts[name])
    return 0


if __name__ == "__main__":
    sys.exit(main())
