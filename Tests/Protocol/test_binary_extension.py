"""The binary tensor extension in its corners, compressed bodies, and classification."""

import gzip
import json
import zlib

import numpy as np
import pytest
import tritonclient.http as client
from wire import binary_body, infer_body, split_binary, tensor

PATH = "/v2/models/digits/infer"


def binary_input(images):
    return {
        "name": "image",
        "datatype": "FP32",
        "shape": list(images.shape),
        "parameters": {"binary_data_size": images.nbytes},
    }


def test_the_raw_form_is_one_image_in_and_binary_out(digits, reference, held_out):
    image = held_out[0][:1]
    response = digits.post(PATH, image.tobytes(), {"Inference-Header-Content-Length": "0"})
    assert response.status == 200, response.body
    _, blobs = split_binary(response)
    probabilities, labels = reference(image)
    np.testing.assert_allclose(np.frombuffer(blobs["probabilities"], "<f4"), probabilities[0], atol=1e-5)
    assert np.frombuffer(blobs["label"], "<i8").tolist() == labels[0].tolist()


@pytest.mark.parametrize("cut", [0, 1, 255, 257, 512])
def test_the_raw_form_with_a_wrong_size_is_400(digits, held_out, cut):
    body = (held_out[0][:2].tobytes())[:cut]
    response = digits.post(PATH, body, {"Inference-Header-Content-Length": "0"})
    assert response.status == 400
    assert response.error


def test_binary_in_json_out(digits, reference, held_out):
    images = held_out[0][:3]
    response = digits.post(PATH, *binary_body({"inputs": [binary_input(images)]}, images.tobytes()))
    assert response.status == 200, response.body
    assert "inference-header-content-length" not in response.headers
    found = {o["name"]: o["data"] for o in response.json()["outputs"]}
    np.testing.assert_allclose(found["probabilities"], reference(images)[0].ravel(), atol=1e-5)


def test_json_in_and_each_output_in_its_own_form(digits, reference, held_out):
    images = held_out[0][:3]
    body = infer_body(
        tensor("image", images),
        outputs=[
            {"name": "label"},
            {"name": "probabilities", "parameters": {"binary_data": True}},
        ],
    )
    answer, blobs = split_binary(digits.post(PATH, body))
    assert set(blobs) == {"probabilities"}
    np.testing.assert_allclose(
        np.frombuffer(blobs["probabilities"], "<f4"), reference(images)[0].ravel(), atol=1e-5
    )
    assert answer["outputs"][0]["data"] == reference(images)[1].ravel().tolist()


def test_binary_data_output_is_the_default_that_an_output_overrides(digits, held_out):
    images = held_out[0][:1]
    everything = infer_body(tensor("image", images), parameters={"binary_data_output": True})
    assert set(split_binary(digits.post(PATH, everything))[1]) == {"probabilities", "label"}
    but_one = infer_body(
        tensor("image", images),
        parameters={"binary_data_output": True},
        outputs=[
            {"name": "probabilities"},
            {"name": "label", "parameters": {"binary_data": False}},
        ],
    )
    assert set(split_binary(digits.post(PATH, but_one))[1]) == {"probabilities"}


@pytest.mark.parametrize("algorithm", ["gzip", "deflate"])
def test_compressed_requests_and_answers(triton, reference, held_out, algorithm):
    images = held_out[0][:64]
    value = client.InferInput("image", list(images.shape), "FP32")
    value.set_data_from_numpy(images)
    result = triton.infer(
        "digits",
        [value],
        request_compression_algorithm=algorithm,
        response_compression_algorithm=algorithm,
    )
    np.testing.assert_allclose(result.as_numpy("probabilities"), reference(images)[0], atol=1e-5)


@pytest.mark.parametrize(("encoding", "unpack"), [("gzip", gzip.decompress), ("deflate", zlib.decompress)])
def test_an_answer_is_compressed_only_when_asked(digits, held_out, encoding, unpack):
    body = infer_body(tensor("image", held_out[0][:64]))
    plain = digits.post(PATH, body)
    assert "content-encoding" not in plain.headers
    packed = digits.post(PATH, body, {"Accept-Encoding": encoding})
    assert packed.headers["content-encoding"] == encoding
    assert len(packed.body) < len(plain.body)
    assert json.loads(unpack(packed.body))["outputs"] == plain.json()["outputs"]


def test_a_client_that_accepts_nothing_of_ours_gets_a_plain_answer(digits, held_out):
    body = infer_body(tensor("image", held_out[0][:64]))
    assert "content-encoding" not in digits.post(PATH, body, {"Accept-Encoding": "br"}).headers


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", b"not gzip at all"),
        ("gzip", gzip.compress(b"{}" * 100)[:-12]),
        ("deflate", b"\x00\x01\x02"),
        ("br", b"{}"),
    ],
)
def test_a_body_that_cannot_be_unpacked_is_a_4xx(digits, encoding, body):
    response = digits.post(PATH, body, {"Content-Encoding": encoding})
    assert response.status in (400, 415)
    assert response.error


def test_a_small_body_that_unpacks_to_a_huge_one_is_refused(digits):
    """A few megabytes that would become half a gigabyte: cut off at the body limit."""
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    megabyte = b" " * (1 << 20)
    bomb = b"".join(packer.compress(megabyte) for _ in range(512)) + packer.flush()
    before = digits.resident_bytes()
    response = digits.post(PATH, bomb, {"Content-Encoding": "gzip"})
    assert response.status in (400, 413)
    assert digits.resident_bytes() - before < 400 << 20


@pytest.mark.parametrize("count", [1, 3, 10])
def test_classification_gives_value_index_label(triton, reference, held_out, count):
    images = held_out[0][:4]
    value = client.InferInput("image", list(images.shape), "FP32")
    value.set_data_from_numpy(images)
    wanted = [client.InferRequestedOutput("probabilities", class_count=count)]
    found = triton.infer("digits", [value], outputs=wanted).as_numpy("probabilities")
    assert found.shape == (4, count)
    for row, expected in zip(found, reference(images)[0]):
        best = np.argsort(-expected, kind="stable")[:count]
        for entry, index in zip(row, best):
            score, position, label = entry.decode().split(":")
            assert abs(float(score) - expected[index]) < 1e-5
            assert abs(expected[int(position)] - expected[index]) < 1e-5
            assert label == position


def test_classification_in_json_is_a_list_of_strings(digits, held_out):
    outputs = [{"name": "probabilities", "parameters": {"classification": 2}}]
    response = digits.post(PATH, infer_body(tensor("image", held_out[0][:1]), outputs=outputs))
    (output,) = response.json()["outputs"]
    assert output["datatype"] == "BYTES"
    assert output["shape"] == [1, 2]
    assert all(isinstance(entry, str) and entry.count(":") == 2 for entry in output["data"])
