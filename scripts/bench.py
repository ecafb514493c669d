#!/usr/bin/env python3
"""A quick closed-loop load on the demo model: `make bench`.

Starts the release server, keeps a number of connections busy, and prints the rate, the latencies and
how large the batches were. The client is Python and shares the machine, so the figures say whether
a change made things better or worse, not what the server can do.
"""

import argparse
import asyncio
import os
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
os.environ.setdefault("HEADWAY_BINARY", str(ROOT / ".build" / "release" / "headway"))
sys.path.insert(0, str(ROOT / "Tests" / "Protocol"))

from load import infer_request  # noqa: E402
from server import Server  # noqa: E402
from wire import parse_head  # noqa: E402


async def one_connection(address, request, until, latencies):
    """Asks again as soon as it is answered; the number of answers that were not 200."""
    refused = 0
    reader, writer = await asyncio.open_connection(*address)
    while (started := time.perf_counter()) < until:
        writer.write(request)
        status, headers = parse_head((await reader.readuntil(b"\r\n\r\n"))[:-4])
        await reader.readexactly(int(headers.get("content-length", 0)))
        if status == 200:
            latencies.append(time.perf_counter() - started)
        else:
            refused += 1
    writer.close()
    return refused


async def closed_loop(address, request, connections, seconds):
    latencies = []
    until = time.perf_counter() + seconds
    loops = [one_connection(address, request, until, latencies) for _ in range(connections)]
    refused = sum(await asyncio.gather(*loops))
    return sorted(latencies), refused


def cpu_seconds(process):
    """User and system time of the server so far."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(server, request, connections, seconds):
    before, cpu = server.statistics("digits"), cpu_seconds(server.process)
    latencies, refused = asyncio.run(closed_loop(server.address, request, connections, seconds))
    after, cpu = server.statistics("digits"), cpu_seconds(server.process) - cpu
    if not latencies:
        sys.exit("error: no request was answered with 200")
    rows = after["inference_count"] - before["inference_count"]
    batches = after["execution_count"] - before["execution_count"]
    at = lambda share: latencies[min(len(latencies) - 1, int(share * len(latencies)))] * 1e3  # noqa: E731
    print(
        f"{connections:>11} {len(latencies) / seconds:>9.0f} {len(latencies) / cpu:>11.0f}"
        f" {at(0.5):>8.2f} {at(0.99):>8.2f} {rows / max(1, batches):>6.1f} {refused:>8}"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--connections", type=int, nargs="*", default=[1, 8, 32, 128])
    arguments = parser.parse_args()
    request = infer_request("digits", (ROOT / "examples" / "digits.json").read_bytes())
    with Server(ROOT / "models") as server:
        print("connections     req/s   req/CPU-s   P50 ms   P99 ms  batch  refused")
        for connections in arguments.connections:
            measure(server, request, connections, arguments.seconds)


if __name__ == "__main__":
    main()
