"""The page of `hf-causal demo` in a process of its own, for the tests that visit it or call it."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def served_page(folder):
    """The address of a page that is served as `hf-causal demo --mcp` serves it; its log goes into the folder."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = folder / "log"
    environment = {
        **os.environ, "HF_HUB_OFFLINE": "1", "GRADIO_TEMP_DIR": str(log.parent / "gradio"), "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    with log.open("w") as written:
        command = [sys.executable, "-m", "hf_causal.cli", "demo", "--port", str(port), "--mcp"]
        process = subprocess.Popen(command, stdout=written, stderr=subprocess.STDOUT, env=environment)
    address = f"http://127.0.0.1:{port}/"
    for _ in range(900):  # a busy machine needs minutes to import everything
        try:
            urllib.request.urlopen(address, timeout=5).close()
            break
        except (urllib.error.URLError, OSError):
            assert process.poll() is None, log.read_text()
            time.sleep(0.2)
    else:
        process.kill()
        pytest.fail(log.read_text())
    yield address
    process.terminate()
    process.wait(timeout=120)
    # Gradio tells of a request that is no request of the page; nothing here fails.
    assert "hf_causal/demo/" not in log.read_text()
