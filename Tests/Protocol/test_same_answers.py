"""A greedy answer is one answer: alone, in any batch, after any prefix, with little memory."""

import json
import platform
import random
import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest
from repository import write_config
from server import ROOT, Server

WORDS = "once upon a time the fox and her lantern went to old river where nobody had ever lost one".split()
PATIENT = {"x-slo-ttft-ms": "600000", "x-headway-deadline-ms": "600000"}
COUNT = 48

pytestmark = pytest.mark.skipif(
    platform.system() != "Linux" or platform.machine() != "x86_64",
    reason="elsewhere sums depend on the batch; docs/engines.md",
)


# By predicted memory hardly anybody is pre-empted; the rule of another server admits until the memory is full.
ROOMS = {
    "waiting": {"generation.kv_tokens": 1_200},
    "pre-empted": {"generation.kv_tokens": 640, "generation.policy": "vllm-fcfs"},
}


@pytest.fixture(scope="module", params=ROOMS)
def server(request, tmp_path_factory):
    """The demo model with so little room that requests wait, or lose their slots."""
    folder = tmp_path_factory.mktemp("same-answers")
    parameters = {"generation.slots": 12, "generation.prefix_slots": 4, **ROOMS[request.param]}
    text = 'name: "tales"\nbackend: "llama"\n'
    for key, value in parameters.items():
        text += f'parameters {{ key: "{key}" value {{ string_value: "{value}" }} }}\n'
    model = write_config(folder, "tales", text)
    shutil.copy(ROOT / "models" / "tales" / "1" / "model.gguf", model / "1" / "model.gguf")
    with Server(folder) as server:
        server.room = request.param
        yield server


def prompts():
    """Prompts of 1 to 400 words; every third begins like an earlier one."""
    draw = random.Random(7)
    found = []
    for number in range(COUNT):
        words = draw.choices(WORDS, k=draw.randrange(1, 400 if number % 8 == 0 else 60))
        if number % 3 == 2:
            words = draw.choice(found).split() + words[:20]
        found.append(" ".join(words[:450]))
    return found


def counted(server, name):
    """The counter of the one model that is served."""
    for line in server.get("/metrics").body.decode().splitlines():
        if line.startswith(name + "{"):
            return int(line.split()[-1])
    raise AssertionError(f"no {name}")


def test_a_greedy_answer_is_the_same_in_any_company(server):
    def answer(prompt):
        body = {
            "model": "tales", "prompt": prompt, "max_tokens": 32, "temperature": 0, "ignore_eos": True, "logprobs": 0
        }  # fmt: skip
        response = server.post("/v1/completions", json.dumps(body).encode(), PATIENT)
        assert response.status == 200, response.body
        choice = response.json()["choices"][0]
        return choice["text"], choice["logprobs"]["token_logprobs"]

    asked = prompts()
    alone = [answer(prompt) for prompt in asked]
    order = list(range(COUNT))
    random.Random(8).shuffle(order)
    with ThreadPoolExecutor(24) as pool:
        together = list(pool.map(lambda number: answer(asked[number]), order))
    assert together == [alone[number] for number in order]
    if server.room == "pre-empted":
        assert counted(server, "headway_preemptions_total") > 0
