"""Bad input, row by row: a clear 4xx (or a close) each, and the server keeps serving."""

import json
import socket

import numpy as np
import pytest
from wire import ConnectionClosed, binary_body, infer_body, request_bytes, tensor

PATH = "/v2/models/digits/infer"
IMAGE = np.zeros((1, 8, 8), np.float32)
GOOD = tensor("image", IMAGE)
BLOB = IMAGE.tobytes()


@pytest.fixture(autouse=True)
def still_serving(digits):
    """Whatever a row did, the next honest request is answered."""
    yield
    response = digits.infer("digits", infer_body(GOOD))
    assert response.status == 200, response.body


def changed(**members):
    """The good input with members replaced; `None` removes one."""
    return {k: v for k, v in {**GOOD, **members}.items() if v is not None}


def text(body):
    return json.dumps(body).encode()


# Row: (body, words that the message must hold).
JSON_ROWS = {
    "empty body": (b"", []),
    "cut off": (b'{"inputs": [', []),
    "not JSON": (b"hello", []),
    "not an object": (b"[]", []),
    "text after the end": (infer_body(GOOD) + b"}", []),
    "not UTF-8": (b'{"id": "\xff\xfe", "inputs": []}', []),
    "nested a hundred thousand deep": (b"[" * 100_000, []),
    "deep in an unknown member": (b'{"x":' + b"[" * 100_000, []),
    "no inputs": (b"{}", ["inputs"]),
    "inputs empty": (b'{"inputs": []}', ["image"]),
    "inputs no array": (b'{"inputs": {}}', ["inputs"]),
    "input no object": (b'{"inputs": [1]}', []),
    "input without name": (text({"inputs": [changed(name=None)]}), ["name"]),
    "input without datatype": (text({"inputs": [changed(datatype=None)]}), ["image", "datatype"]),
    "input without shape": (text({"inputs": [changed(shape=None)]}), ["image", "shape"]),
    "input without data": (text({"inputs": [changed(data=None)]}), ["image", "data"]),
    "unknown tensor": (text({"inputs": [changed(name="picture")]}), ["picture"]),
    "one unknown tensor too many": (text({"inputs": [GOOD, changed(name="extra")]}), ["extra"]),
    "the same tensor twice": (text({"inputs": [GOOD, GOOD]}), ["image"]),
    "wrong datatype": (text({"inputs": [changed(datatype="INT64")]}), ["image", "INT64", "FP32"]),
    "no such datatype": (text({"inputs": [changed(datatype="FP31")]}), ["FP31"]),
    "wrong extent": (
        text({"inputs": [changed(shape=[1, 8, 7], data=[0] * 56)]}),
        ["image", "[1,8,7]", "[-1,8,8]"],
    ),
    "wrong rank": (text({"inputs": [changed(shape=[8, 8])]}), ["image", "[8,8]", "[-1,8,8]"]),
    "no rank": (text({"inputs": [changed(shape=[], data=[0])]}), ["image"]),
    "one value short": (text({"inputs": [changed(data=[0] * 63)]}), ["image", "63", "64"]),
    "one value over": (text({"inputs": [changed(data=[0] * 65)]}), ["image", "64"]),
    "no rows": (text({"inputs": [changed(shape=[0, 8, 8], data=[])]}), ["image"]),
    "more rows than a batch holds": (
        infer_body(tensor("image", np.zeros((65, 8, 8)))), ["65", "64"],
    ),
    "negative extent": (text({"inputs": [changed(shape=[-1, 8, 8])]}), ["image"]),
    "extents that overflow": (text({"inputs": [changed(shape=[2**62, 8, 8])]}), ["image"]),
    "an extent beyond 64 bits": (text({"inputs": [changed(shape=[2**70, 8, 8])]}), []),
    "an extent that is no integer": (text({"inputs": [changed(shape=[1.5, 8, 8])]}), ["shape"]),
    "shape no array": (text({"inputs": [changed(shape="1,8,8")]}), ["shape"]),
    "text in the data": (text({"inputs": [changed(data=["a"] * 64)]}), ["image"]),
    "null in the data": (text({"inputs": [changed(data=[None] * 64)]}), ["image"]),
    "an object in the data": (text({"inputs": [changed(data=[{}] * 64)]}), ["image"]),
    "data no array": (text({"inputs": [changed(data=7)]}), ["image"]),
    "a number with a leading zero": (infer_body(GOOD).replace(b"0.0", b"01", 1), []),
    "a number without digits": (infer_body(GOOD).replace(b"0.0", b"-", 1), []),
    "unknown output": (infer_body(GOOD, outputs=[{"name": "mood"}]), ["mood"]),
    "the same output twice": (infer_body(GOOD, outputs=[{"name": "label"}] * 2), ["label"]),
    "outputs no array": (infer_body(GOOD, outputs="label"), ["outputs"]),
    "output without name": (infer_body(GOOD, outputs=[{}]), ["name"]),
    "parameters no object": (infer_body(GOOD, parameters=[1]), ["parameters"]),
    "classification of nothing": (
        infer_body(GOOD, outputs=[{"name": "probabilities", "parameters": {"classification": -1}}]),
        ["classification"],
    ),
    "binary size without binary data": (
        text({"inputs": [changed(data=None, parameters={"binary_data_size": 256})]}), ["image"],
    ),
}


@pytest.mark.parametrize("row", JSON_ROWS)
def test_a_bad_json_request_is_400_and_says_what_is_wrong(digits, row):
    body, words = JSON_ROWS[row]
    response = digits.infer("digits", body)
    assert response.status == 400, response.body[:200]
    message = response.error.replace(", ", ",")
    for word in words:
        assert word in message
    assert len(response.body) < 2000, "an error does not send the request back"


def binary_row(size=len(BLOB), blob=BLOB, header=None, **members):
    entry = changed(**{"data": None, "parameters": {"binary_data_size": size}, **members})
    body, headers = binary_body({"inputs": [entry]}, blob)
    if header is not None:
        headers["Inference-Header-Content-Length"] = str(header)
    return body, headers


BINARY_ROWS = {
    "truncated": binary_row(blob=BLOB[:-1]),
    "nothing there": binary_row(blob=b""),
    "bytes left over": binary_row(blob=BLOB + b"x"),
    "size of another shape": binary_row(size=252, blob=BLOB[:252]),
    "negative size": binary_row(size=-1),
    "size as text": binary_row(size="256"),
    "size beyond 64 bits": binary_row(size=2**70),
    "data as well": binary_row(data=[0] * 64),
    "shape that overflows": binary_row(shape=[2**62, 8, 8]),
    "JSON length past the end": binary_row(header=100_000),
    "JSON length cuts the JSON": binary_row(header=10),
    "JSON length negative": binary_row(header=-1),
    "JSON length no number": binary_row(header="ten"),
    "JSON length beyond 64 bits": binary_row(header=2**70),
}


@pytest.mark.parametrize("row", BINARY_ROWS)
def test_a_bad_binary_request_is_400(digits, row):
    response = digits.post(PATH, *BINARY_ROWS[row])
    assert response.status == 400, response.body[:200]
    assert response.error


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/v2/models/unknown/infer", {404}),
        ("/v2/models/digits/versions/2/infer", {404}),
        ("/v2/models/digits/versions/x/infer", {400, 404}),
        ("/v2/models/digits/versions/99999999999999999999/infer", {400, 404}),
        ("/v2/models/digits/versions//infer", {400, 404, 405}),
        ("/v2/models//infer", {400, 404, 405}),
        ("/v2/models/..%2F..%2Fdigits/infer", {400, 404}),
        ("/v2/models/%00/infer", {400, 404}),
        ("/v2/models/digits%/infer", {400, 404}),
    ],
)
def test_an_unknown_model_or_version_is_refused(digits, path, allowed):
    response = digits.post(path, infer_body(GOOD))
    assert response.status in allowed, response.body
    assert response.error


def test_a_declared_body_over_the_limit_is_413_before_it_is_sent(digits):
    with digits.connect() as connection:
        connection.send(request_bytes("POST", PATH, headers={"Content-Length": str(10**12)}))
        response = connection.read_response()
    assert response.status == 413
    assert response.error


def test_a_chunked_body_over_the_limit_is_413_or_closed(digits):
    """It never says how long it is; the server counts and stops it. Memory stays bounded."""
    before = digits.resident_bytes()
    chunk = b"100000\r\n" + b" " * (1 << 20) + b"\r\n"
    with digits.connect() as connection:
        connection.send(request_bytes("POST", PATH, headers={"Transfer-Encoding": "chunked"}))
        refused = False
        for _ in range(1024):
            try:
                connection.send(chunk)
            except (ConnectionError, socket.timeout):
                refused = True
                break
            connection.socket.setblocking(False)
            try:
                refused = bool(connection.socket.recv(1, socket.MSG_PEEK)) or True
            except BlockingIOError:
                pass
            except ConnectionError:
                refused = True
            connection.socket.settimeout(20)
            if refused:
                break
        assert refused, "a gigabyte was taken in"
        try:
            assert connection.read_response().status == 413
        except (ConnectionClosed, ConnectionError):
            pass
    assert digits.resident_bytes() - before < 700 << 20


def test_a_chunked_body_is_served(digits):
    body = infer_body(GOOD)
    with digits.connect() as connection:
        connection.send(request_bytes("POST", PATH, headers={"Transfer-Encoding": "chunked"}))
        for start in range(0, len(body), 100):
            part = body[start : start + 100]
            connection.send(b"%x\r\n%s\r\n" % (len(part), part))
        connection.send(b"0\r\n\r\n")
        assert connection.read_response().status == 200


def test_expect_continue_is_answered(digits):
    """curl asks first before it sends a long body."""
    body = infer_body(GOOD)
    with digits.connect() as connection:
        connection.send(
            request_bytes("POST", PATH, headers={"Expect": "100-continue", "Content-Length": str(len(body))})
        )
        assert connection.read_interim() == 100
        connection.send(body)
        assert connection.read_response().status == 200


def said_4xx_or_closed(connection):
    """The rest of the conversation: nothing, or an honest 4xx, and then the end."""
    reply = connection.wait_closed()
    status = reply[9:12].decode()
    assert reply == b"" or status[0] == "4" or status in ("501", "505"), reply[:200]


LIES = {
    "garbage": b"\x00\x01\x02garbage\r\n\r\n",
    "a request line without a version": b"GET\r\n\r\n",
    "a TLS hello": bytes.fromhex("16030100a5010000a10303") + bytes(160),
    "an HTTP/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a negative Content-Length": request_bytes("POST", PATH, headers={"Content-Length": "-1"}),
    "a Content-Length that is no number": request_bytes("POST", PATH, headers={"Content-Length": "abc"}),
    "a Content-Length beyond 64 bits": request_bytes("POST", PATH, headers={"Content-Length": "9" * 30}),
    "two Content-Lengths": (
        f"POST {PATH} HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{{}}x"
    ).encode(),
    "a chunk size that is no number": (
        request_bytes("POST", PATH, headers={"Transfer-Encoding": "chunked"}) + b"zz\r\nab\r\n"
    ),
    "a header name with a space": b"GET /v2 HTTP/1.1\r\nHo st: t\r\n\r\n",
    "a folded header": b"GET /v2 HTTP/1.1\r\nHost: t\r\n folded\r\n\r\n",
}


@pytest.mark.parametrize("lie", LIES)
def test_a_broken_request_is_a_4xx_or_a_close(digits, lie):
    with digits.connect() as connection:
        try:
            connection.send(LIES[lie])
            connection.finish_sending()
        except OSError:
            return  # closed while we were still talking
        said_4xx_or_closed(connection)


@pytest.mark.parametrize(
    "request_head",
    [
        b"GET /v2 HTTP/1.1\r\nHost: t\r\nX-Long: " + b"a" * (1 << 20) + b"\r\n\r\n",
        b"GET /v2 HTTP/1.1\r\nHost: t\r\n" + b"X-Many: a\r\n" * 50_000 + b"\r\n",
        b"GET /v2/" + b"a" * (1 << 20) + b" HTTP/1.1\r\nHost: t\r\n\r\n",
    ],
    ids=["one huge header", "many headers", "a huge path"],
)
def test_a_huge_head_is_a_4xx_or_a_close(digits, request_head):
    with digits.connect() as connection:
        try:
            connection.send(request_head)
            connection.finish_sending()
        except OSError:
            return
        said_4xx_or_closed(connection)


def test_a_content_length_that_is_too_short_spoils_only_its_own_connection(digits):
    body = infer_body(GOOD)
    with digits.connect() as connection:
        connection.send(request_bytes("POST", PATH, body, content_length=len(body) // 2))
        assert connection.read_response().status == 400
        connection.finish_sending()
        said_4xx_or_closed(connection)


def test_a_content_length_that_is_too_long_is_never_run(digits):
    """The body never gets whole; the client gives up and the server forgets it."""
    before = digits.statistics("digits")["inference_count"]
    body = infer_body(GOOD)
    with digits.connect() as connection:
        connection.send(request_bytes("POST", PATH, body, content_length=len(body) + 100))
        connection.finish_sending()
        said_4xx_or_closed(connection)
    assert digits.statistics("digits")["inference_count"] == before
