"""Repositories of models that generate text, written for a test."""

import shutil

from repository import write_config
from server import ROOT

FIXTURES = ROOT / "build" / "test-models"


def write_gguf(folder, name, file, **parameters):
    """A model of the llama engine with the tiny random weights of `make models`."""
    text = f'name: "{name}"\nbackend: "llama"\n'
    if file == "encoder.gguf":
        text += "max_batch_size: 16\n"
    for key, value in {"generation.threads": 1, **parameters}.items():
        if file != "encoder.gguf" or not key.startswith("generation."):
            text += f'parameters {{ key: "{key}" value {{ string_value: "{value}" }} }}\n'
    model = write_config(folder, name, text)
    shutil.copy(FIXTURES / file, model / "1" / "model.gguf")
    return model


def write_word_encoder(folder, name, **parameters):
    """An ONNX model that turns texts of a few known words into vectors; its tokenizer is in the graph."""
    text = f'name: "{name}"\nbackend: "onnxruntime"\nmax_batch_size: 16\n'
    for key, value in parameters.items():
        text += f'parameters {{ key: "{key}" value {{ string_value: "{value}" }} }}\n'
    model = write_config(folder, name, text)
    shutil.copy(FIXTURES / "word_encoder.onnx", model / "1" / "model.onnx")


def write_generator(folder, name, **parameters):
    """A model of the engine `synthetic` that writes bytes which mean nothing, at a known cost."""
    text = f'name: "{name}"\nbackend: "synthetic"\n'
    for key, value in {"task": "generate", **parameters}.items():
        text += f'parameters {{ key: "{key}" value {{ string_value: "{value}" }} }}\n'
    return write_config(folder, name, text)


def slots_in_use(server, model):
    """Requests of a generator that wait or run, as the server's status tells."""
    (entry,) = [m for m in server.get("/headway/v1/status").json()["generators"] if m["name"] == model]
    return entry["running"] + entry["waiting"]
