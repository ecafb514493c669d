"""Wrong flags, wrong files, busy ports: the exit code is not 0 and the message says what to do."""

import json
import os
import socket

import pytest
from repository import write_synthetic
from server import ROOT, run_headway

MODELS = ROOT / "models"


def failing(*arguments, **environment):
    """stderr of a run that must fail quickly."""
    code, _, stderr = run_headway(*arguments, timeout=30, **environment)
    assert code not in (0, None) and code > 0, f"exit code {code}: {stderr}"
    assert stderr.strip(), "a failure says why"
    return stderr


def test_an_unknown_flag_is_named():
    assert "--http-prot" in failing("serve", "--http-prot", "8000")


@pytest.mark.parametrize("port", ["99999", "-1", "http"])
def test_a_port_that_is_none_is_refused(port):
    assert "port" in failing("serve", f"--http-port={port}", "--model-repository", MODELS)


def test_a_missing_repository_is_named(tmp_path):
    missing = tmp_path / "nowhere"
    assert str(missing) in failing("serve", "--model-repository", missing)


def test_a_repository_that_is_a_file_is_named(tmp_path):
    file = tmp_path / "file"
    file.write_text("x")
    assert str(file) in failing("serve", "--model-repository", file)


def test_a_busy_port_is_named(tmp_path):
    write_synthetic(tmp_path, "quick")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        stderr = failing(
            "serve", "--model-repository", tmp_path, "--host", "127.0.0.1",
            "--http-port", port, "--metrics-port", 0,
        )
    assert str(port) in stderr


@pytest.mark.parametrize(
    "text", ["http:\n  prot: 8000\n", "http: [\n", "just words\n"], ids=["key", "yaml", "kind"]
)
def test_a_broken_configuration_file_is_named(tmp_path, text):
    file = tmp_path / "headway.yaml"
    file.write_text(text)
    assert "headway.yaml" in failing("serve", "--config", file, "--model-repository", MODELS)


def test_a_missing_configuration_file_is_named(tmp_path):
    missing = tmp_path / "none.yaml"
    assert str(missing) in failing("serve", "--config", missing)


@pytest.mark.parametrize("arguments", [["--help"], ["serve", "--help"], ["doctor", "--help"]])
def test_help_is_no_failure(arguments):
    code, stdout, _ = run_headway(*arguments)
    assert code == 0
    assert "headway" in stdout


def test_doctor_reports_the_engines():
    code, stdout, stderr = run_headway("doctor")
    assert code == 0, stderr
    for engine in ("onnxruntime", "llama"):
        assert engine in stdout.lower()
    code, stdout, stderr = run_headway("doctor", "--json")
    assert code == 0, stderr
    found = {engine["name"]: engine["usable"] for engine in json.loads(stdout)["engines"]}
    assert found["onnxruntime"] and found["llama"]


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="needs Linux")
def test_only_cores_that_it_may_use_count():
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})
    try:
        code, stdout, stderr = run_headway("doctor", "--json")
    finally:
        os.sched_setaffinity(0, allowed)
    assert code == 0, stderr
    (cpu,) = [device for device in json.loads(stdout)["devices"] if device["kind"] == "cpu"]
    assert cpu["cores"] == 1
