"""Inference on the demo model: the same answers as ONNX Runtime, in every form of the protocol."""

import json
import subprocess
import sys
import threading

import numpy as np
import pytest
import tritonclient.http as client
from load import Arrival, infer_request, run_load, statuses
from polling import wait_until
from server import ROOT
from wire import infer_body, tensor

CLOSE = 1e-5


def image_input(images, binary=True):
    value = client.InferInput("image", list(images.shape), "FP32")
    value.set_data_from_numpy(images, binary_data=binary)
    return value


def outputs(binary=True):
    return [
        client.InferRequestedOutput(name, binary_data=binary) for name in ("probabilities", "label")
    ]


def assert_same(result, expected):
    probabilities, labels = expected
    np.testing.assert_allclose(result.as_numpy("probabilities"), probabilities, atol=CLOSE, rtol=0)
    np.testing.assert_array_equal(result.as_numpy("label"), labels)


@pytest.mark.parametrize("count", [1, 2, 7, 64])
@pytest.mark.parametrize("binary_in", [True, False], ids=["binary_in", "json_in"])
@pytest.mark.parametrize("binary_out", [True, False], ids=["binary_out", "json_out"])
def test_answers_equal_onnx_runtime(triton, reference, held_out, count, binary_in, binary_out):
    images = held_out[0][:count]
    result = triton.infer("digits", [image_input(images, binary_in)], outputs=outputs(binary_out))
    assert_same(result, reference(images))


def test_all_outputs_come_back_when_none_is_named(triton, reference, held_out):
    images = held_out[0][:3]
    assert_same(triton.infer("digits", [image_input(images)]), reference(images))


def test_only_the_named_outputs_come_back_in_their_order(triton, held_out):
    images = held_out[0][:2]
    one = triton.infer(
        "digits", [image_input(images)], outputs=[client.InferRequestedOutput("label")]
    )
    assert [o["name"] for o in one.get_response()["outputs"]] == ["label"]
    both = triton.infer("digits", [image_input(images)], outputs=outputs()[::-1])
    assert [o["name"] for o in both.get_response()["outputs"]] == ["label", "probabilities"]


def test_the_answer_names_model_version_and_request(triton, held_out):
    result = triton.infer(
        "digits", [image_input(held_out[0][:1])], model_version="1", request_id="number-7"
    ).get_response()
    assert result["model_name"] == "digits"
    assert result["model_version"] == "1"
    assert result["id"] == "number-7"
    assert [o["shape"] for o in result["outputs"]] == [[1, 10], [1, 1]]


def test_json_data_may_be_nested(digits, reference, held_out):
    image = held_out[0][:2]
    value = {**tensor("image", image), "data": image.tolist()}
    response = digits.infer("digits", infer_body(value))
    assert response.status == 200, response.body
    found = {o["name"]: o["data"] for o in response.json()["outputs"]}
    np.testing.assert_allclose(found["probabilities"], reference(image)[0].ravel(), atol=CLOSE)
    assert found["label"] == reference(image)[1].ravel().tolist()


def test_json_members_may_come_in_any_order_with_any_space(digits, held_out):
    image = held_out[0][0]
    body = (
        '\n{"parameters" : { } , "outputs":[{"name":"label"}],\t"unknown":{"a":[1,{"b":null}]},'
        '"inputs":[ {"data" : %s, "shape":[1,8,8], "parameters":{}, "datatype":"FP32",'
        ' "name":"im\\u0061ge"} ], "id":"\\u00e9\\n"}\n' % json.dumps(image.ravel().tolist())
    )
    response = digits.infer("digits", body.encode())
    assert response.status == 200, response.body
    assert response.json()["id"] == "é\n"


def test_held_out_accuracy_through_the_server(triton, held_out):
    images, labels = held_out
    found = np.concatenate(
        [
            triton.infer("digits", [image_input(images[i : i + 60])]).as_numpy("label")[:, 0]
            for i in range(0, len(images), 60)
        ]
    )
    assert (found == labels).mean() >= 0.97


def test_concurrent_clients_get_their_own_answers(digits, reference, held_out):
    images = held_out[0]
    problems = []

    def work(worker):
        random = np.random.default_rng(worker)
        try:
            with client.InferenceServerClient(digits.url) as mine:
                for turn in range(20):
                    start = int(random.integers(0, 300))
                    part = images[start : start + int(random.integers(1, 9))]
                    binary = bool(turn % 2)
                    result = mine.infer("digits", [image_input(part, binary)], outputs=outputs(binary))
                    assert_same(result, reference(part))
        except Exception as problem:  # carried to the test's own thread
            problems.append(problem)

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(100)
    assert problems == []


def test_many_at_once_with_the_asynchronous_client(triton, reference, held_out):
    images = held_out[0]
    pending = [triton.async_infer("digits", [image_input(images[i : i + 1])]) for i in range(40)]
    for i, request in enumerate(pending):
        assert_same(request.get_result(), reference(images[i : i + 1]))


def test_concurrent_requests_share_batches(digits, held_out):
    """`execution_count` < `inference_count` is how a client sees that batching happened."""
    request = infer_request("digits", infer_body(tensor("image", held_out[0][:1])))

    def a_burst_was_batched():
        before = digits.statistics("digits")
        outcomes = run_load(digits.address, [Arrival(0, request) for _ in range(100)])
        assert set(statuses(outcomes)) <= {200, 503, 504}
        after = digits.statistics("digits")
        served = after["inference_count"] - before["inference_count"]
        assert served == statuses(outcomes)[200]
        return after["execution_count"] - before["execution_count"] < served

    wait_until(a_burst_was_batched, 30, "a burst that shared a batch")


def test_a_burst_on_a_slow_model_shares_batches(synthetic):
    from repository import ROW

    before = synthetic.statistics("slow")
    request = infer_request("slow", ROW, x_headway_deadline_ms=20_000)
    outcomes = run_load(synthetic.address, [Arrival(0, request) for _ in range(17)])
    assert statuses(outcomes) == {200: 17}
    after = synthetic.statistics("slow")
    assert after["inference_count"] - before["inference_count"] == 17
    # One or two while the burst still arrives, then full batches of eight.
    assert after["execution_count"] - before["execution_count"] <= 6
    assert max(int(o.headers["x-headway-batch-size"]) for o in outcomes) == 8
    assert after["batch_stats"], "batch sizes are counted"


def test_the_examples_work_as_written(digits):
    response = digits.infer("digits", (ROOT / "examples" / "digits.json").read_bytes())
    assert response.status == 200, response.body
    found = {o["name"]: o["data"] for o in response.json()["outputs"]}
    assert found["label"] == [3]
    done = subprocess.run(
        [sys.executable, "examples/classify.py", "examples/seven.png", digits.url],
        cwd=ROOT, capture_output=True, text=True, timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert "is a 7" in done.stdout
