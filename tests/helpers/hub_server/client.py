"""A process that uses the Hub as a user would. The libraries read their settings at import, so it has its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

_WORKER = """
import json, os, sys, traceback

answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
if sys.argv[1] == "elsewhere":
    sys.modules["hf_causal"] = None  # its import fails
else:
    sys.path.insert(0, sys.argv[2])
for line in sys.stdin:
    asked = json.loads(line)
    names = dict(asked["values"], __name__="client")
    try:
        exec(compile(asked["code"], "<client>", "exec"), names)
        answer = {"result": names.get("result")}
    except Exception as error:
        traceback.print_exc()
        answer = {"error": type(error).__name__, "message": str(error)}
    answers.write(json.dumps(answer) + "\\n")
    answers.flush()
"""


class ClientError(Exception):
    """What was raised in the client's process."""

    def __init__(self, kind: str, message: str):
        super().__init__(f"{kind}: {message}")
        self.kind, self.message = kind, message


class HubClient:
    """A Python process that talks to a test Hub; it lives as long as a `with` block and runs any number of snippets.

    Args:
        url (`str`): The Hub's.
        home (`Path`): Its `HF_HOME`, with caches of its own.
        package (`bool`): Whether it can import hf_causal.
        **environment: Further variables, for example `HF_HUB_OFFLINE="1"`; `None` removes one.
    """

    def __init__(self, url: str, home: Path, package: bool = True, **environment: str | None):
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "PYTHON"))}
        settings = {
            "HF_ENDPOINT": url,
            "HF_TOKEN": "hf_writer",
            "HF_HOME": str(home),
            "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            "HF_HUB_DISABLE_UPDATE_CHECK": "1",
            "TOKENIZERS_PARALLELISM": "false",
            "OMP_NUM_THREADS": "1",
            **environment,
        }
        home.mkdir(parents=True, exist_ok=True)
        self._log = home / "client.log"
        root = str(Path(__file__).resolve().parents[3])
        where = "here" if package else "elsewhere"
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-c", _WORKER, where, root],
            env=inherited | {name: value for name, value in settings.items() if value is not None},
            cwd=home,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log.open("w"),
            text=True,
        )

    def __enter__(self) -> HubClient:
        return self

    def __exit__(self, *_: Any) -> None:
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()

    def run(self, code: str, **values: Any) -> Any:
        """Runs a snippet that knows some values and leaves its answer, as JSON, in `result`.

        Raises:
            [`ClientError`]: If it raised.
        """
        self._process.stdin.write(json.dumps({"code": code, "values": values}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise ClientError("Exit", self.log())
        answer = json.loads(line)
        if "error" in answer:
            raise ClientError(answer["error"], answer["message"])
        return answer["result"]

    def log(self) -> str:
        """What the process has written so far."""
        return self._log.read_text()
