"""The served page under attack: it goes on to answer, and nothing remains of it when it ends."""

import json
import os
import socket
import urllib.error
import urllib.parse
import urllib.request
from contextlib import suppress
from pathlib import Path

import pytest
from demo_server import served_page

pytest.importorskip("gradio", reason="the page needs gradio: pip install -e '.[dev]'")
LIMITS = {"REQUEST_SECONDS": "2", "IDLE_SECONDS": "2", "CALLS_AT_ONCE": "200", "MAX_BODY_BYTES": "300000"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("page")


@pytest.fixture(scope="module")
def url(folder):
    with pytest.MonkeyPatch.context() as patch:
        for name, value in LIMITS.items():
            patch.setenv(f"HF_CAUSAL_DEMO_{name}", value)
        patch.setenv("TMPDIR", str(folder))
        with served_page(folder) as address:
            yield address
    assert not list(folder.glob("hf-causal-page-*")), "files of the page remain after its end"


def post(url, path, body, headers=None):
    """The status and the content of an answer."""
    request = urllib.request.Request(url + path, body, {"Content-Type": "application/json", **(headers or {})})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def call(url, name, *arguments):
    """What an endpoint of the page answers."""
    status, content = post(url, f"gradio_api/call/{name}", json.dumps({"data": arguments}).encode())
    assert status == 200, content
    event = json.loads(content)["event_id"]
    with urllib.request.urlopen(f"{url}gradio_api/call/{name}/{event}", timeout=120) as answer:
        return answer.read().decode()


def answers(url):
    return '"answer": "Yes"' in call(url, "prove", "frost causes cracks", "Does frost cause cracks?")


def test_a_hostile_link_and_text_do_not_stop_the_page(url):
    text = "and" + " " * 8_000 + "causes c"
    link = url + "?" + urllib.parse.urlencode({"premises": text, "question": "Does a cause c?"})
    with urllib.request.urlopen(link, timeout=60) as page:
        assert page.status == 200
    for premises, question in (
        ("a causes b", "so" + " " * 19_850 + "x causes y?"),
        ("a" * 200_000, "Does a cause b?"),
    ):
        assert "event: error" in call(url, "prove", premises, question)
        assert answers(url)


def raw(url, *pieces):
    """The beginning of the answer to bytes; nothing where the connection is closed without one."""
    with socket.create_connection(("127.0.0.1", urllib.parse.urlparse(url).port), timeout=60) as connection:
        with suppress(ConnectionError):
            for piece in pieces:
                connection.sendall(piece)
        with suppress(ConnectionError):
            return connection.recv(1000)
        return b""


def test_large_bodies_are_refused(url):
    for path, size in (("call/verify", 300_001), ("queue/join", 300_001), ("mcp/", 300_001), ("upload", 6 * 2**20)):
        head = f"POST /gradio_api/{path} HTTP/1.1\r\nHost: x\r\nContent-Length: {size}\r\n\r\n"
        assert raw(url, head.encode()).startswith(b"HTTP/1.1 413"), path
    chunked = b"POST /gradio_api/queue/join HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = b"%x\r\n" % 100_000 + b"x" * 100_000 + b"\r\n"
    assert raw(url, chunked, chunk, chunk, chunk, b"1\r\nx\r\n").startswith(b"HTTP/1.1 413")
    assert answers(url)


@pytest.mark.parametrize(
    "begun",
    [
        b"",
        b"POST /gradio_api",
        b"POST /gradio_api/queue/join HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nx",
    ],
)
def test_half_open_connections_are_closed(url, begun):
    assert raw(url, begun) == b""
    assert answers(url)


def test_many_verifications_do_not_keep_others_from_answers(url):
    rows = "\n".join(json.dumps({"prompt": f"A causes B. Does {x} cause B?", "completion": "Yes"}) for x in "AB" * 200)
    body = json.dumps({"data": [rows, "jsonl"]}).encode()
    events = [json.loads(post(url, "gradio_api/call/verify", body)[1])["event_id"] for _ in range(40)]
    assert answers(url)
    told = []
    for event in (events[-1], events[0]):
        with urllib.request.urlopen(f"{url}gradio_api/call/verify/{event}", timeout=120) as answer:
            told.append(answer.read().decode())
    assert "many files are being verified" in told[0] and "wrong_label" in told[1]


def test_an_upload_is_stored_where_the_page_removes_it(url, folder):
    body = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.csv"\r\n\r\nprompt\r\n--x--\r\n'
    status, content = post(url, "gradio_api/upload", body, {"Content-Type": "multipart/form-data; boundary=x"})
    (path,) = json.loads(content)
    assert status == 200 and Path(path).read_bytes() == b"prompt" and Path(path).is_relative_to(folder)
    assert os.listdir(folder)
