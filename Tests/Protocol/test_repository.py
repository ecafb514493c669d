"""A broken model beside a good one: the server stays up and says what is wrong with which."""

import json
import shutil

import pytest
from repository import ROW, write_config, write_identity, write_synthetic
from server import BINARY, ROOT, Server

BROKEN = {
    "unknown_field": (
        'backend: "synthetic"\nmax_batch_size: 4\nmax_batch_sise: 8\n', ["max_batch_sise", "3"],
    ),
    "unknown_engine": ('backend: "abacus"\n', ["abacus"]),
    "no_file": (
        'backend: "onnxruntime"\ninput [ { name: "x" data_type: TYPE_FP32 dims: [ 4 ] } ]\n'
        'output [ { name: "y" data_type: TYPE_FP32 dims: [ 4 ] } ]\n',
        ["model.onnx"],
    ),
    "bad_parameter": (
        'backend: "synthetic"\nmax_batch_size: 4\n'
        'input [ { name: "x" data_type: TYPE_FP32 dims: [ 4 ] } ]\n'
        'output [ { name: "y" data_type: TYPE_FP32 dims: [ 4 ] } ]\n'
        'parameters { key: "base_us" value { string_value: "much" } }\n',
        ["base_us", "much"],
    ),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mixed")
    write_synthetic(folder, "good")
    for name, (text, _) in BROKEN.items():
        write_config(folder, name, f'name: "{name}"\n' + text if name != "unknown_field" else text)
    garbage = folder / "garbage" / "1"
    garbage.mkdir(parents=True)
    (garbage / "model.onnx").write_bytes(b"this is no model")
    with Server(folder) as server:
        yield server


def index(server, **body):
    response = server.post("/v2/repository/index", json.dumps(body).encode())
    assert response.status == 200, response.body
    return {entry["name"]: entry for entry in response.json()}


def test_the_good_model_serves(server):
    assert server.get("/v2/health/live").status == 200
    assert server.get("/v2/models/good/ready").status == 200
    assert server.infer("good", ROW).status == 200
    assert index(server)["good"]["state"] == "READY"


@pytest.mark.parametrize("name", [*BROKEN, "garbage"])
def test_a_broken_model_is_not_ready_and_the_reason_is_told(server, name):
    assert server.get(f"/v2/models/{name}/ready").status == 400
    entry = index(server)[name]
    assert entry["state"] == "UNAVAILABLE"
    for word in BROKEN.get(name, ("", ["garbage"]))[1]:
        assert word in entry["reason"]
    response = server.infer(name, ROW)
    assert response.status == 503, response.body
    assert name in response.error


def test_the_index_can_be_limited_to_what_is_ready(server):
    assert set(index(server, ready=True)) == {"good"}
    assert set(index(server)) == {"good", "garbage", *BROKEN}


def test_a_missing_engine_is_an_error_of_its_models_only(tmp_path, tmp_path_factory):
    write_synthetic(tmp_path, "good")
    shutil.copytree(ROOT / "models" / "digits", tmp_path / "digits")
    missing = str(tmp_path / "libnone.so")
    # A binary far from any folder that `make engines` fills, which are looked at as well.
    binary = shutil.copy(BINARY, tmp_path_factory.mktemp("elsewhere") / "headway")
    environment = {"HEADWAY_ONNXRUNTIME": missing}
    with Server(tmp_path, environment=environment, folder=tmp_path, binary=binary) as server:
        assert server.infer("good", ROW).status == 200
        assert server.get("/v2/models/digits/ready").status == 400
        assert missing in index(server)["digits"]["reason"]


def test_the_version_policy_and_several_repositories(tmp_path):
    from onnx import TensorProto

    first, second = tmp_path / "first", tmp_path / "second"
    write_synthetic(first, "good")
    write_identity(second, "versions", TensorProto.FLOAT)
    shutil.copytree(second / "versions" / "1", second / "versions" / "3")
    with Server(first, second) as server:
        assert server.infer("good", ROW).status == 200
        # By default the latest version only.
        assert server.get("/v2/models/versions").json()["versions"] == ["3"]
        assert server.get("/v2/models/versions/versions/3/ready").status == 200
        assert server.get("/v2/models/versions/versions/1").status == 404
