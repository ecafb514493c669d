"""An open-loop load: requests leave at their times, however slow the answers are."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field

from wire import parse_head, request_bytes


ANSWER_TIMEOUT = 40


@dataclass
class Arrival:
    at: float
    request: bytes
    tag: str = ""


@dataclass
class Outcome:
    """Status 0: the connection closed before a whole response arrived; -1: nothing came at all."""

    tag: str
    sent_at: float
    latency: float
    status: int
    headers: dict = field(default_factory=dict)
    body: bytes = b""


def infer_request(model, body, **headers):
    names = {name.replace("_", "-"): str(value) for name, value in headers.items()}
    return request_bytes("POST", f"/v2/models/{model}/infer", body, names)


def evenly(rate, seconds, request, tag="", start=0.0):
    """Arrivals at a fixed rate."""
    return [Arrival(start + i / rate, request, tag) for i in range(int(rate * seconds))]


def run_load(address, arrivals, during=None):
    """Sends every arrival at its time, each on a connection of its own for as long as it waits.

    `during()`, if given, is called in a thread of its own while the load runs.
    """
    return asyncio.run(_run(address, sorted(arrivals, key=lambda a: a.at), during))


async def _run(address, arrivals, during):
    idle = []
    start = time.monotonic() + 0.05

    async def one(arrival):
        await asyncio.sleep(max(0.0, start + arrival.at - time.monotonic()))
        sent_at = time.monotonic()
        try:
            reader, writer = idle.pop() if idle else await asyncio.open_connection(*address)
            sent_at = time.monotonic()
            writer.write(arrival.request)
            async with asyncio.timeout(ANSWER_TIMEOUT):
                status, headers = parse_head((await reader.readuntil(b"\r\n\r\n"))[:-4])
                body = await reader.readexactly(int(headers.get("content-length", 0)))
        except TimeoutError:
            return Outcome(arrival.tag, sent_at, ANSWER_TIMEOUT, -1)
        except (OSError, asyncio.IncompleteReadError):
            return Outcome(arrival.tag, sent_at, time.monotonic() - sent_at, 0)
        outcome = Outcome(
            arrival.tag, sent_at, time.monotonic() - sent_at, status, headers, body
        )
        if headers.get("connection", "").lower() == "close":
            writer.close()
        else:
            idle.append((reader, writer))
        return outcome

    tasks = [asyncio.create_task(one(arrival)) for arrival in arrivals]
    side = asyncio.create_task(asyncio.to_thread(during)) if during else None
    outcomes = await asyncio.gather(*tasks)
    if side:
        await side
    for _, writer in idle:
        writer.close()
    return outcomes


def statuses(outcomes, tag=None):
    return Counter(o.status for o in outcomes if tag is None or o.tag == tag)
