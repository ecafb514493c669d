"""Traces as a collector gets them: OTLP over HTTP, with W3C Trace Context in and out."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from polling import wait_until
from repository import ROW, write_synthetic
from server import Server, free_port, run_headway
from text_models import write_generator

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CALLER = "00f067aa0ba902b7"
PARENT = f"00-{TRACE}-{CALLER}-01"
UNRECORDED = f"00-{TRACE}-{CALLER}-00"


class Collector:
    """A small OTLP receiver that keeps all spans; a context manager."""

    def __init__(self, status=200):
        self.spans = []
        self.resources = []
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                assert self.headers["Content-Type"] == "application/json"
                assert self.path == "/v1/traces"
                for resource in json.loads(body)["resourceSpans"]:
                    collector.resources.append(attributes(resource["resource"]))
                    for scope in resource["scopeSpans"]:
                        if status == 200:
                            collector.spans += scope["spans"]
                self.send_response(status)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1/traces"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def traces(self, count):
        """The spans of the first `count` traces by name, once that many have come."""
        wait_until(lambda: len({s["traceId"] for s in self.spans}) >= count, what="spans")
        traces = {}
        for span in self.spans:
            traces.setdefault(span["traceId"], {})[span["name"].split()[0]] = span
        return traces


def attributes(thing):
    return {a["key"]: next(iter(a["value"].values())) for a in thing["attributes"]}


def flags(url, ratio=None):
    settings = ["--set", f"observability.trace_endpoint={url}"]
    return settings + (["--set", f"observability.trace_ratio={ratio}"] if ratio is not None else [])


def metric(server, name):
    for line in server.get("/metrics").body.decode().splitlines():
        if line.startswith(name + " "):
            return float(line.split()[-1])
    return None


def test_a_request_of_a_recorded_trace_is_exported_below_its_caller(tmp_path):
    write_synthetic(tmp_path, "m", base_us=20_000)
    with Collector() as collector, Server(tmp_path, flags=flags(collector.url)) as server:
        response = server.infer("m", ROW, {"traceparent": PARENT, "x-request-id": "traced"})
        assert response.status == 200
        version, trace, span, recorded = response.headers["traceparent"].split("-")
        assert (version, trace, recorded) == ("00", TRACE, "01") and span != CALLER
        spans = collector.traces(1)[TRACE]
        assert set(spans) == {"infer", "queue", "batch", "compute"}
        root = spans["infer"]
        assert root["spanId"] == span and root["parentSpanId"] == CALLER and root["kind"] == 2
        told = attributes(root)
        assert told["headway.request_id"] == "traced"
        assert told["headway.class"] == "medium" and told["headway.outcome"] == "in_time"
        assert spans["queue"]["parentSpanId"] == spans["batch"]["parentSpanId"] == span
        assert spans["compute"]["parentSpanId"] == spans["batch"]["spanId"]
        start, end = (int(spans["compute"][f"{x}TimeUnixNano"]) for x in ("start", "end"))
        assert end - start >= 20_000_000
        assert int(root["startTimeUnixNano"]) <= start <= end <= int(root["endTimeUnixNano"])
        (resource,) = {tuple(sorted(r.items())) for r in collector.resources}
        assert dict(resource)["service.name"] == "headway"
        decision = server.get("/headway/v1/decisions/traced").json()["decisions"][0]
        assert decision["trace_id"] == TRACE
        wait_until(lambda: metric(server, "headway_traces_exported_total") == 1, what="the count")


def test_the_callers_flag_decides_and_without_a_caller_the_ratio(tmp_path):
    write_synthetic(tmp_path, "m")
    with Collector() as collector, Server(tmp_path, flags=flags(collector.url, 1)) as server:
        assert "traceparent" not in server.infer("m", ROW, {"traceparent": UNRECORDED}).headers
        assert "traceparent" in server.infer("m", ROW, {"traceparent": "nonsense"}).headers
        fresh = server.infer("m", ROW).headers["traceparent"].split("-")
        traces = collector.traces(2)
        assert TRACE not in traces
        assert "parentSpanId" not in traces[fresh[1]]["infer"]


def test_nothing_is_traced_without_an_endpoint(synthetic):
    assert "traceparent" not in synthetic.infer("quick", ROW, {"traceparent": PARENT}).headers
    assert metric(synthetic, "headway_traces_exported_total") is None


def test_each_answer_of_a_generation_has_its_spans(tmp_path):
    write_generator(tmp_path, "writer")
    with Collector() as collector, Server(tmp_path, flags=flags(collector.url)) as server:
        body = {"model": "writer", "prompt": "Once", "max_tokens": 5, "n": 2}
        response = server.post(
            "/v1/completions",
            json.dumps(body).encode(),
            {"content-type": "application/json", "traceparent": PARENT},
        )
        assert response.status == 200
        assert response.headers["traceparent"].split("-")[1] == TRACE
        wait_until(lambda: len(collector.spans) == 8, what="the spans of both answers")
        assert len({span["spanId"] for span in collector.spans}) == 8
        names = sorted(span["name"] for span in collector.spans)
        assert names == sorted(2 * ["generate writer", "queue", "prefill", "decode"])
        for span in collector.spans:
            if span["name"] == "decode":
                assert attributes(span)["headway.generated_tokens"] == "5"


def test_refused_requests_are_traced_and_the_last_spans_are_sent_at_the_end(tmp_path):
    write_synthetic(tmp_path, "slow", base_us=200_000)
    with Collector() as collector:
        with Server(tmp_path, flags=flags(collector.url)) as server:
            body = ROW[:-1] + b',"parameters":{"timeout":1000}}'
            response = server.infer("slow", body, {"traceparent": PARENT})
            assert response.status == 504, response.body
        spans = collector.traces(1)[TRACE]
    told = attributes(spans["infer"])
    assert told["headway.outcome"] == "rejected"
    assert told["headway.rule"] == "deadline_unreachable"
    assert "status" not in spans["infer"]


@pytest.mark.parametrize("status", [None, 503], ids=["unreachable", "refusing"])
def test_a_collector_that_is_down_costs_the_traces_and_nothing_else(tmp_path, status):
    write_synthetic(tmp_path, "m")
    with Collector(status or 200) as collector:
        url = collector.url if status else f"http://127.0.0.1:{free_port()}/v1/traces"
        with Server(tmp_path, flags=flags(url, 1)) as server:
            for _ in range(20):
                assert server.infer("m", ROW).status == 200
            name = 'headway_traces_dropped_total{reason="collector"}'
            wait_until(lambda: metric(server, name) == 20, what="the count of dropped traces")
            assert metric(server, "headway_traces_exported_total") == 0
        warnings = [line for line in server.errors if "traces are dropped" in line]
        assert len(warnings) == 1, server.errors


def test_an_endpoint_that_is_no_url_of_plain_http_is_refused_at_the_start():
    code, _, errors = run_headway("serve", *flags("https://collector/v1/traces"))
    assert code == 1 and "observability.trace_endpoint" in errors and "http://" in errors
