"""Model repositories written for a test."""

import numpy as np
from wire import infer_body, tensor

ROW = infer_body(tensor("x", np.ones((1, 4))))


def write_synthetic(
    folder,
    name,
    base_us=0,
    per_row_us=0,
    max_batch_size=8,
    instances=1,
    batching="dynamic_batching { priority_levels: 3 default_priority_level: 2 }",
    **parameters,
):
    """A model of the engine `synthetic`: `x` FP32 [-1, 4] in, the same as `y` out."""
    parameters = {"base_us": base_us, "per_row_us": per_row_us, **parameters}
    text = f'name: "{name}"\nbackend: "synthetic"\nmax_batch_size: {max_batch_size}\n'
    text += 'input [ { name: "x" data_type: TYPE_FP32 dims: [ 4 ] } ]\n'
    text += 'output [ { name: "y" data_type: TYPE_FP32 dims: [ 4 ] } ]\n'
    text += f"instance_group [ {{ count: {instances} kind: KIND_CPU }} ]\n{batching}\n"
    for key, value in parameters.items():
        text += f'parameters {{ key: "{key}" value {{ string_value: "{value}" }} }}\n'
    return write_config(folder, name, text)


def write_config(folder, name, text):
    model = folder / name
    (model / "1").mkdir(parents=True)
    (model / "config.pbtxt").write_text(text)
    return model


def write_identity(folder, name, onnx_type, triton_type=None, rows="batch", max_batch_size=8):
    """An ONNX model that gives its input `x` [-1, 3] back as `y`.

    Without `triton_type` there is no configuration: the server completes it from the file.
    """
    from onnx import helper

    graph = helper.make_graph(
        [helper.make_node("Identity", ["x"], ["y"])],
        name,
        [helper.make_tensor_value_info("x", onnx_type, [rows, 3])],
        [helper.make_tensor_value_info("y", onnx_type, [rows, 3])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    place = folder / name / "1"
    place.mkdir(parents=True)
    (place / "model.onnx").write_bytes(model.SerializeToString())
    if triton_type is None:
        return
    text = f'name: "{name}"\nbackend: "onnxruntime"\nmax_batch_size: {max_batch_size}\n'
    text += f'input [ {{ name: "x" data_type: {triton_type} dims: [ 3 ] }} ]\n'
    text += f'output [ {{ name: "y" data_type: {triton_type} dims: [ 3 ] }} ]\n'
    (folder / name / "config.pbtxt").write_text(text)


def write_dense(folder, name, width, layers, seed):
    """An ONNX model of dense layers with ReLU, `x` FP32 [-1, width] in, the same as `y` out; its weights."""
    from onnx import TensorProto, helper, numpy_helper

    draw = np.random.default_rng(seed)
    weights = [
        (draw.standard_normal((width, width)) * (2 / width) ** 0.5).astype(np.float32)
        for _ in range(layers)
    ]
    nodes, last = [], "x"
    for number in range(layers):
        output = "y" if number == layers - 1 else f"h{number}"
        nodes.append(helper.make_node("MatMul", [last, f"w{number}"], [f"p{number}"]))
        nodes.append(helper.make_node("Relu", [f"p{number}"], [output]))
        last = output
    graph = helper.make_graph(
        nodes,
        name,
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", width])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", width])],
        [numpy_helper.from_array(layer, f"w{number}") for number, layer in enumerate(weights)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    place = folder / name / "1"
    place.mkdir(parents=True)
    (place / "model.onnx").write_bytes(model.SerializeToString())
    return weights
