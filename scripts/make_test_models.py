#!/usr/bin/env python3
"""Writes the small models that the engine tests load: ONNX here, GGUF by gguf_models.py.

Usage: make_test_models.py OUTDIR

Needs the packages onnx, gguf and numpy only. The models are the same on every run.
"""

import pathlib
import sys

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

import gguf_models

# Name in file names (the KServe name in lower case) and element type in ONNX.
ELEMENT_TYPES = {
    "bool": TensorProto.BOOL,
    "uint8": TensorProto.UINT8,
    "uint16": TensorProto.UINT16,
    "uint32": TensorProto.UINT32,
    "uint64": TensorProto.UINT64,
    "int8": TensorProto.INT8,
    "int16": TensorProto.INT16,
    "int32": TensorProto.INT32,
    "int64": TensorProto.INT64,
    "fp16": TensorProto.FLOAT16,
    "bf16": TensorProto.BFLOAT16,
    "fp32": TensorProto.FLOAT,
    "fp64": TensorProto.DOUBLE,
    "bytes": TensorProto.STRING,
}

FLOAT = TensorProto.FLOAT
INT64 = TensorProto.INT64


def tensor(name, element_type, shape):
    return helper.make_tensor_value_info(name, element_type, shape)


def model(nodes, inputs, outputs, weights=(), opset=17, others=()):
    """A model of the standard operators, and of the domains that `others` holds with versions."""
    graph = helper.make_graph(list(nodes), "test", list(inputs), list(outputs), list(weights))
    # Opset and file version are old enough for every library that Headway accepts.
    opsets = [helper.make_opsetid("", opset)] + [helper.make_opsetid(*other) for other in others]
    return helper.make_model(
        graph, opset_imports=opsets, ir_version=8 if opset < 20 else 9,
        producer_name="headway-tests")


def identity(element_type, shape):
    return model(
        [helper.make_node("Identity", ["x"], ["y"])],
        [tensor("x", element_type, shape)], [tensor("y", element_type, shape)])


def mlp():
    """64 -> 256 -> 10 with a dynamic batch, weights from a fixed seed."""
    random = numpy.random.RandomState(7)

    def weight(name, *shape):
        values = (random.standard_normal(shape) / 16).astype(numpy.float32)
        return numpy_helper.from_array(values, name)

    return model(
        [
            helper.make_node("Gemm", ["x", "w1", "b1"], ["h"]),
            helper.make_node("Relu", ["h"], ["r"]),
            helper.make_node("Gemm", ["r", "w2", "b2"], ["y"]),
        ],
        [tensor("x", FLOAT, ["batch", 64])], [tensor("y", FLOAT, ["batch", 10])],
        [weight("w1", 64, 256), weight("b1", 256), weight("w2", 256, 10), weight("b2", 10)])


def add_sub():
    """Two inputs, two outputs: their sum and their difference."""
    shape = ["batch", 16]
    return model(
        [
            helper.make_node("Add", ["INPUT0", "INPUT1"], ["OUTPUT0"]),
            helper.make_node("Sub", ["INPUT0", "INPUT1"], ["OUTPUT1"]),
        ],
        [tensor("INPUT0", TensorProto.INT32, shape), tensor("INPUT1", TensorProto.INT32, shape)],
        [tensor("OUTPUT0", TensorProto.INT32, shape), tensor("OUTPUT1", TensorProto.INT32, shape)])


def nonzero():
    """The output's shape depends on the input's values."""
    return model(
        [helper.make_node("NonZero", ["x"], ["y"])],
        [tensor("x", FLOAT, ["batch", 4])], [tensor("y", INT64, [2, "found"])])


def static_shape():
    return model(
        [helper.make_node("Relu", ["x"], ["y"])],
        [tensor("x", FLOAT, [2, 3])], [tensor("y", FLOAT, [2, 3])])


def sequence_length():
    """A second dynamic dimension that the output shares with the input by name."""
    return model(
        [helper.make_node("Cast", ["ids"], ["y"], to=FLOAT)],
        [tensor("ids", INT64, ["batch", "length"])], [tensor("y", FLOAT, ["batch", "length"])])


def double_rows():
    """The file says that the output has `batch` rows; it has twice as many."""
    return model(
        [helper.make_node("Concat", ["x", "x"], ["y"], axis=0)],
        [tensor("x", FLOAT, ["batch", 4])], [tensor("y", FLOAT, ["batch", 4])])


def zeros():
    """Makes a tensor of the shape that the input names, however large."""
    return model(
        [helper.make_node("ConstantOfShape", ["shape"], ["y"])],
        [tensor("shape", INT64, [1])], [tensor("y", FLOAT, ["size"])])


def gather():
    """Fails while running on an index outside 0..<10."""
    table = numpy_helper.from_array(
        numpy.arange(20, dtype=numpy.float32).reshape(10, 2), "table")
    return model(
        [helper.make_node("Gather", ["table", "index"], ["y"])],
        [tensor("index", INT64, ["batch"])], [tensor("y", FLOAT, ["batch", 2])], [table])


def passthrough():
    """The output is the input itself: no node stands between them."""
    return model(
        [helper.make_node("Relu", ["x"], ["y"])],
        [tensor("x", FLOAT, ["rows", "columns"])],
        [tensor("x", FLOAT, ["other_rows", "other_columns"]), tensor("y", FLOAT, ["rows", "columns"])])


def constant():
    """One output is a weight itself, one is computed from weights alone."""
    table = numpy_helper.from_array(numpy.array([[1, 2, 3]], dtype=numpy.float32), "table")
    return model(
        [helper.make_node("Add", ["table", "table"], ["twice"]),
         helper.make_node("Relu", ["x"], ["y"])],
        [tensor("x", FLOAT, ["rows"])],
        [tensor("table", FLOAT, [1, 3]), tensor("twice", FLOAT, [1, 3]),
         tensor("y", FLOAT, ["rows"])], [table])


def sequence_input():
    """An input that is no tensor."""
    return model(
        [helper.make_node("SequenceLength", ["items"], ["count"])],
        [helper.make_tensor_sequence_value_info("items", FLOAT, None)],
        [tensor("count", INT64, [])])


# The vocabulary of `word_encoder`; position 0 is for every other word.
WORDS = ["?", "a", "the", "cat", "dog", "fox", "sat", "ran", "on", "mat", "hill"]


def word_encoder():
    """Text in, a vector of length 1 and the count of words out: the tokenizer is part of the graph.

    Words are lowered, looked up, and their vectors averaged. Opset 20 has StringSplit.
    """
    random = numpy.random.RandomState(11)
    vectors = random.standard_normal((len(WORDS), 24)).astype(numpy.float32)

    def constant(name, values):
        return numpy_helper.from_array(numpy.array(values, dtype=numpy.int64), name)

    return model(
        [
            helper.make_node("Reshape", ["text", "flat"], ["texts"]),
            helper.make_node("StringNormalizer", ["texts"], ["lowered"], case_change_action="LOWER",
                             is_case_sensitive=1, locale="C"),
            helper.make_node("StringSplit", ["lowered"], ["words", "counts"]),
            helper.make_node("LabelEncoder", ["words"], ["ids"], domain="ai.onnx.ml",
                             keys_strings=WORDS[1:], values_int64s=list(range(1, len(WORDS))),
                             default_int64=0),
            helper.make_node("Gather", ["vectors", "ids"], ["looked_up"]),
            # Shorter texts are padded with empty strings, which must not count.
            helper.make_node("Shape", ["words"], ["extents"]),
            helper.make_node("Gather", ["extents", "one"], ["longest"]),
            helper.make_node("Range", ["zero", "longest", "one"], ["positions"]),
            helper.make_node("Unsqueeze", ["counts", "last"], ["column"]),
            helper.make_node("Less", ["positions", "column"], ["is_word"]),
            helper.make_node("Unsqueeze", ["is_word", "last"], ["kept"]),
            helper.make_node("Where", ["kept", "looked_up", "nothing"], ["of_words"]),
            helper.make_node("ReduceSum", ["of_words", "middle"], ["sum"], keepdims=0),
            helper.make_node("LpNormalization", ["sum"], ["embedding"], axis=1, p=2),
            helper.make_node("Cast", ["column"], ["tokens"], to=TensorProto.INT32),
        ],
        [tensor("text", TensorProto.STRING, ["batch", 1])],
        [tensor("embedding", FLOAT, ["batch", 24]), tensor("tokens", TensorProto.INT32, ["batch", 1])],
        [
            numpy_helper.from_array(vectors, "vectors"),
            numpy_helper.from_array(numpy.zeros((), dtype=numpy.float32), "nothing"),
            constant("flat", [-1]), constant("last", [-1]), constant("middle", [1]),
            constant("zero", 0), constant("one", 1),
        ],
        opset=20, others=[("ai.onnx.ml", 2)])


def twice():
    """An operator that no library knows by itself: Tests/EngineONNXRuntimeTests has one that does."""
    return model(
        [helper.make_node("Twice", ["x"], ["y"], domain="headway.test")],
        [tensor("x", FLOAT, ["batch", 4])], [tensor("y", FLOAT, ["batch", 4])],
        others=[("headway.test", 1)])


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: make_test_models.py OUTDIR")
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)

    models = {
        f"identity_{name}": identity(element_type, ["batch", 4])
        for name, element_type in ELEMENT_TYPES.items()
    }
    models |= {
        "scalar": identity(FLOAT, []),
        "mlp": mlp(),
        "add_sub": add_sub(),
        "nonzero": nonzero(),
        "static_shape": static_shape(),
        "sequence_length": sequence_length(),
        "double_rows": double_rows(),
        "zeros": zeros(),
        "gather": gather(),
        "passthrough": passthrough(),
        "constant": constant(),
        "sequence_input": sequence_input(),
        "word_encoder": word_encoder(),
        "twice": twice(),
        "complex": identity(TensorProto.COMPLEX64, ["batch", 4]),
    }
    for name, content in models.items():
        onnx.save(content, folder / f"{name}.onnx")

    (folder / "corrupt.onnx").write_bytes(bytes((i * 37 + 11) % 256 for i in range(512)))
    whole = (folder / "mlp.onnx").read_bytes()
    (folder / "truncated.onnx").write_bytes(whole[: len(whole) // 2])
    count = len(models) + 2 + gguf_models.write_all(folder)
    print(f"{count} test models in {folder}")


if __name__ == "__main__":
    main()
