#!/usr/bin/env python3
"""Makes a model of handwritten digits with a quantised twin, for trying the quality ladder.

    build/venv/bin/python scripts/make_variants.py FOLDER             # write both models
    build/venv/bin/python scripts/make_variants.py FOLDER --evaluate  # and measure them

FOLDER becomes a model repository with `digits-wide` and `digits-wide-int8`; the first names the second
as its cheaper variant. Needs numpy, scikit-learn (for the data it bundles), onnx and onnxruntime.

The full model is wide enough that quantising it pays: two hidden layers of random features, which are
never trained, and a last layer fitted by ridge regression, so that making it takes seconds and
gives the same bytes from the same seed. The twin is made by ONNX Runtime's dynamic quantisation:
weights in 8 bits, activations quantised as they come.

The split is that of `train_digits.py`: the last 360 images are held out as one block.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnxruntime import InferenceSession, SessionOptions
from onnxruntime.quantization import QuantType, quantize_dynamic
from sklearn.datasets import load_digits

TRAINING_COUNT = 1437
SEED = 20261122
WIDTH = 2048
RIDGE = 30.0
FULL, TWIN = "digits-wide", "digits-wide-int8"
MAX_BATCH = 64

CONFIG = """name: "{name}"
backend: "onnxruntime"
max_batch_size: {batch}
input [ {{ name: "image" data_type: TYPE_FP32 dims: [ 64 ] }} ]
output [ {{ name: "scores" data_type: TYPE_FP32 dims: [ 10 ] }} ]
dynamic_batching {{ }}
"""
LADDER = """parameters {{ key: "variants" value {{ string_value: "{twin}" }} }}
parameters {{ key: "variant_loading" value {{ string_value: "{loading}" }} }}
"""


def load_split():
    """Images as rows of FP32 in 0...1 and labels: (training, held-out)."""
    data = load_digits()
    images = (data.data / 16).astype(np.float32)
    return (
        (images[:TRAINING_COUNT], data.target[:TRAINING_COUNT]),
        (images[TRAINING_COUNT:], data.target[TRAINING_COUNT:]),
    )


def features(images, layers):
    for weights, bias in layers:
        images = np.maximum(images @ weights + bias, 0)
    return images


def fit(images, labels):
    """Weights and biases of the three layers."""
    rng = np.random.default_rng(SEED)
    layers = []
    inputs = images.shape[1]
    for _ in range(2):
        weights = rng.normal(0, np.sqrt(2 / inputs), (inputs, WIDTH)).astype(np.float32)
        bias = rng.normal(0, 0.1, WIDTH).astype(np.float32)
        layers.append((weights, bias))
        inputs = WIDTH
    hidden = features(images, layers).astype(np.float64)
    mean = hidden.mean(axis=0)
    centred = hidden - mean
    targets = np.eye(10)[labels] - 0.1
    gram = centred.T @ centred + RIDGE * np.eye(WIDTH)
    weights = np.linalg.solve(gram, centred.T @ targets)
    bias = 0.1 - mean @ weights
    return [*layers, (weights.astype(np.float32), bias.astype(np.float32))]


def network(layers):
    """The layers as an ONNX model with a free batch dimension."""
    nodes, constants = [], []
    value = "image"
    for index, (weights, bias) in enumerate(layers):
        is_last = index == len(layers) - 1
        names = [f"{kind}{index}" for kind in ("weights", "bias", "product", "sum", "hidden")]
        constants += [
            numpy_helper.from_array(weights, names[0]),
            numpy_helper.from_array(bias, names[1]),
        ]
        total = "scores" if is_last else names[3]
        nodes.append(helper.make_node("MatMul", [value, names[0]], [names[2]]))
        nodes.append(helper.make_node("Add", [names[2], names[1]], [total]))
        if not is_last:
            nodes.append(helper.make_node("Relu", [total], [names[4]]))
            value = names[4]
    graph = helper.make_graph(
        nodes,
        "digits-wide",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["rows", 64])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["rows", 10])],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.checker.check_model(model)
    return model


def write(folder, on_demand=False):
    """Writes both models and answers their files: (full, twin)."""
    (images, labels), _ = load_split()
    files = []
    for name in (FULL, TWIN):
        place = folder / name / "1"
        place.mkdir(parents=True, exist_ok=True)
        config = CONFIG.format(name=name, batch=MAX_BATCH)
        if name == FULL:
            loading = "on_demand" if on_demand else "always"
            config += LADDER.format(twin=TWIN, loading=loading)
        (folder / name / "config.pbtxt").write_text(config)
        files.append(place / "model.onnx")
    onnx.save(network(fit(images, labels)), files[0])
    with tempfile.TemporaryDirectory() as scratch:
        quantised = Path(scratch) / "model.onnx"
        quantize_dynamic(files[0], quantised, weight_type=QuantType.QInt8)
        files[1].write_bytes(quantised.read_bytes())
    return files


def evaluate(files):
    """Prints accuracy on the held-out images and the time of batches on one thread."""
    _, (images, labels) = load_split()
    for name, file in zip((FULL, TWIN), files):
        options = SessionOptions()
        options.intra_op_num_threads = 1
        session = InferenceSession(str(file), options, providers=["CPUExecutionProvider"])

        def run(rows):
            return session.run(["scores"], {"image": rows})[0]

        accuracy = np.mean(run(images).argmax(axis=1) == labels)
        times = []
        for rows in (1, 8, 64):
            batch = np.resize(images, (rows, 64))
            samples = []
            for _ in range(40):
                begun = time.perf_counter()
                run(batch)
                samples.append(time.perf_counter() - begun)
            times.append(f"{rows} rows {np.median(samples) * 1e3:.3f} ms")
        size = file.stat().st_size / 1e6
        print(f"{name}: {accuracy:.1%} right, {size:.1f} MB, {', '.join(times)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--on-demand", action="store_true", help="load the twin when needed")
    parser.add_argument("--evaluate", action="store_true", help="measure what was written")
    arguments = parser.parse_args()
    files = write(arguments.folder, arguments.on_demand)
    if arguments.evaluate:
        evaluate(files)
    return 0


if __name__ == "__main__":
    sys.exit(main())
