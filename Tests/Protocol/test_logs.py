"""Messages on standard error, as text and as JSON."""

import json

from repository import write_synthetic
from server import Server, run_headway


def messages(tmp_path, *flags):
    write_synthetic(tmp_path, "m", batching="dynamic_batching { preserve_ordering: true }")
    with Server(tmp_path, flags=flags) as server:
        pass
    return [line for line in server.errors if "without effect" in line]


def test_messages_are_lines_for_people_by_default(tmp_path):
    (line,) = messages(tmp_path)
    assert "notice" in line and "model=m" in line


def test_messages_are_json_objects_when_asked_for(tmp_path):
    (line,) = messages(tmp_path, "--log-format", "json")
    message = json.loads(line)
    assert message["level"] == "notice" and message["logger"] == "headway"
    assert message["model"] == "m" and "preserve_ordering" in message["fields"]
    assert message["time"].endswith("Z")


def test_an_unknown_format_is_refused_and_the_allowed_ones_are_named(tmp_path):
    code, _, errors = run_headway("serve", "--log-format", "xml")
    assert code == 1 and "log_format" in errors and "text, json" in errors
