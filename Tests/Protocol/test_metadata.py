"""What a client can ask about the server and its models."""

import urllib.request

import pytest


def test_the_server_is_live_and_ready(triton):
    assert triton.is_server_live()
    assert triton.is_server_ready()
    assert triton.is_model_ready("digits")
    assert triton.is_model_ready("digits", "1")


def test_the_server_names_itself_and_its_extensions(triton):
    metadata = triton.get_server_metadata()
    assert metadata["name"] == "headway"
    assert metadata["version"]
    assert {"binary_tensor_data", "classification", "statistics", "model_configuration"} <= set(
        metadata["extensions"]
    )


@pytest.mark.parametrize("version", ["", "1"])
def test_model_metadata_has_the_batch_dimension(triton, version):
    metadata = triton.get_model_metadata("digits", version)
    assert metadata["name"] == "digits"
    assert metadata["versions"] == ["1"]
    assert metadata["inputs"] == [{"name": "image", "datatype": "FP32", "shape": [-1, 8, 8]}]
    assert sorted(metadata["outputs"], key=lambda o: o["name"]) == [
        {"name": "label", "datatype": "INT64", "shape": [-1, 1]},
        {"name": "probabilities", "datatype": "FP32", "shape": [-1, 10]},
    ]


def test_model_configuration_is_the_one_in_the_repository(triton):
    config = triton.get_model_config("digits")
    assert config["name"] == "digits"
    assert config["max_batch_size"] == 64
    (image,) = config["input"]
    assert image["data_type"] == "TYPE_FP32"
    assert [int(extent) for extent in image["dims"]] == [8, 8]
    assert {o["name"]: o.get("label_filename", "") for o in config["output"]} == {
        "probabilities": "labels.txt",
        "label": "",
    }
    assert int(config["dynamic_batching"]["priority_levels"]) == 3


def test_the_repository_index_lists_the_model(triton):
    (entry,) = [m for m in triton.get_model_repository_index() if m["name"] == "digits"]
    assert entry["state"] == "READY"
    assert entry["version"] == "1"


def test_statistics_of_all_models(triton, digits):
    by_model = digits.get("/v2/models/stats").json()["model_stats"]
    assert "digits" in [stats["name"] for stats in by_model]
    stats = triton.get_inference_statistics("digits")["model_stats"][0]
    assert {"name", "version", "inference_count", "execution_count", "inference_stats"} <= set(stats)
    durations = stats["inference_stats"]
    for part in ("success", "fail", "queue", "compute_input", "compute_infer", "compute_output"):
        assert {"count", "ns"} <= set(durations[part]), part


def test_metrics_have_triton_names(digits):
    digits.get("/v2/health/live")
    for port in (digits.metrics_port, digits.port):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            text = answer.read().decode()
        for name in ("nv_inference_request_success", "nv_inference_count", "nv_inference_exec_count"):
            assert f'{name}{{model="digits"' in text, name


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v2/models/digits/infer"),
        ("PUT", "/v2/models/digits/infer"),
        ("POST", "/v2/models/digits/config"),
        ("POST", "/v2/health/live"),
        ("DELETE", "/v2/models/digits"),
        ("GET", "/v2/repository/index"),
    ],
)
def test_a_wrong_method_is_405(digits, method, path):
    with digits.connect() as connection:
        response = connection.request(method, path)
    assert response.status == 405
    assert response.error


@pytest.mark.parametrize(
    "path",
    [
        "/v2/models/unknown",
        "/v2/models/unknown/config",
        "/v2/models/unknown/stats",
        "/v2/models/digits/versions/99",
        "/v2/models/digits/versions/99/config",
        "/v2/nonsense",
        "/nonsense",
    ],
)
def test_what_is_not_there_is_404(digits, path):
    response = digits.get(path)
    assert response.status == 404
    if path.startswith("/v2"):
        assert response.error


def test_an_unknown_model_is_not_ready(digits):
    assert digits.get("/v2/models/unknown/ready").status in (400, 404)
    assert digits.get("/v2/models/digits/versions/99/ready").status in (400, 404)
