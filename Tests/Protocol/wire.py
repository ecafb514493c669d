"""A raw HTTP/1.1 client that can also misbehave, and the bodies of KServe v2 requests."""

import json
import socket
from dataclasses import dataclass

import numpy as np


class ConnectionClosed(Exception):
    """The server closed the connection before a whole response arrived."""

    def __init__(self, received=b""):
        super().__init__(f"closed after {len(received)} bytes: {received[:80]!r}")
        self.received = received


@dataclass
class Response:
    status: int
    headers: dict
    body: bytes

    def json(self):
        return json.loads(self.body)

    @property
    def error(self):
        """The message of an error body; every error under /v2 has one."""
        message = self.json()["error"]
        assert isinstance(message, str) and message
        return message


def request_bytes(method, path, body=b"", headers=None, content_length=None):
    """One request. Bodies get a Content-Length unless `headers` already say how long they are."""
    headers = {"Host": "test", **(headers or {})}
    names = {name.lower() for name in headers}
    if "content-length" not in names and "transfer-encoding" not in names:
        if body or method == "POST" or content_length is not None:
            length = len(body) if content_length is None else content_length
            headers["Content-Length"] = str(length)
    head = f"{method} {path} HTTP/1.1\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return head.encode("latin-1") + b"\r\n" + body


def parse_head(head):
    """(status, headers with lower-case names) of a response head."""
    lines = head.decode("latin-1").split("\r\n")
    version, status, *_ = lines[0].split(" ", 2)
    assert version in ("HTTP/1.1", "HTTP/1.0"), lines[0]
    headers = {}
    for line in lines[1:]:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    return int(status), headers


class Connection:
    """One TCP connection; every read has a deadline."""

    def __init__(self, address, timeout=20.0):
        self.socket = socket.create_connection(address, timeout=timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def finish_sending(self):
        self.socket.shutdown(socket.SHUT_WR)

    def request(self, method, path, body=b"", headers=None):
        self.send(request_bytes(method, path, body, headers))
        return self.read_response()

    def read_response(self, head_only=False):
        """The next final response; `100 Continue` is skipped."""
        while True:
            status, headers = parse_head(self._read_past(b"\r\n\r\n"))
            if status != 100:
                break
        if head_only or status in (204, 304):
            return Response(status, headers, b"")
        if "chunked" in headers.get("transfer-encoding", "").lower():
            return Response(status, headers, self._read_chunks())
        return Response(status, headers, self._read_exactly(int(headers["content-length"])))

    def read_interim(self):
        """The status of the next response head, `100` included."""
        return parse_head(self._read_past(b"\r\n\r\n"))[0]

    def wait_closed(self):
        """Reads until the server closes; returns what it said before. Times out like any read."""
        try:
            while data := self.socket.recv(65536):
                self.buffer += data
        except ConnectionError:
            pass
        return self.buffer

    def _fill(self):
        try:
            data = self.socket.recv(1 << 20)
        except ConnectionError:
            data = b""
        if not data:
            raise ConnectionClosed(self.buffer)
        self.buffer += data

    def _read_exactly(self, count):
        while len(self.buffer) < count:
            self._fill()
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def _read_past(self, mark):
        while mark not in self.buffer:
            self._fill()
        data, self.buffer = self.buffer.split(mark, 1)
        return data

    def _read_chunks(self):
        body = b""
        while True:
            size = int(self._read_past(b"\r\n").split(b";")[0], 16)
            if size == 0:
                while self._read_past(b"\r\n"):
                    pass
                return body
            body += self._read_exactly(size)
            assert self._read_exactly(2) == b"\r\n"


def tensor(name, array, datatype="FP32"):
    """One input in JSON."""
    array = np.asarray(array)
    return {
        "name": name,
        "datatype": datatype,
        "shape": list(array.shape),
        "data": array.ravel().tolist(),
    }


def infer_body(*inputs, **members):
    """A JSON infer request."""
    return json.dumps({"inputs": list(inputs), **members}).encode()


def binary_body(request, *blobs):
    """(body, headers) of a request in the binary tensor extension."""
    head = json.dumps(request).encode()
    return head + b"".join(blobs), {"Inference-Header-Content-Length": str(len(head))}


def split_binary(response):
    """(JSON part, {output name: bytes}) of an answer in the binary tensor extension."""
    length = int(response.headers["inference-header-content-length"])
    answer = json.loads(response.body[:length])
    rest, blobs = response.body[length:], {}
    for output in answer["outputs"]:
        size = output.get("parameters", {}).get("binary_data_size")
        if size is not None:
            blobs[output["name"]], rest = rest[:size], rest[size:]
    assert rest == b"", "bytes after the last tensor"
    return answer, blobs
