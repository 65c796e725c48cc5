"""A chat endpoint on the loopback that answers by proof, with faults on demand."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from hf_causal.evaluation.language_models.prompts import INSTRUCTION
from hf_causal.tasks.proving import prove

Response = tuple[int, dict[str, str], bytes]
"""Status, headers and body."""


def completion(content) -> bytes:
    message = {"role": "assistant", "content": content}
    return json.dumps({"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}).encode()


class ChatServer:
    """Serves as long as a `with` block.

    Args:
        fault (callable, *optional*): From the number of a request, counted from 0, to a response that stands in place
            of the answer, or `None`.
        delay (`float`): Seconds before each answer.
    """

    def __init__(self, fault: Callable[[int], Response | None] = lambda number: None, delay: float = 0.0):
        self.fault, self.delay = fault, delay
        self.bodies: list[dict] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.most_at_once = self._now = 0
        self._lock = threading.Lock()

    def __enter__(self) -> ChatServer:
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                status, headers, content = owner._respond(self.path, dict(self.headers), body)
                self.send_response(status)
                for name, value in {"content-length": str(len(content)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                with suppress(BrokenPipeError):  # the client may not have waited
                    self.wfile.write(content)

            def log_message(self, *arguments):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *exception) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def _respond(self, path: str, headers: dict[str, str], body: dict) -> Response:
        with self._lock:
            number = len(self.bodies)
            self.bodies.append(body)
            self.headers.append({name.lower(): value for name, value in headers.items()})
            self.paths.append(path)
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
        try:
            time.sleep(self.delay)
            fault = self.fault(number)
            if fault is not None:
                return fault
            question = body["messages"][-1]["content"].removeprefix(f"{INSTRUCTION}\n\n")
            return 200, {"content-type": "application/json"}, completion(prove(question).answer)
        finally:
            with self._lock:
                self._now -= 1
