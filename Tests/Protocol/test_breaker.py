"""Engines that hang, fail, are slow or answer garbage: the breaker isolates them, others go on."""

import re
import signal
import threading
import time

import pytest
from polling import wait_until
from repository import ROW, write_synthetic
from server import Server

# Warm-up runs a model with batches of up to 8 ten times.
WARM = 10
# Quicker than the defaults, so that a test takes seconds.
FLAGS = [
    "--set=breaker.stall_ms=300",
    "--set=breaker.first_pause_ms=500",
]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("breaker")
    write_synthetic(folder, "sound", base_us=1_000)
    write_synthetic(
        folder, "hangs", base_us=1_000, instances=2, max_batch_size=1,
        fault="hang", fault_instance=0, fault_from=6, fault_runs=1, fault_us=3_000_000,
    )  # fmt: skip
    write_synthetic(folder, "fails", base_us=1_000, fault="fail", fault_from=WARM + 1, fault_runs=7)
    write_synthetic(
        folder, "garbage", base_us=1_000, fault="garbage", fault_from=WARM + 1, fault_runs=5
    )
    write_synthetic(
        folder, "slow", base_us=20_000, instances=2, max_batch_size=1,
        fault="slow", fault_instance=1, fault_from=6, fault_runs=30,
    )  # fmt: skip
    with Server(folder, flags=FLAGS) as server:
        yield server


def figure(server, name, model, **labels):
    """One sample of the metrics."""
    wanted = {"model": model, **{name: str(value) for name, value in labels.items()}}
    for line in server.get("/metrics").body.decode().splitlines():
        if line.startswith(name + "{"):
            found = dict(re.findall(r'(\w+)="([^"]*)"', line))
            if wanted.items() <= found.items():
                return float(line.rsplit(" ", 1)[1])
    raise AssertionError(f"no sample {name} {wanted}")


def is_open(server, model, instance=0):
    return figure(server, "headway_instance_state", model, instance=instance, state="open") == 1


def is_closed(server, model, instance=0):
    return figure(server, "headway_instance_state", model, instance=instance, state="closed") == 1


def recovers(server, model, instance=0):
    def works():
        server.infer(model, ROW)
        return is_closed(server, model, instance)

    wait_until(works, 20, f"instance {instance} of {model} to be put back to work")
    assert server.infer(model, ROW).status == 200


def test_a_call_that_hangs_is_given_up_and_the_others_keep_serving(server):
    answers = []

    def ask():
        begun = time.monotonic()
        answers.append((server.infer("hangs", ROW).status, time.monotonic() - begun))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    failed = [took for status, took in answers if status != 200]
    assert len(failed) == 1, "the rider of the call that hangs, and nobody else"
    assert 0.25 < failed[0] < 2.5, "given up at the limit and not when the call returned"
    assert is_open(server, "hangs", "0")
    assert figure(server, "headway_instance_isolations_total", "hangs", instance="0", cause="stalled")
    # The other instance of the model, and other models, are as they were.
    for model in ["hangs", "sound"] * 5:
        begun = time.monotonic()
        assert server.infer(model, ROW).status == 200
        assert time.monotonic() - begun < 1.0
    recovers(server, "hangs")
    assert figure(
        server, "headway_instance_trials_total", "hangs", instance="0", result="recovered"
    )


def test_a_model_that_fails_is_refused_with_retry_after_until_a_trial_succeeds(server):
    for _ in range(5):
        assert server.infer("fails", ROW).status == 500
    refused = server.infer("fails", ROW)
    assert refused.status == 503
    assert int(refused.headers["retry-after-ms"]) <= 500
    assert b"no instance" in refused.body
    assert server.infer("sound", ROW).status == 200
    recovers(server, "fails")
    # Two of the seven failures were trials.
    assert figure(server, "headway_instance_trials_total", "fails", result="relapsed") == 2
    assert figure(server, "headway_instance_isolations_total", "fails", cause="failing") == 1


def test_garbage_is_a_failure_and_never_reaches_a_client(server):
    statuses = [server.infer("garbage", ROW).status for _ in range(5)]
    assert statuses == [500] * 5
    assert server.infer("garbage", ROW).status == 503
    recovers(server, "garbage")


def test_an_instance_that_is_ten_times_slower_than_its_twin_is_taken_out(server):
    def ask():
        while not is_open(server, "slow", "1") and time.monotonic() < end:
            assert server.infer("slow", ROW).status == 200

    end = time.monotonic() + 30
    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert figure(server, "headway_instance_isolations_total", "slow", instance="1", cause="slow") == 1
    assert is_closed(server, "slow", "0")


def test_a_server_that_was_stopped_does_not_blame_its_engine(tmp_path):
    write_synthetic(tmp_path, "steady", base_us=20_000, max_batch_size=1)
    with Server(tmp_path, flags=FLAGS) as server:
        answers, over = [], threading.Event()

        def ask():
            while not over.is_set():
                answers.append(server.infer("steady", ROW, {"x-headway-deadline-ms": "20000"}).status)

        threads = [threading.Thread(target=ask) for _ in range(3)]
        for thread in threads:
            thread.start()
        for _ in range(4):
            wait_until(lambda seen=len(answers): len(answers) > seen + 10, 20, "requests to be answered")
            server.send_signal(signal.SIGSTOP)
            over.wait(0.8)
            server.send_signal(signal.SIGCONT)
        wait_until(lambda seen=len(answers): len(answers) > seen + 10, 20, "requests to be answered")
        over.set()
        for thread in threads:
            thread.join()
        assert set(answers) == {200}
        stalled = figure(
            server, "headway_instance_isolations_total", "steady", instance=0, cause="stalled"
        )
        assert stalled == 0


def test_without_breakers_nothing_is_taken_out(tmp_path):
    write_synthetic(tmp_path, "fails", fault="fail", fault_from=WARM + 1, fault_runs=20)
    with Server(tmp_path, flags=["--set=breaker.enabled=false"]) as server:
        assert [server.infer("fails", ROW).status for _ in range(20)] == [500] * 20
        assert server.infer("fails", ROW).status == 200
        assert b"headway_instance_state{" not in server.get("/metrics").body
