#!/usr/bin/env python3
"""Mixed traffic for a long time: what must not grow does not grow.

    build/venv/bin/python scripts/soak.py [--minutes 15]

Starts the release server with the demo models and one that costs time, and keeps it busy: requests of
three classes for `digits`, some with promises that nobody can keep, stories from `tales` whose readers
sometimes leave in the middle, requests that are wrong, connections that come and go, a model that is
unloaded and loaded again. It prints memory, descriptors, threads and latencies for each window of time.
The code is 0 when every answer was one of those that were to be expected and none of these kept growing.
"""

import argparse
import asyncio
import json
import os
import random
import re
import statistics
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
os.environ.setdefault("HEADWAY_BINARY", str(ROOT / ".build" / "release" / "headway"))
sys.path.insert(0, str(ROOT / "Tests" / "Protocol"))

from load import infer_request  # noqa: E402
from repository import ROW, write_synthetic  # noqa: E402
from server import Server  # noqa: E402
from wire import parse_head, request_bytes  # noqa: E402

MEBIBYTE = 1 << 20
# What may remain of growth over the second half: allocators keep a little more for a while.
MEMORY_SLACK = 8 * MEBIBYTE
DESCRIPTOR_SLACK = 8

DIGITS = (ROOT / "examples" / "digits.json").read_bytes()
HOPELESS = {"x_headway_deadline_ms": "0.01"}
SUBJECTS = ["fox", "lantern", "boat", "owl", "river", "clock", "garden", "kite"]


class Traffic:
    """The clients. Each counts its answers; those for `digits` leave their latencies too."""

    def __init__(self, server, seed):
        self.server = server
        self.random = random.Random(seed)
        self.answers = Counter()
        self.unexpected = []
        self.latencies = []
        self.tokens = 0

    def count(self, what, status, expected):
        self.answers[what, status] += 1
        if status not in expected:
            self.unexpected.append(f"{what}: {status}")

    async def ask(self, what, request, expected, timed=False):
        """One request on a connection of its own: connections come and go as fast as requests."""
        started = time.perf_counter()
        reader, writer = await asyncio.open_connection(*self.server.address)
        try:
            writer.write(request)
            status, headers = parse_head((await reader.readuntil(b"\r\n\r\n"))[:-4])
            await reader.readexactly(int(headers.get("content-length", 0)))
        finally:
            writer.close()
        if timed and status == 200:
            self.latencies.append(time.perf_counter() - started)
        self.count(what, status, expected)

    async def digits(self):
        name = self.random.choice(["high", "medium", "low"])
        if self.random.random() < 0.1:
            await self.ask("hopeless", infer_request("digits", DIGITS, **HOPELESS), {504})
        else:
            request = infer_request("digits", DIGITS, x_headway_class=name)
            await self.ask(name, request, {200, 503, 504}, timed=True)

    async def costly(self):
        await self.ask("costly", infer_request("costly", ROW), {200, 503, 504})

    async def wrong(self):
        body = self.random.choice([b"{", b'{"inputs": []}', DIGITS[: len(DIGITS) // 2]])
        await self.ask("wrong", infer_request("digits", body), {400})

    async def reload(self):
        for verb in ("unload", "load"):
            request = request_bytes("POST", f"/v2/repository/models/costly/{verb}", b"{}", {})
            await self.ask(verb, request, {200})

    async def story(self):
        """A stream that is read to its end, or left after some of it."""
        patience = self.random.choice([1e9, 1e9, 5])
        first, second = self.random.sample(SUBJECTS, 2)
        body = json.dumps({
            "model": "tales", "stream": True, "max_tokens": self.random.randint(10, 200),
            "messages": [{"role": "user", "content": f"Tell me a story about a {first} and a {second}."}],
        }).encode()
        headers = {"content-type": "application/json", "connection": "close"}
        reader, writer = await asyncio.open_connection(*self.server.address)
        try:
            writer.write(request_bytes("POST", "/v1/chat/completions", body, headers))
            status, _ = parse_head((await reader.readuntil(b"\r\n\r\n"))[:-4])
            seen = 0
            while (line := await reader.readline()) and seen < patience:
                seen += b"data: " in line
            self.tokens += seen
        finally:
            writer.close()
        self.count("story left" if patience < 1e9 else "story", status, {200, 503, 504})

    async def keep(self, rate, make, until):
        """Starts `make` at a mean `rate` per second, however slow the answers are."""
        running = set()
        while (now := time.perf_counter()) < until:
            task = asyncio.create_task(make())
            running.add(task)
            task.add_done_callback(running.discard)
            await asyncio.sleep(min(self.random.expovariate(rate), until - now))
        await asyncio.gather(*running)


def sample(pid):
    """Memory in bytes, descriptors and threads of a process.

    The memory is what the process wrote itself: files that are mapped count for less as soon as another
    process maps them too.
    """
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    memory = int(re.search(r"^Anonymous:\s+(\d+)", rollup, re.M)[1]) * 1024
    folder = Path(f"/proc/{pid}")
    return memory, len(list((folder / "fd").iterdir())), len(list((folder / "task").iterdir()))


def quantile(latencies, q):
    """In milliseconds."""
    return 1e3 * latencies[int(q * (len(latencies) - 1))] if latencies else 0.0


async def watch(traffic, until, period, rows):
    """One row for each window: memory, descriptors, threads, and the window's latencies and counts."""
    start = time.perf_counter()
    while time.perf_counter() < until - 0.5:
        await asyncio.sleep(min(period, max(until - time.perf_counter(), 0)))
        latencies, traffic.latencies = sorted(traffic.latencies), []
        tokens, traffic.tokens = traffic.tokens, 0
        rows.append((time.perf_counter() - start, *sample(traffic.server.process.pid), len(latencies),
                     quantile(latencies, 0.5), quantile(latencies, 0.99), tokens))


async def soak(traffic, minutes, rows):
    until = time.perf_counter() + 60 * minutes
    period = 60 * minutes / 15
    loads = [(40, traffic.digits), (5, traffic.costly), (1, traffic.wrong), (2, traffic.story),
             (0.05, traffic.reload)]
    await asyncio.gather(watch(traffic, until, period, rows), *(traffic.keep(*load, until) for load in loads))


def verdict(traffic, rows, idle):
    """What kept growing, or was answered otherwise than it may be."""
    problems = [f"{count} answers {what}" for what, count in Counter(traffic.unexpected).items()]
    third = len(rows) // 3
    early, late = rows[third:2 * third], rows[-third:]

    def grown(column):
        return statistics.median(r[column] for r in late) - statistics.median(r[column] for r in early)

    if grown(1) > MEMORY_SLACK:
        problems.append(f"memory grew by {grown(1) / MEBIBYTE:.1f} MiB from the second to the last third")
    if idle[1] > rows[0][2] + DESCRIPTOR_SLACK:
        problems.append(f"{idle[1]} descriptors are open after all clients left")
    if grown(3) > 1:
        problems.append(f"{grown(3):.0f} more threads")
    return problems


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=15)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        write_synthetic(Path(folder), "costly", base_us=2_000, per_row_us=500)
        with Server(ROOT / "models", folder) as server:
            traffic, rows = Traffic(server, options.seed), []
            asyncio.run(soak(traffic, options.minutes, rows))
            time.sleep(1)
            idle = sample(server.process.pid)

    print("| minute | memory MiB | descriptors | threads | digits answered | P50 ms | P99 ms | pieces of stories |")
    print("|---|---|---|---|---|---|---|---|")
    for at, memory, *counts, p50, p99, pieces in rows:
        numbers = [f"{at / 60:.1f}", f"{memory / MEBIBYTE:.1f}", *counts, f"{p50:.1f}", f"{p99:.1f}", pieces]
        print("|", " | ".join(map(str, numbers)), "|")
    print(f"| idle | {idle[0] / MEBIBYTE:.1f} | {idle[1]} | {idle[2]} | | | | |")
    answers = (f"{what} {status}: {count}" for (what, status), count in sorted(traffic.answers.items()))
    print("\nAnswers:", ", ".join(answers))
    problems = verdict(traffic, rows, idle)
    for problem in problems:
        print(f"error: {problem}")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
