#!/usr/bin/env python3
"""Streams of generated text, ours and llama.cpp's own server side by side.

    build/venv/bin/python scripts/bench_generation.py                       # Headway alone
    … --peer LLAMA_SERVER --raw RAW_DECODE [--rounds 3] [--markdown]        # with the peers

`LLAMA_SERVER` is llama.cpp's `llama-server`, `RAW_DECODE` is scripts/raw_decode.cpp, both built from the
source package that scripts/requirements-llama.txt pins; docs/benchmarks.md says how. Each round measures
every load on one server after the other; a figure is the median of the rounds. The servers run on
processor 0 with one thread for the engine, this client on the others.

Loads: 1, 8 and 32 streams, each asking again as soon as it is answered; the same 16 streams alone and
beside prompts of about 3,900 tokens, one every two seconds or as soon as the one before is answered;
200 requests of mixed length at once, also as a raw loop over llama_decode, with one cache for all slots
and with one for each.
Every request streams, decodes greedily and ignores the end token, so that all servers do the same work.
"""

import argparse
import asyncio
import gc
import json
import os
import random
import statistics
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
os.environ.setdefault("HEADWAY_BINARY", str(ROOT / ".build" / "release" / "headway"))
sys.path.insert(0, str(ROOT / "Tests" / "Protocol"))

from polling import wait_until  # noqa: E402
from server import Server, free_port  # noqa: E402
from tales import stories  # noqa: E402
from wire import parse_head  # noqa: E402

MODEL = ROOT / "models" / "tales" / "1" / "model.gguf"
SLOTS = 32
STEP_TOKENS = 512
CONTEXT = 4_096
LONG_PROMPT = 15_000  # bytes; about 3,900 tokens
LONG_EVERY = 2.0  # seconds
# Promises that nobody breaks, so that all servers do the same work.
PATIENT = {"x-headway-class": "high", "x-slo-ttft-ms": "600000", "x-headway-deadline-ms": "600000"}
# Beside long prompts: the usual promises for streams, none for the prompts, which are of the last class.
USUAL = {"x-headway-class": "high"}
LAST = {**PATIENT, "x-headway-class": "low"}


@dataclass
class Stream:
    """What a client saw of one request: when the text came, and the counts that the server gave."""

    started: float
    arrivals: list = field(default_factory=list)
    usage: dict = field(default_factory=dict)
    status: int = 0

    @property
    def first(self):
        return self.arrivals[0] - self.started

    @property
    def gaps(self):
        return [b - a for a, b in zip(self.arrivals, self.arrivals[1:])]


@dataclass
class Task:
    """One completion to ask for."""

    prompt: str
    tokens: int
    headers: dict = field(default_factory=lambda: PATIENT)


def text_of(rng, size):
    """Story text that starts at a word; no two are alike, so that no prefix cache helps."""
    text = ""
    while len(text) < size:
        text += stories.book(rng, held_out=False) + "\n\n"
    return text[:size].rsplit(" ", 1)[0]


async def chunks(reader):
    """The data of a chunked body, piece by piece."""
    while size := int(await reader.readline(), 16):
        yield await reader.readexactly(size)
        await reader.readexactly(2)


async def ask(address, task):
    """Streams one completion."""
    body = json.dumps({
        "model": "tales", "prompt": task.prompt, "max_tokens": task.tokens, "temperature": 0,
        "ignore_eos": True, "stream": True, "stream_options": {"include_usage": True},
    }).encode()  # fmt: skip
    head = {"Host": "bench", "Content-Type": "application/json", "Content-Length": len(body), **task.headers}
    request = "POST /v1/completions HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in head.items()) + "\r\n"
    reader, writer = await asyncio.open_connection(*address)
    stream, pending = Stream(time.perf_counter()), b""
    writer.write(request.encode() + body)
    stream.status, _ = parse_head((await reader.readuntil(b"\r\n\r\n"))[:-4])
    if stream.status != 200:
        writer.close()
        return stream
    async for piece in chunks(reader):
        now = time.perf_counter()
        *events, pending = (pending + piece).split(b"\n\n")
        for event in events:
            if event.startswith(b"data: {"):
                if b'"completion_tokens"' in event:
                    stream.usage = json.loads(event[6:]).get("usage") or stream.usage
                if b'"text":""' not in event.replace(b" ", b"") and b'"choices":[{' in event:
                    stream.arrivals.append(now)
    writer.close()
    return stream


async def closed_loop(address, tasks, streams):
    """`streams` clients work off the tasks: (what they saw, seconds)."""
    waiting, seen = list(reversed(tasks)), []

    async def client():
        while waiting:
            seen.append(await ask(address, waiting.pop()))

    started = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(streams)))
    return seen, time.perf_counter() - started


async def beside_long_prompts(address, tasks, streams, rng):
    """The same while long prompts arrive: (what the clients saw, seconds, what the long ones saw)."""
    long = []

    over = asyncio.Event()

    async def arrivals():
        # One at a time: a server that cannot keep up would never come to the end of a growing queue.
        while not over.is_set():
            started = time.perf_counter()
            long.append(await ask(address, Task(text_of(rng, LONG_PROMPT), 16, LAST)))
            await asyncio.sleep(max(LONG_EVERY - (time.perf_counter() - started), 0))

    source = asyncio.create_task(arrivals())
    seen, seconds = await closed_loop(address, tasks, streams)
    over.set()
    await source
    return seen, seconds, long


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(share * len(values)))] * 1e3 if values else float("nan")


def figures(seen, seconds):
    refused = sum(stream.status != 200 for stream in seen)
    answered = [stream for stream in seen if stream.arrivals]
    tokens = sum(s.usage.get("completion_tokens", len(s.arrivals)) for s in answered)
    return {
        "tokens_per_s": tokens / seconds,
        "ttft_p50": percentile([s.first for s in answered], 0.5),
        "ttft_p99": percentile([s.first for s in answered], 0.99),
        "gap_p50": percentile([gap for s in answered for gap in s.gaps], 0.5),
        "gap_p99": percentile([gap for s in answered for gap in s.gaps], 0.99),
        "gap_max": percentile([gap for s in answered for gap in s.gaps], 1.0),
        "refused": refused,
    }


def short_task(rng, headers=PATIENT):
    return Task(text_of(rng, rng.randrange(100, 400)), 128, headers)


def mixed_tasks(seed):
    rng = random.Random(seed)
    return [Task(text_of(rng, rng.randrange(60, 2000)), rng.randrange(16, 257)) for _ in range(200)]


def measure(address, seed):
    """Every load on one server: {name of the load: figures}."""
    rng = random.Random(seed)
    tasks = lambda count, *headers: [short_task(rng, *headers) for _ in range(count)]  # noqa: E731
    asyncio.run(closed_loop(address, tasks(8), 4))
    rows = {}
    for streams, count in ((1, 12), (8, 48), (32, 96)):
        rows[f"{streams} streams"] = figures(*asyncio.run(closed_loop(address, tasks(count), streams)))
    rows["16 streams"] = figures(*asyncio.run(closed_loop(address, tasks(64), 16)))
    seen, seconds, long = asyncio.run(beside_long_prompts(address, tasks(64, USUAL), 16, rng))
    rows["16 streams, long prompts beside"] = figures(seen, seconds)
    rows["the long prompts"] = figures(long, seconds)
    rows["200 at once, mixed"] = figures(*asyncio.run(closed_loop(address, mixed_tasks(seed), 200)))
    return rows


class Peer:
    """llama.cpp's own server on a free port."""

    def __init__(self, program):
        self.port = free_port()
        self.address = ("127.0.0.1", self.port)
        command = [program, "--model", MODEL, "--port", self.port, "--parallel", SLOTS]
        # A cache for each slot, which is quicker than one for all.
        command += ["--ctx-size", SLOTS * CONTEXT, "--threads", 1, "--threads-batch", 1, "--threads-http", 4]
        command += ["--batch-size", 2048, "--ubatch-size", STEP_TOKENS]
        self.process = subprocess.Popen(
            [str(part) for part in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def __enter__(self):
        wait_until(self.is_ready, timeout=60, what="llama-server to be ready")
        return self

    def is_ready(self):
        async def health():
            reader, writer = await asyncio.open_connection(*self.address)
            writer.write(b"GET /health HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n")
            status = (await reader.readline()).split()[1]
            writer.close()
            return status == b"200"

        try:
            return asyncio.run(health())
        except OSError:
            return False

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(30)


def raw_input(server, seed):
    """The mixed requests as lines for the raw loop, in tokens."""
    lines = []
    for task in mixed_tasks(seed):
        body = json.dumps({"model": "tales", "prompt": task.prompt}).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"http://{server.url}/tokenize", body, headers)
        with urllib.request.urlopen(request) as answer:
            tokens = json.load(answer)["tokens"]
        lines.append(f"{task.tokens} {' '.join(map(str, tokens))}\n")
    return "".join(lines)


def raw(program, lines, caches):
    """The same as a loop over llama_decode alone, with `one` cache for all slots or one for `each`."""
    command = [program, str(MODEL), str(SLOTS), str(STEP_TOKENS), "1", caches]
    done = subprocess.run(command, input=lines, capture_output=True, text=True, check=True)
    answer = json.loads(done.stdout)
    return {"tokens_per_s": answer["generated"] / answer["seconds"]}


def pin(processors):
    """Also for every process that is started from here on."""
    os.sched_setaffinity(0, processors)


def one_round(arguments, seed, keep):
    """{server: {load: figures}}, given to `keep` as it grows."""
    every = os.sched_getaffinity(0)
    server_side, client_side = {min(every)}, every - {min(every)} or every
    starters = {"Headway": lambda: Server(ROOT / "models", flags=arguments.flag)}
    if arguments.peer:
        starters["llama-server"] = lambda: Peer(arguments.peer)
    found = {}
    for name, start in starters.items():
        pin(server_side)
        server = start()
        pin(client_side)
        with server:
            found[name] = measure(server.address, seed)
            keep(found)
            print(f"==> {name} measured", file=sys.stderr, flush=True)
            if arguments.raw and name == "Headway":
                lines = raw_input(server, seed)
        pin(every)
    if arguments.raw:
        pin(server_side)
        for caches in ("each", "one"):
            found[f"raw loop, {caches}"] = {"200 at once, mixed": raw(arguments.raw, lines, caches)}
            keep(found)
        pin(every)
    return found


COLUMNS = ("tokens_per_s", "ttft_p50", "ttft_p99", "gap_p50", "gap_p99", "gap_max", "refused")
TITLES = ("tokens/s", "TTFT P50 ms", "TTFT P99 ms", "gap P50 ms", "gap P99 ms", "gap max ms", "refused")


def cell(values):
    if not values:
        return ""
    value = statistics.median(values)
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.1f}"


def show(rounds, markdown):
    """The medians of the rounds, a row for each load and server."""
    bar, rule = ("| ", "|---" * (2 + len(COLUMNS)) + "|") if markdown else ("", "")
    line = lambda cells: bar + " | ".join(cells) + (" |" if markdown else "")  # noqa: E731
    widths = [33, 14] + [11] * len(COLUMNS)
    pad = lambda cells: cells if markdown else [c.ljust(w) for c, w in zip(cells, widths)]  # noqa: E731
    print(line(pad(["load", "server", *TITLES])))
    if rule:
        print(rule)
    for load in rounds[0]["Headway"]:
        for server in rounds[0]:
            rows = [found[server].get(load, {}) for found in rounds]
            if any(rows):
                values = [[row[column] for row in rows if column in row] for column in COLUMNS]
                print(line(pad([load, server, *map(cell, values)])))


def write(path, rounds):
    if path:
        Path(path).write_text(json.dumps(rounds, indent=1) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peer", help="llama.cpp's server to measure beside")
    parser.add_argument("--raw", help="the raw loop, scripts/raw_decode.cpp")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--json", help="a file for the figures of each round")
    parser.add_argument("--flag", action="append", default=[], help="one more flag for `headway serve`")
    arguments = parser.parse_args()
    gc.disable()
    rounds = []
    for number in range(arguments.rounds):
        rounds.append(one_round(arguments, number, lambda found: write(arguments.json, [*rounds, found])))
        gc.collect()
        print(f"==> round {number + 1} of {arguments.rounds} done", file=sys.stderr, flush=True)
    show(rounds, arguments.markdown)


if __name__ == "__main__":
    main()
