"""Decision records and `headway explain`."""

import json

import pytest
from polling import wait_until
from repository import ROW, write_synthetic
from server import Server, run_headway
from text_models import write_generator
from wire import request_bytes


def decisions(server, name):
    response = server.get(f"/headway/v1/decisions/{name}")
    assert response.status == 200, response.body
    return response.json()["decisions"]


def explain(server, *arguments):
    return run_headway("explain", *arguments, "--url", f"http://{server.url}")


def test_an_answer_can_be_asked_about_by_its_name(synthetic):
    name = synthetic.infer("quick", ROW).headers["x-request-id"]
    (decision,) = decisions(synthetic, name)
    assert decision["model"] == "quick"
    assert decision["outcome"] == "in_time"
    assert decision["rule"] == "everyone"
    assert decision["rows"] == 1
    assert decision["slack_ms"] > 0
    batch = decision["batch"]
    assert batch["requests"] == 1 and batch["companions"] == []
    assert batch["actual_ms"] >= batch["compute_ms"] > 0
    assert batch["predicted_ms"] > 0
    assert decision["total_ms"] >= decision["queued_ms"] + batch["compute_ms"]
    assert any("rode batch" in line for line in decision["explanation"])


def test_requests_of_one_batch_name_each_other(synthetic):
    names = [f"rider-{number}" for number in range(4)]
    packet = b"".join(
        request_bytes(
            "POST",
            "/v2/models/slow/infer",
            ROW,
            {"x-request-id": name, "x-headway-deadline-ms": "20000"},
        )
        for name in names
    )
    with synthetic.connect() as busy, synthetic.connect() as connection:
        busy.send(request_bytes("POST", "/v2/models/slow/infer", ROW, {}))
        wait_until(
            lambda: any(
                model["name"] == "slow" and model["in_flight"] == 1
                for model in synthetic.get("/headway/v1/status").json()["models"]
            ),
            what="the model to be busy",
        )
        connection.send(packet)
        assert [connection.read_response().status for _ in names] == [200] * 4
        assert busy.read_response().status == 200
    (decision,) = decisions(synthetic, "rider-2")
    assert set(decision["batch"]["companions"]) <= {"rider-0", "rider-1", "rider-3"}
    assert decision["queued_ms"] > 0
    assert "every instance was computing" in " ".join(decision["explanation"])


def test_a_request_refused_unread_is_explained_when_its_client_named_it(synthetic):
    with synthetic.connect() as connection:
        response = connection.request(
            "POST",
            "/v2/models/slow/infer",
            ROW,
            {"x-request-id": "hopeless", "x-headway-deadline-ms": "5"},
        )
    assert response.status == 504
    (decision,) = decisions(synthetic, "hopeless")
    assert decision["outcome"] == "rejected"
    assert decision["rule"] == "deadline_unreachable"
    assert "batch" not in decision


def test_a_name_that_nobody_has_is_404_with_the_reason(synthetic):
    response = synthetic.get("/headway/v1/decisions/nobody")
    assert response.status == 404
    assert "nobody" in response.error and "decision_records" in response.error


def test_explain_tells_it_in_words_and_as_json(synthetic):
    headers = {"x-request-id": "tell/me", "x-headway-deadline-ms": "20000"}
    name = synthetic.infer("slow", ROW, headers).headers["x-request-id"]
    code, output, errors = explain(synthetic, name)
    assert code == 0, errors
    assert output.startswith("IN TIME"), output
    for part in ("slow version 1", "class medium", "rode batch", "compute", "█", "rule everyone"):
        assert part in output, output
    code, output, _ = explain(synthetic, name, "--json")
    assert code == 0
    assert json.loads(output)["decisions"][0]["model"] == "slow"


def test_explain_fails_clearly(synthetic):
    code, _, errors = explain(synthetic, "nobody")
    assert code == 1 and "nothing is remembered" in errors
    code, _, errors = run_headway("explain", "x", "--url", "http://127.0.0.1:9")
    assert code == 1 and "cannot reach 127.0.0.1:9" in errors
    code, _, errors = run_headway("explain", "x", "--url", "ftp://127.0.0.1")
    assert code == 1 and "http://" in errors


def test_a_generation_is_explained(tmp_path):
    write_generator(tmp_path, "writer")
    with Server(tmp_path) as server:
        body = json.dumps({"model": "writer", "prompt": "Once", "max_tokens": 6, "n": 2}).encode()
        headers = {"content-type": "application/json", "x-request-id": "story"}
        response = server.post("/v1/completions", body, headers)
        assert response.status == 200, response.body
        assert response.headers["x-request-id"] == "story"
        told = decisions(server, "story")
        assert len(told) == 2
        for decision in told:
            generation = decision["generation"]
            assert generation["generated_tokens"] == 6
            assert generation["steps"] >= 6
            assert generation["first_token_ms"] > 0
        code, output, errors = explain(server, "story")
        assert code == 0, errors
        assert output.count("It got 6 tokens") == 2, output


@pytest.mark.parametrize(("records", "sampling", "kept"), [(0, 1, 0), (20, 1, 10), (1000, 10, 4)])
def test_memory_for_records_is_as_configured(tmp_path, records, sampling, kept):
    write_synthetic(tmp_path, "m")
    flags = ["--set", f"observability.decision_records={records}"]
    flags += ["--set", f"observability.decision_sampling={sampling}"]
    with Server(tmp_path, flags=flags) as server:
        for number in range(40):
            assert server.infer("m", ROW, {"x-request-id": f"r{number}"}).status == 200
        statuses = [server.get(f"/headway/v1/decisions/r{n}").status for n in range(40)]
    assert statuses.count(200) == kept
