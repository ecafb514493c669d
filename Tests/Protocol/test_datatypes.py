"""Every datatype of the protocol, there and back, through ONNX Runtime."""

import json

import numpy as np
import pytest
import tritonclient.http as client
from onnx import TensorProto
from repository import write_identity
from server import Server
from wire import binary_body, split_binary

TEXT = np.array([["a", "", "déjà"], ["line\n", '"q"\\', "x" * 1000]], dtype=np.object_)

# Datatype: (ONNX's type, configuration's type, values).
TYPES = {
    "BOOL": (TensorProto.BOOL, np.array([[1, 0, 1], [0, 0, 1]], np.bool_)),
    "INT8": (TensorProto.INT8, np.array([[-128, 0, 127], [1, 2, 3]], np.int8)),
    "INT16": (TensorProto.INT16, np.array([[-32768, 0, 32767], [1, 2, 3]], np.int16)),
    "INT32": (TensorProto.INT32, np.array([[-(2**31), 0, 2**31 - 1], [1, 2, 3]], np.int32)),
    "INT64": (TensorProto.INT64, np.array([[-(2**63), 0, 2**63 - 1], [1, 2, 3]], np.int64)),
    "UINT8": (TensorProto.UINT8, np.array([[0, 128, 255], [1, 2, 3]], np.uint8)),
    "UINT16": (TensorProto.UINT16, np.array([[0, 1, 65535], [1, 2, 3]], np.uint16)),
    "UINT32": (TensorProto.UINT32, np.array([[0, 1, 2**32 - 1], [1, 2, 3]], np.uint32)),
    "UINT64": (TensorProto.UINT64, np.array([[0, 1, 2**64 - 1], [1, 2, 3]], np.uint64)),
    "FP32": (TensorProto.FLOAT, np.array([[0.1, -3.4e38, 1e-45], [1, 2, 3]], np.float32)),
    "FP64": (TensorProto.DOUBLE, np.array([[0.1, -1.7e308, 5e-324], [1, 2, 3]], np.float64)),
    "BYTES": (TensorProto.STRING, TEXT),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("datatypes")
    for name, (onnx_type, _) in TYPES.items():
        configured = "TYPE_STRING" if name == "BYTES" else f"TYPE_{name}"
        write_identity(folder, f"identity_{name.lower()}", onnx_type, configured)
    write_identity(folder, "identity_fp16", TensorProto.FLOAT16, "TYPE_FP16")
    write_identity(folder, "completed", TensorProto.INT32)
    with Server(folder) as server:
        yield server


@pytest.mark.parametrize("binary", [True, False], ids=["binary", "json"])
@pytest.mark.parametrize("datatype", TYPES)
def test_values_come_back_unchanged(server, datatype, binary):
    values = TYPES[datatype][1]
    with client.InferenceServerClient(server.url) as triton:
        given = client.InferInput("x", list(values.shape), datatype)
        given.set_data_from_numpy(values, binary_data=binary)
        wanted = [client.InferRequestedOutput("y", binary_data=binary)]
        found = triton.infer(f"identity_{datatype.lower()}", [given], outputs=wanted).as_numpy("y")
    if datatype == "BYTES":
        decode = lambda v: v.decode() if isinstance(v, bytes) else v  # noqa: E731
        assert [decode(v) for v in found.ravel()] == TEXT.ravel().tolist()
    else:
        np.testing.assert_array_equal(found, values)


@pytest.mark.parametrize("datatype", ["FP32", "FP64"])
def test_json_takes_the_words_that_triton_writes_for_no_numbers(server, datatype):
    """RFC 8259 has no NaN; Triton's client and server write one all the same."""
    values = np.array([[np.nan, np.inf, -np.inf]], np.float32 if datatype == "FP32" else np.float64)
    with client.InferenceServerClient(server.url) as triton:
        given = client.InferInput("x", [1, 3], datatype)
        given.set_data_from_numpy(values, binary_data=False)
        wanted = [client.InferRequestedOutput("y", binary_data=False)]
        found = triton.infer(f"identity_{datatype.lower()}", [given], outputs=wanted).as_numpy("y")
    np.testing.assert_array_equal(found, values)


def test_half_precision_travels_as_bytes(server):
    values = np.array([[0.5, -65504, 6e-8], [1, 2, 3]], np.float16)
    request = {
        "inputs": [
            {
                "name": "x", "datatype": "FP16", "shape": [2, 3],
                "parameters": {"binary_data_size": values.nbytes},
            }
        ],
        "outputs": [{"name": "y", "parameters": {"binary_data": True}}],
    }
    response = server.infer("identity_fp16", *binary_body(request, values.tobytes()))
    assert response.status == 200, response.body
    assert split_binary(response)[1]["y"] == values.tobytes()


@pytest.mark.parametrize(
    ("datatype", "data"),
    [
        ("INT8", [128, 0, 0]),
        ("UINT8", [-1, 0, 0]),
        ("INT32", [1.5, 0, 0]),
        ("INT64", [2**63, 0, 0]),
        ("UINT64", [-1, 0, 0]),
        ("BOOL", [2, 0, 0]),
        ("BYTES", [1, 2, 3]),
        ("FP32", ["1", 0, 0]),
    ],
)
def test_values_that_the_datatype_cannot_hold_are_400(server, datatype, data):
    body = {"inputs": [{"name": "x", "datatype": datatype, "shape": [1, 3], "data": data}]}
    response = server.infer(f"identity_{datatype.lower()}", json.dumps(body).encode())
    assert response.status == 400
    assert "'x'" in response.error


@pytest.mark.parametrize("blob", [b"\xff\xff\xff\xffabc", b"\x09\0\0\0abc", b"\x01\0"])
def test_byte_strings_that_lie_about_their_length_are_400(server, blob):
    request = {
        "inputs": [
            {
                "name": "x", "datatype": "BYTES", "shape": [1, 3],
                "parameters": {"binary_data_size": len(blob)},
            }
        ]
    }
    response = server.infer("identity_bytes", *binary_body(request, blob))
    assert response.status == 400
    assert "x" in response.error


def test_a_model_without_configuration_is_completed_from_its_file(server):
    with client.InferenceServerClient(server.url) as triton:
        assert triton.is_model_ready("completed")
        metadata = triton.get_model_metadata("completed")
        assert metadata["inputs"] == [{"name": "x", "datatype": "INT32", "shape": [-1, 3]}]
        values = np.array([[1, 2, 3]], np.int32)
        given = client.InferInput("x", [1, 3], "INT32")
        given.set_data_from_numpy(values)
        found = triton.infer("completed", [given]).as_numpy("y")
    np.testing.assert_array_equal(found, values)
