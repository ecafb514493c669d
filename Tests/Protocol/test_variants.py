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
