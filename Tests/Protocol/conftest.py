"""Servers that several tests share, and the reference they are compared with."""

import resource
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from repository import write_synthetic  # noqa: E402
from server import BINARY, ROOT, Server  # noqa: E402

DIGITS = ROOT / "models"

# Ten thousand idle connections need as many descriptors here; the server inherits the limit.
_, HARD_LIMIT = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (HARD_LIMIT, HARD_LIMIT))


def pytest_configure():
    if not BINARY.exists():
        pytest.exit(f"no server binary at {BINARY}: run `swift build`, or set HEADWAY_BINARY", 2)


@pytest.fixture(scope="session")
def digits():
    """A server with the demo model. It must survive every test that uses it."""
    with Server(DIGITS) as server:
        yield server


@pytest.fixture(scope="session")
def triton(digits):
    """Triton's own HTTP client, connected to the demo server."""
    import tritonclient.http

    with tritonclient.http.InferenceServerClient(digits.url, concurrency=4) as client:
        yield client


@pytest.fixture(scope="session")
def synthetic(tmp_path_factory):
    """A server with models of known cost, for tests about time.

    `quick` costs almost nothing, `slow` takes 300 ms a batch, `single` 200 ms for each request.
    """
    folder = tmp_path_factory.mktemp("synthetic")
    write_synthetic(folder, "quick", base_us=200, per_row_us=10, max_batch_size=32)
    write_synthetic(folder, "slow", base_us=300_000, max_batch_size=8)
    write_synthetic(folder, "single", base_us=200_000, max_batch_size=1)
    with Server(folder) as server:
        yield server


@pytest.fixture(scope="session")
def reference():
    """The demo model in ONNX Runtime: images to (probabilities, labels)."""
    import onnxruntime

    session = onnxruntime.InferenceSession(
        str(DIGITS / "digits" / "1" / "model.onnx"), providers=["CPUExecutionProvider"]
    )
    return lambda images: session.run(["probabilities", "label"], {"image": images})


@pytest.fixture(scope="session")
def held_out():
    """The images and labels that the demo model has not been trained on."""
    from sklearn.datasets import load_digits

    data = load_digits()
    return (data.images[1437:] / 16).astype(np.float32), data.target[1437:].astype(np.int64)
