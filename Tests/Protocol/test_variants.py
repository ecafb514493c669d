"""A model with a quantised twin: which of them answers, who can insist, and what the load changes."""

import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from polling import wait_until
from server import ROOT, Server
from wire import infer_body, tensor

sys.path.insert(0, str(ROOT / "scripts"))

from make_variants import FULL, TWIN, load_split, write  # noqa: E402

IMAGES = load_split()[1][0][:64]
BODY = infer_body(tensor("image", IMAGES))


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("variants")
    write(folder)
    with Server(folder, flags=["--set=variants.exact_classes=low"]) as server:
        yield server


def variant(response):
    assert response.status == 200, response.body
    return response.headers["x-headway-variant"]


def burst(server, headers):
    """Answers to far more than the full model can do by the deadline."""
    headers = {"x-headway-deadline-ms": "120", **headers}
    with ThreadPoolExecutor(48) as threads:
        return list(threads.map(lambda _: server.infer(FULL, BODY, headers), range(144)))


def test_without_load_the_full_model_answers_and_the_answer_says_so(server):
    for _ in range(5):
        assert variant(server.infer(FULL, BODY)) == FULL
    alone = server.infer(TWIN, BODY)
    assert alone.status == 200
    assert "x-headway-variant" not in alone.headers, "it has no variants of its own"


def test_a_burst_is_answered_by_the_twin_and_afterwards_the_full_model_is_back(server):
    answers = burst(server, {})
    assert {answer.status for answer in answers} <= {200, 504}
    assert TWIN in {variant(answer) for answer in answers if answer.status == 200}
    wait_until(lambda: variant(server.infer(FULL, BODY)) == FULL, 5, "the full model to be back")
    metrics = server.get("/metrics").body.decode()
    (count,) = [
        float(line.rsplit(" ", 1)[1])
        for line in metrics.splitlines()
        if line.startswith("headway_variant_requests_total") and f'variant="{TWIN}"' in line
    ]
    assert count >= 1


@pytest.mark.parametrize("headers", [{"x-headway-variant": "full"}, {"x-headway-class": "low"}])
def test_who_insists_on_the_full_model_never_gets_another(server, headers):
    answers = burst(server, headers)
    found = {variant(answer) for answer in answers if answer.status == 200}
    assert found == {FULL}


def test_an_unknown_wish_is_refused(server):
    response = server.infer(FULL, BODY, {"x-headway-variant": "best"})
    assert response.status == 400
    assert "full or any" in response.error


def test_the_twin_gives_nearly_the_same_answers(server):
    def scores(model):
        (output,) = server.infer(model, BODY).json()["outputs"]
        return np.array(output["data"]).reshape(output["shape"])

    full, twin = scores(FULL), scores(TWIN)
    assert np.mean(full.argmax(axis=1) == twin.argmax(axis=1)) > 0.9
    assert np.abs(full - twin).mean() < 0.05


def metric(server, name):
    line = f'{name}{{model="{FULL}",version="1",variant="{TWIN}"}} '
    (value,) = [
        float(row.removeprefix(line))
        for row in server.get("/metrics").body.decode().splitlines()
        if row.startswith(line)
    ]
    return value


def test_a_twin_on_demand_comes_with_the_load_and_goes_after_it(tmp_path):
    write(tmp_path, on_demand=True)
    with Server(tmp_path, flags=["--set=variants.quiet_ms=1000"]) as server:
        assert metric(server, "headway_variant_in_memory") == 0
        assert variant(server.infer(FULL, BODY)) == FULL

        def is_answered_by_twin():
            answers = burst(server, {})
            assert {answer.status for answer in answers} <= {200, 503, 504}
            return TWIN in {variant(answer) for answer in answers if answer.status == 200}

        wait_until(is_answered_by_twin, 60, "the twin to come")
        wait_until(
            lambda: metric(server, "headway_variant_in_memory") == 0, 30, "the twin to leave"
        )
        assert metric(server, "headway_variant_loads_total") >= 1
        assert metric(server, "headway_variant_load_seconds_total") > 0
        assert variant(server.infer(FULL, BODY)) == FULL
        (setting,) = [
            setting
            for setting in server.get("/headway/v1/snapshot").json()["controllers"]
            if setting["name"] == f"variant {TWIN}"
        ]
        assert setting["text"] == "not in memory" and "load" in setting["reason"]
        log = "\n".join(server.errors)
    assert "variant loaded" in log and "variant unloaded" in log


def test_a_twin_on_demand_that_is_gone_is_told_and_costs_no_request(tmp_path):
    full, twin = write(tmp_path, on_demand=True)
    with Server(tmp_path) as server:
        twin.unlink()

        def is_told():
            answers = burst(server, {})
            assert {answer.status for answer in answers} <= {200, 503, 504}
            assert {variant(answer) for answer in answers if answer.status == 200} <= {FULL}
            return "variant could not be loaded" in "\n".join(server.errors)

        wait_until(is_told, 60, "the log to say so")
        assert variant(server.infer(FULL, BODY)) == FULL
        assert metric(server, "headway_variant_in_memory") == 0


def test_a_twin_on_demand_counts_towards_the_memory_limit(tmp_path):
    write(tmp_path, on_demand=True)
    flags = ["--set=memory.limit_bytes=200000000", "--set=variants.quiet_ms=1000"]
    with Server(tmp_path, flags=flags) as server:

        def used():
            name = "headway_memory_used_bytes "
            (row,) = [
                row
                for row in server.get("/metrics").body.decode().splitlines()
                if row.startswith(name)
            ]
            return float(row.removeprefix(name))

        alone = used()
        wait_until(
            lambda: burst(server, {}) and metric(server, "headway_variant_in_memory") == 1,
            60,
            "the twin to come",
        )
        assert used() > alone
        wait_until(lambda: used() == alone, 30, "the twin to leave")
