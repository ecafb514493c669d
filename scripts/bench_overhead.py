#!/usr/bin/env python3
"""Shows what watching costs: CPU time of a request with and without records, metrics, health rules and breakers.

    build/venv/bin/python scripts/bench_overhead.py          # writes the report to the terminal

Two servers of the same binary run side by side. One does all that it does by default and is asked for its
metrics once a second; the other remembers no decisions and has neither health rules nor circuit breakers. Both
are given the same requests in turns of some 50 ms, so that whatever else the machine does hits both alike, and
what they used is read from the kernel in nanoseconds. The report is the ratio of requests per CPU-second,
turn by turn, with the interval that holds its median in 95 of 100 drawings.

The client writes many requests at a time and hardly reads the answers: reading and writing cost the
servers little then, and watching as large a part as it can be. Needs the release binary, or another one in
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

CONNECTIONS = 8
WINDOW = 16
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

    def turn(self, request, rounds):
        """CPU nanoseconds that the server used for `rounds` windows on each connection."""
        before = self.cpu_nanoseconds()
        for _ in range(rounds):
            for connection in self.sockets:
                connection.sendall(request * WINDOW)
            for connection in self.sockets:
                answered = 0
                while answered < WINDOW:
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
    """The median, and the middle 95 % of medians of ratios drawn again and again."""
    draw = random.Random(1)
    medians = sorted(statistics.median(draw.choices(ratios, k=len(ratios))) for _ in range(1_000))
    return statistics.median(ratios), medians[25], medians[974]


def scrape(server, done):
    while not done.wait(1):
        server.get("/metrics")


def compare(name, request, watched, unwatched, pairs, rounds):
    clients = [Client(watched), Client(unwatched)]
    for client in clients:
        client.turn(request, 5 * rounds)
    ratios, used = [], []
    for pair in range(pairs):
        first = pair % 2
        took = {index: clients[index].turn(request, rounds) for index in (first, 1 - first)}
        ratios.append(took[1] / took[0])
        used.append(took[0])
    requests = rounds * CONNECTIONS * WINDOW
    median, low, high = interval(ratios)
    print(
        f"{name}: {statistics.median(used) / requests / 1e3:.1f} us of CPU a request, watched; requests per "
        f"CPU-second are {median:.4f} [{low:.4f}, {high:.4f}] of those unwatched, {pairs} pairs of turns"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--pairs", type=int, default=400, help="pairs of turns for each model")
    parser.add_argument("--rounds", type=int, default=20, help="windows of a turn on each connection")
    arguments = parser.parse_args()
    requests = {"digits": request("digits", "image", (1, 8, 8)), "identity": request("identity", "x", (1, 3))}
    with tempfile.TemporaryDirectory() as folder:
        write_identity(Path(folder), "identity", 1, "TYPE_FP32", max_batch_size=64)
        places = [folder, ROOT / "models"]
        with Server(*places) as watched, Server(*places, flags=UNWATCHED) as unwatched:
            done = threading.Event()
            scraper = threading.Thread(target=scrape, args=(watched, done))
            scraper.start()
            for name, request in requests.items():
                compare(name, request, watched, unwatched, arguments.pairs, arguments.rounds)
            done.set()
            scraper.join()
    return 0


if __name__ == "__main__":
    sys.exit(main())
