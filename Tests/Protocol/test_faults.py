"""One of two instances hangs, fails, is slow, leaks or answers garbage: the other keeps the promise."""

import json
import threading
from collections import Counter

import numpy as np
import pytest
from polling import wait_until
from repository import ROW, write_synthetic
from server import NIGHTLY, Server
from test_breaker import figure, is_closed
from wire import infer_body, tensor

CLIENTS = 8
REQUESTS = 30
DEADLINE = {"x-headway-deadline-ms": "30000"}
# Each instance warms up with batches of one row, five times.
WARM = 5
FLAGS = [
    "--set=breaker.stall_ms=400",
    "--set=breaker.first_pause_ms=300",
    "--set=breaker.longest_pause_ms=600",
]

# The fault of instance 1, how many requests it may cost at most, and the cause of its isolation. A fault costs
# its riders: failures those of five batches and of the trials that fail, a call that hangs those of one.
FAULTS = {
    "fail": (dict(fault="fail", fault_runs=7), 7, "failing"),
    "hang": (dict(fault="hang", fault_runs=1, fault_us=2_000_000), 1, "stalled"),
    "slow": (dict(fault="slow", fault_runs=20), 0, "slow"),
    **{
        f"garbage-{kind}": (dict(fault="garbage", garbage=kind, fault_runs=6), 6, "failing")
        for kind in ["fewer_rows", "more_rows", "bytes", "type", "missing", "shape", "nan"]
    },
}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("faults")
    write_synthetic(folder, "sound", base_us=1_000)
    for name, (parameters, _, _) in FAULTS.items():
        write_synthetic(
            folder, name, base_us=10_000, instances=2, max_batch_size=1, check_outputs="true",
            fault_instance=1, fault_from=WARM + 1, **parameters,
        )  # fmt: skip
    with Server(folder, flags=FLAGS) as server:
        yield server


def ask(server, model, results, numbers):
    """Asks with numbers that nobody else asks with, on one connection."""
    connection = server.connect(60)
    for number in numbers:
        body = infer_body(tensor("x", np.full((1, 4), number)), id=str(number))
        response = connection.request("POST", f"/v2/models/{model}/infer", body, DEADLINE)
        results.append((number, response))
    connection.close()


def own_answer(number, response):
    answer = response.json()
    return answer["id"] == str(number) and answer["outputs"][0]["data"] == [number] * 4


@pytest.mark.parametrize("name", FAULTS)
def test_the_sick_instance_is_isolated_the_other_keeps_the_promise_and_it_comes_back(server, name):
    _, most_lost, cause = FAULTS[name]
    results, healthy = [], []
    work = [
        threading.Thread(
            target=ask, args=(server, name, results, range(client * 1_000 + 1, client * 1_000 + 1 + REQUESTS))
        )
        for client in range(CLIENTS)
    ]
    work.append(threading.Thread(target=ask, args=(server, "sound", healthy, range(1, REQUESTS + 1))))
    for thread in work:
        thread.start()
    for thread in work:
        thread.join()

    # Every request ended once, with its own answer or an error; none got another's.
    assert len(results) == CLIENTS * REQUESTS
    statuses = Counter(response.status for _, response in results)
    assert all(own_answer(*entry) for entry in results if entry[1].status == 200)
    assert set(statuses) <= {200, 500}, statuses
    assert statuses[500] <= most_lost, statuses
    # By the server's own books, those that were answered were answered in time.
    in_time = figure(server, "headway_requests_in_time_total", name, **{"class": "medium"})
    late = figure(server, "headway_requests_late_total", name, **{"class": "medium"})
    assert (in_time, late) == (statuses[200], 0)
    # The other instance and the other model never noticed.
    assert is_closed(server, name, 0)
    assert [response.status for _, response in healthy] == [200] * REQUESTS

    def isolations(instance):
        return figure(server, "headway_instance_isolations_total", name, instance=instance, cause=cause)

    # Traffic goes on until the fault has been noticed: the sick instance may have been the idle one.
    def noticed():
        ask(server, name, [], range(1, 9))
        return isolations(1) >= 1

    wait_until(noticed, 60, f"instance 1 of {name} to be taken out")
    assert isolations(0) == 0

    def works():
        ask(server, name, [], range(1, 3))
        return is_closed(server, name, 1)

    wait_until(works, 60, f"instance 1 of {name} to be put back to work")
    assert server.infer(name, ROW, DEADLINE).status == 200


def test_garbage_of_a_batch_reaches_none_of_its_riders(server, tmp_path):
    """A row too many, in a batch of many: nobody gets the row of a neighbour."""
    write_synthetic(
        tmp_path, "shifts", base_us=20_000, fault="garbage", garbage="more_rows", fault_from=11, fault_runs=3
    )
    with Server(tmp_path) as shifty:
        results = []
        work = [
            threading.Thread(target=ask, args=(shifty, "shifts", results, range(n * 100 + 1, n * 100 + 9)))
            for n in range(12)
        ]
        for thread in work:
            thread.start()
        for thread in work:
            thread.join()
    statuses = Counter(response.status for _, response in results)
    assert len(results) == 96 and set(statuses) == {200, 500}
    assert all(own_answer(*entry) for entry in results if entry[1].status == 200)
    for _, response in results:
        if response.status == 500:
            assert set(json.loads(response.body)) == {"error"}


def test_numbers_that_are_not_finite_pass_unless_asked_for(tmp_path):
    fault = dict(fault="garbage", garbage="nan", fault_from=11, fault_runs=1)
    write_synthetic(tmp_path, "trusting", **fault)
    write_synthetic(tmp_path, "careful", check_outputs="true", **fault)
    with Server(tmp_path) as server:
        assert server.infer("trusting", ROW).status == 200
        answer = server.infer("careful", ROW)
        assert answer.status == 500 and "finite" in answer.error
        assert server.infer("careful", ROW).status == 200
        # Whoever asks with what is not finite is told that it was their own doing.
        body = np.full((1, 4), np.nan, np.float32).tobytes()
        own = server.infer("careful", body, {"Inference-Header-Content-Length": "0"})
        assert own.status == 400 and "input" in own.error
    with Server(tmp_path, flags=["--set=runtime.check_outputs=true"]) as server:
        assert server.infer("trusting", ROW).status == 500


@pytest.mark.skipif(not NIGHTLY, reason="memory has to grow for more than a minute")
@pytest.mark.timeout(900)
def test_a_leak_is_recognised_and_the_instance_that_leaks_is_made_anew(tmp_path):
    write_synthetic(
        tmp_path, "leaks", base_us=200_000, instances=2, max_batch_size=1,
        fault="leak", fault_instance=1, leak_bytes=1 << 20,
    )  # fmt: skip
    bound = 100 << 20
    with Server(tmp_path, flags=[f"--set=breaker.renewal_growth_bytes={bound}"]) as server:
        over, results = threading.Event(), []

        def traffic(first):
            number = first
            while not over.is_set():
                number += 1
                ask(server, "leaks", results, [number])

        def growth():
            for line in server.get("/metrics").body.decode().splitlines():
                if line.startswith("headway_process_memory_growth_bytes_per_second "):
                    return float(line.split()[1])
            return 0

        def renewals(instance):
            return figure(server, "headway_instance_renewals_total", "leaks", instance=instance)

        threads = [threading.Thread(target=traffic, args=(n * 1_000_000,)) for n in range(3)]
        for thread in threads:
            thread.start()
        try:
            assert wait_until(growth, 180, "the growth to be told", interval=0.2) > 1 << 20
            # The other one may be tried first, and acquitted.
            wait_until(lambda: renewals(1), 400, "the leaking instance to be made anew", interval=0.2)
        finally:
            over.set()
            for thread in threads:
                thread.join()
        # What it kept has been given back, and nobody noticed.
        wait_until(lambda: server.resident_bytes() < 200 << 20, 20, "the memory to come back")
        assert {response.status for _, response in results} == {200}
        assert all(own_answer(*entry) for entry in results)
        assert is_closed(server, "leaks", 0) and is_closed(server, "leaks", 1)
