"""Quality of service as a client sees it: classes, deadlines, and the headers of an answer."""

import re
import time

import numpy as np
import pytest
import tritonclient.http as client
from load import evenly, infer_request, run_load, statuses
from polling import wait_until
from repository import ROW, write_synthetic
from server import Server
from wire import infer_body, request_bytes, tensor

PATH = "/v2/models/{}/infer"
TIMING = re.compile(r"queue;dur=[\d.]+, ?batch;dur=[\d.]+, ?compute;dur=[\d.]+")


def test_every_answer_says_where_its_time_went(synthetic):
    response = synthetic.infer("quick", ROW)
    assert response.status == 200, response.body
    assert TIMING.search(response.headers["server-timing"]), response.headers["server-timing"]
    assert int(response.headers["x-headway-batch-size"]) >= 1
    assert response.headers["x-request-id"]


def test_server_timing_holds_the_compute_time(synthetic):
    timing = synthetic.infer("slow", ROW, {"x-headway-deadline-ms": "20000"}).headers["server-timing"]
    compute = float(re.search(r"compute;dur=([\d.]+)", timing)[1])
    assert 290 <= compute < 5000


def test_a_request_id_is_echoed_or_made(synthetic):
    given = synthetic.infer("quick", ROW, {"x-request-id": "abc-123"})
    assert given.headers["x-request-id"] == "abc-123"
    made = {synthetic.infer("quick", ROW).headers["x-request-id"] for _ in range(5)}
    assert len(made) == 5
    failed = synthetic.infer("quick", b"{", {"x-request-id": "broken-1"})
    assert failed.status == 400
    assert failed.headers["x-request-id"] == "broken-1"


@pytest.mark.parametrize("name", ["high", "medium", "low"])
def test_each_class_is_served(synthetic, name):
    assert synthetic.infer("quick", ROW, {"x-headway-class": name}).status == 200


def test_a_class_that_does_not_exist_is_400_and_the_answer_lists_them(synthetic):
    response = synthetic.infer("quick", ROW, {"x-headway-class": "royal"})
    assert response.status == 400
    assert "royal" in response.error and "high" in response.error


@pytest.mark.parametrize("value", ["soon", "-1", "1e400", ""])
def test_a_deadline_that_is_no_time_is_400(synthetic, value):
    response = synthetic.infer("quick", ROW, {"x-headway-deadline-ms": value})
    assert response.status == 400
    assert "deadline" in response.error


def test_a_deadline_beyond_all_clocks_is_no_limit(synthetic):
    """Whatever is made of it, it neither wraps around nor stops the server."""
    response = synthetic.infer("quick", ROW, {"x-headway-deadline-ms": "9" * 23})
    assert response.status in (200, 400), response.body


@pytest.mark.parametrize("priority", [0, 1, 2, 3, 99])
def test_triton_priorities_are_served(synthetic, priority):
    """Out of range means the model's default, as in Triton."""
    with client.InferenceServerClient(synthetic.url) as triton:
        value = client.InferInput("x", [1, 4], "FP32")
        value.set_data_from_numpy(np.ones((1, 4), np.float32))
        result = triton.infer("quick", [value], priority=priority, timeout=5_000_000)
    assert result.as_numpy("y").tolist() == [[1, 1, 1, 1]]


@pytest.mark.parametrize(
    "parameters", [{"priority": "high"}, {"priority": -1}, {"timeout": -5}, {"timeout": "1 s"}]
)
def test_malformed_parameters_are_400_and_named(synthetic, parameters):
    body = infer_body(tensor("x", np.ones((1, 4))), parameters=parameters)
    response = synthetic.infer("quick", body)
    assert response.status == 400
    assert next(iter(parameters)) in response.error


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (ROW, {"x-headway-deadline-ms": "20"}),
        (infer_body(tensor("x", np.ones((1, 4))), parameters={"timeout": 20_000}), {}),
    ],
    ids=["header", "timeout"],
)
def test_a_deadline_that_cannot_be_met_is_504_at_once(synthetic, body, headers):
    """The model takes 300 ms: a request with 20 ms is told so, not kept waiting."""
    executed = synthetic.statistics("slow")["execution_count"]
    started = time.monotonic()
    response = synthetic.infer("slow", body, headers)
    assert response.status == 504, response.body
    assert time.monotonic() - started < 0.25
    assert response.headers["x-should-retry"] == "false"
    assert response.error
    assert synthetic.statistics("slow")["execution_count"] == executed


def test_refusals_of_one_packet_keep_names_and_order(synthetic):
    """While the model is busy they are refused unread; what follows them is served as ever."""
    hopeless = [
        request_bytes(
            "POST",
            "/v2/models/slow/infer",
            ROW,
            {"x-headway-deadline-ms": "20", "x-request-id": f"late-{number}"},
        )
        for number in range(5)
    ]
    last = request_bytes("POST", "/v2/models/quick/infer", ROW, {"x-request-id": "last"})
    with synthetic.connect() as busy, synthetic.connect() as connection:
        busy.send(request_bytes("POST", "/v2/models/slow/infer", ROW, {}))
        wait_until(
            lambda: any(
                model["name"] == "slow" and model["in_flight"] == 1
                for model in synthetic.get("/headway/v1/status").json()["models"]
            ),
            what="the model to be busy",
        )
        connection.send(b"".join(hopeless) + last)
        for number in range(5):
            response = connection.read_response()
            assert response.status == 504, response.body
            assert response.headers["x-request-id"] == f"late-{number}"
            assert response.headers["x-should-retry"] == "false"
            assert "deadline" in response.error
        response = connection.read_response()
        assert response.status == 200, response.body
        assert response.headers["x-request-id"] == "last"
        assert busy.read_response().status == 200


def test_a_feasible_deadline_is_met(synthetic):
    started = time.monotonic()
    response = synthetic.infer("slow", ROW, {"x-headway-deadline-ms": "5000"})
    assert response.status == 200, response.body
    assert time.monotonic() - started < 5


def test_the_high_class_keeps_its_deadline_at_saturation(tmp_path):
    """Three classes on a device that serves 133 rows/s; together they ask for 240."""
    write_synthetic(tmp_path, "shared", base_us=20_000, per_row_us=5_000, max_batch_size=8)
    seconds = 5
    deadlines = {"high": 400, "medium": 1000, "low": 1500}
    rates = {"high": 30, "medium": 60, "low": 150}
    arrivals = []
    for name, deadline in deadlines.items():
        request = infer_request(
            "shared", ROW, x_headway_class=name, x_headway_deadline_ms=deadline
        )
        arrivals += evenly(rates[name], seconds, request, name, start=0.001 * len(arrivals))
    with Server(tmp_path) as server:
        outcomes = run_load(server.address, arrivals)
        served = server.statistics("shared")["inference_stats"]["success"]["count"]
    by_class = {name: statuses(outcomes, name) for name in deadlines}
    assert set(statuses(outcomes)) <= {200, 503, 504}, by_class
    assert sum(map(sum, (c.values() for c in by_class.values()))) == len(arrivals)
    high = [o for o in outcomes if o.tag == "high"]
    in_time = [o for o in high if o.status == 200 and o.latency <= 0.4 + 0.25]
    assert len(in_time) >= 0.95 * len(high), by_class
    # Saturated: the device did not idle, and something else had to give.
    assert statuses(outcomes)[200] >= 0.5 * 133 * seconds, by_class
    assert by_class["low"][200] < len([o for o in outcomes if o.tag == "low"]), by_class
    assert served == statuses(outcomes)[200]


def test_three_classes_on_the_demo_model(digits, held_out):
    body = infer_body(tensor("image", held_out[0][:1]))
    arrivals = []
    for name, deadline, rate in (("high", 250, 40), ("medium", 1000, 60), ("low", 3000, 60)):
        request = infer_request("digits", body, x_headway_class=name, x_headway_deadline_ms=deadline)
        arrivals += evenly(rate, 2, request, name, start=0.001 * len(arrivals))
    outcomes = run_load(digits.address, arrivals)
    assert set(statuses(outcomes)) <= {200, 503, 504}
    assert statuses(outcomes, "high")[200] >= 0.95 * 80, statuses(outcomes, "high")
    assert statuses(outcomes)[200] >= 0.95 * len(arrivals), statuses(outcomes)
