"""The dashboard: the page, its stream of events, and what an operator reads first."""

import json
import os
import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from browser import CHROMIUM, Browser
from polling import wait_until
from repository import ROW, write_config, write_synthetic
from server import Server
from text_models import write_generator
from wire import request_bytes


class Events:
    """A viewer: reads server-sent events; a context manager."""

    def __init__(self, server):
        self.connection = server.connect(timeout=10)
        self.text = b""

    def __enter__(self):
        self.connection.send(request_bytes("GET", "/headway/v1/events"))
        self.head = self._read_past(b"\r\n\r\n")
        return self

    def __exit__(self, *_):
        self.connection.close()

    def _read_past(self, mark):
        while mark not in self.text:
            more = self.connection.socket.recv(65536)
            if not more:
                raise EOFError("the stream has ended")
            self.text += more
        part, self.text = self.text.split(mark, 1)
        return part

    def next(self):
        """The next snapshot."""
        part = self._read_past(b"\n\n")
        return json.loads(part[part.index(b"data: ") + 6 :])


def snapshot(server):
    return server.get("/headway/v1/snapshot").json()


def model(view, name):
    (found,) = [m for m in view["models"] if m["name"] == name]
    return found


def test_the_page_is_whole_and_needs_nothing_from_elsewhere(synthetic):
    page = synthetic.get("/", {"Accept": "text/html,application/xhtml+xml"})
    assert page.status == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    text = page.body.decode()
    assert text.startswith("<!doctype html>") and text.rstrip().endswith("</html>")
    addresses = re.findall(r"""(?:src|href|url)\s*[=(]\s*["']?([^"'\s)>]+)""", text)
    assert all(a.startswith(("data:", "/headway/")) for a in addresses), addresses
    assert "http://" not in text.replace("http://www.w3.org/2000/svg", "")
    assert "<button" not in text and "innerHTML" not in text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert len(text) < 40_000


def test_a_person_at_a_terminal_gets_text(synthetic):
    index = synthetic.get("/")
    assert index.headers["content-type"].startswith("text/plain")
    assert b"/headway/v1/decisions" in index.body


def test_events_come_once_a_second_and_show_what_happens(tmp_path):
    write_synthetic(tmp_path, "m", base_us=2_000, instances=2)
    with Server(tmp_path) as server, Events(server) as events:
        first = events.next()
        assert first["verdict"]["level"] in ("idle", "warn"), first["verdict"]
        for _ in range(30):
            assert server.infer("m", ROW, {"x-headway-class": "high"}).status == 200
        view = events.next()
        for _ in range(5):
            if model(view, "m")["classes"][0]["in_time"] == 30:
                break
            view = events.next()
        seen = model(view, "m")
        assert seen["classes"][0]["in_time"] == 30, view
        assert seen["classes"][0]["p99_ms"] >= seen["classes"][0]["p50_ms"] > 1
        assert seen["classes"][0]["rate"] > 0
        assert len(seen["instances"]) == 2 and sum(seen["instances"]) > 0
        assert sum(seen["trend"]["kept"]) == 30
        assert view["verdict"]["text"] == "All promises kept", view["verdict"]
        assert view["process"]["resident_bytes"] > 1_000_000
        started = time.monotonic()
        events.next(), events.next()
        assert time.monotonic() - started > 0.5


def test_broken_promises_are_named_in_the_verdict(tmp_path):
    write_synthetic(tmp_path, "m", base_us=100_000, max_batch_size=1)
    with Server(tmp_path) as server:
        hopeless = {"x-headway-class": "high", "x-headway-deadline-ms": "5"}
        assert server.infer("m", ROW).status == 200
        for _ in range(3):
            assert server.infer("m", ROW, hopeless).status == 504
        # Those that are refused unread are counted with the next step.
        assert server.infer("m", ROW).status == 200
        view = wait_until(
            lambda: (v := snapshot(server))["verdict"]["level"] == "bad" and v,
            what="a verdict",
        )
        assert view["verdict"]["text"].startswith("m: high class refused 100 % — queue"), view
        assert model(view, "m")["classes"][0]["rejected"] == {"deadline_unreachable": 3}


def test_models_that_are_not_served_are_named(tmp_path):
    write_synthetic(tmp_path, "good")
    write_config(tmp_path, "broken", 'name: "broken"\nmax_batch_size: "many"\n')
    with Server(tmp_path) as server:
        view = wait_until(
            lambda: (v := snapshot(server))["models"] and v, what="the first reading"
        )
        assert [m["name"] for m in view["missing"]] == ["broken"]
        assert view["verdict"]["text"] == "Not served: broken"


def test_a_generator_shows_its_speed_and_memory(tmp_path):
    write_generator(tmp_path, "writer")
    with Server(tmp_path) as server:
        body = json.dumps({"model": "writer", "prompt": "Once", "max_tokens": 50}).encode()
        headers = {"content-type": "application/json"}
        assert server.post("/v1/completions", body, headers).status == 200
        view = wait_until(
            lambda: (v := snapshot(server))["models"]
            and model(v, "writer")["generation"]["tokens_per_s"] > 0
            and v,
            what="tokens",
        )
        generation = model(view, "writer")["generation"]
        assert generation["slots"] == 16 and generation["key_value_capacity"] > 0
        assert model(view, "writer")["classes"][1]["in_time"] == 1


def test_viewers_are_limited_and_those_who_leave_make_room(synthetic):
    viewers = []
    try:
        for _ in range(64):
            viewers.append(Events(synthetic).__enter__())
        refused = synthetic.get("/headway/v1/events")
        assert refused.status == 503 and refused.headers["retry-after"]
        for viewer in viewers:
            viewer.connection.close()
        viewers = []

        def is_let_in():
            with Events(synthetic) as events:
                return b" 200 " in events.head

        wait_until(is_let_in, timeout=15, what="room for a viewer", interval=0.2)
    finally:
        for viewer in viewers:
            viewer.connection.close()


def test_viewers_do_not_keep_the_server_from_stopping(tmp_path):
    write_synthetic(tmp_path, "m")
    with Server(tmp_path) as server, Events(server) as events:
        events.next()
        started = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - started < 15
        with pytest.raises(EOFError):
            while True:
                events.next()


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
@pytest.mark.parametrize(
    ("width", "theme"), [(1200, "light"), (390, "dark")], ids=["desktop light", "phone dark"]
)
def test_a_browser_shows_the_verdict_and_every_class(tmp_path, width, theme):
    """With HEADWAY_SCREENSHOTS=FOLDER the pictures are kept there, to be looked at."""
    write_synthetic(tmp_path / "models", "encoder", base_us=500)
    write_generator(tmp_path / "models", "writer")
    with (
        Server(tmp_path / "models") as server,
        Browser(tmp_path / "profile", width, 900, theme) as browser,
    ):
        for _ in range(5):
            assert server.infer("encoder", ROW).status == 200
        browser.open(f"http://{server.url}/")
        wait_until(lambda: "All promises kept" in browser.text, what="the verdict", interval=0.1)
        text = browser.text
        for word in ("encoder", "writer", "high", "medium", "low", "tokens/s", "rows in a batch"):
            assert word in text, text
        for mark in ("undefined", "NaN", "[object", "null"):
            assert mark not in text, text
        too_wide = browser.evaluate(f"document.documentElement.scrollWidth > {width}")
        assert not too_wide, "the page scrolls sideways"
        is_dark = browser.evaluate("getComputedStyle(document.body).backgroundColor") == (
            "rgb(15, 19, 23)"
        )
        assert is_dark == (theme == "dark")
        assert not browser.problems, browser.problems
        if folder := os.environ.get("HEADWAY_SCREENSHOTS"):
            browser.screenshot(Path(folder) / f"dashboard-{width}.png")


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
def test_a_browser_says_so_when_the_server_is_gone(tmp_path):
    write_synthetic(tmp_path / "models", "m")
    with (
        Server(tmp_path / "models") as server,
        Browser(tmp_path / "profile", 800, 600) as browser,
    ):
        browser.open(f"http://{server.url}/")
        wait_until(lambda: "Ready, nothing to do" in browser.text, what="the page", interval=0.1)
        server.stop()
        wait_until(
            lambda: "No connection to the server" in browser.text, what="the notice", interval=0.1
        )


FAKE_NVML = """
#include <string.h>
int nvmlInit_v2(void) { return 0; }
int nvmlDeviceGetCount_v2(unsigned *count) { *count = 2; return 0; }
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **device) {
    *device = (void *)(unsigned long)(index + 1);
    return index == 0 ? 0 : 15;
}
int nvmlDeviceGetUUID(void *d, char *text, unsigned n) { strncpy(text, "GPU-7f", n); return 0; }
int nvmlDeviceGetName(void *d, char *text, unsigned n) { strncpy(text, "Example 9000", n); return 0; }
int nvmlDeviceGetUtilizationRates(void *d, unsigned *u) { u[0] = 42; u[1] = 7; return 0; }
int nvmlDeviceGetMemoryInfo(void *d, unsigned long long *m) {
    m[0] = 16ull << 30; m[1] = 12ull << 30; m[2] = 4ull << 30;
    return 0;
}
int nvmlDeviceGetPowerUsage(void *d, unsigned *milliwatts) { return 3; }
"""


@pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler")
def test_gpus_are_shown_as_nvidias_library_tells_them(tmp_path):
    """One GPU answers, one does not, and the one that does keeps its power to itself."""
    (tmp_path / "nvml.c").write_text(FAKE_NVML)
    library = tmp_path / "libnvidia-ml.so.1"
    subprocess.run(["cc", "-shared", "-o", library, tmp_path / "nvml.c"], check=True)
    write_synthetic(tmp_path / "models", "m")
    environment = {"LD_LIBRARY_PATH": str(tmp_path)}
    with Server(tmp_path / "models", environment=environment) as server:
        (gpu,) = snapshot(server)["process"]["gpus"]
        metrics = server.get("/metrics").body.decode()
    assert gpu["name"] == "Example 9000" and gpu["utilization"] == 0.42
    assert gpu["memory_used"] == 4 << 30 and gpu["memory_total"] == 16 << 30
    assert 'nv_gpu_utilization{gpu_uuid="GPU-7f"} 0.42' in metrics
    assert "nv_gpu_power_usage{" not in metrics
