"""The `headway` process under test."""

import os
import signal
import socket
import subprocess
import threading
from pathlib import Path

from polling import wait_until
from wire import Connection

ROOT = Path(__file__).resolve().parent.parent.parent
BINARY = Path(os.environ.get("HEADWAY_BINARY", ROOT / ".build" / "debug" / "headway"))
NIGHTLY = os.environ.get("HEADWAY_NIGHTLY") == "1"
START_TIMEOUT = 60
STOP_TIMEOUT = 40


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def run_headway(*arguments, timeout=60, **environment):
    """A run that is expected to end by itself: (exit code, stdout, stderr)."""
    done = subprocess.run(
        [str(BINARY), *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
    )
    return done.returncode, done.stdout, done.stderr


class Server:
    """`headway serve` on free ports; a context manager that stops it with SIGTERM and exit 0."""

    def __init__(self, *repositories, flags=(), environment=None, folder=ROOT, binary=BINARY, ignoring=()):
        self.port = free_port()
        self.metrics_port = free_port()
        self.address = ("127.0.0.1", self.port)
        self.url = f"127.0.0.1:{self.port}"
        command = [str(binary), "serve", "--host", "127.0.0.1"]
        command += ["--http-port", str(self.port), "--metrics-port", str(self.metrics_port)]
        for repository in repositories:
            command += ["--model-repository", str(repository)]
        self.lines = []
        self.errors = []
        self.process = subprocess.Popen(
            command + [str(flag) for flag in flags],
            cwd=folder,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # What a shell does to programs that it starts in the background.
            preexec_fn=lambda: [signal.signal(number, signal.SIG_IGN) for number in ignoring],
        )
        self.readers = [
            self._follow(self.process.stdout, self.lines),
            self._follow(self.process.stderr, self.errors),
        ]

    @staticmethod
    def _follow(stream, lines):
        def read():
            for line in stream:
                lines.append(line.rstrip("\n"))

        thread = threading.Thread(target=read, daemon=True)
        thread.start()
        return thread

    @property
    def ready_line(self):
        return next((line for line in self.lines if line.startswith("headway ready")), None)

    def wait_ready(self):
        try:
            wait_until(
                lambda: self.ready_line or self.process.poll() is not None,
                START_TIMEOUT,
                "the line `headway ready`",
            )
            assert self.ready_line, f"the server ended with {self.process.poll()}"
        except AssertionError as error:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"{error}\n{self.output}") from None
        return self

    @property
    def output(self):
        """What it said: a crash tells its reason in the first lines of a long report."""
        errors = self.errors
        if len(errors) > 80:
            errors = [*errors[:50], f"… {len(errors) - 80} lines …", *errors[-30:]]
        return "\n".join(["stdout:", *self.lines[-40:], "stderr:", *errors])

    def __enter__(self):
        return self.wait_ready()

    def __exit__(self, kind, *_):
        self.stop(check=kind is None)

    def send_signal(self, number=signal.SIGTERM):
        self.process.send_signal(number)

    def stop(self, number=signal.SIGTERM, check=True):
        """Stops the server; it must drain and exit with 0."""
        if self.process.poll() is None:
            self.send_signal(number)
        return self.wait_stopped(check)

    def wait_stopped(self, check=True):
        try:
            code = self.process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            code = "none: it had to be killed"
        for reader in self.readers:
            reader.join(5)
        if check:
            assert code == 0, f"exit code {code}\n{self.output}"
        return code

    def connect(self, timeout=20.0):
        return Connection(self.address, timeout)

    def get(self, path, headers=None):
        with self.connect() as connection:
            return connection.request("GET", path, headers=headers)

    def post(self, path, body=b"", headers=None):
        with self.connect() as connection:
            return connection.request("POST", path, body, headers)

    def infer(self, model, body, headers=None):
        return self.post(f"/v2/models/{model}/infer", body, headers)

    def statistics(self, model):
        """The statistics of the model's one version."""
        response = self.get(f"/v2/models/{model}/stats")
        assert response.status == 200, response.body
        (stats,) = response.json()["model_stats"]
        return stats

    def resident_bytes(self):
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise AssertionError("no VmRSS")
