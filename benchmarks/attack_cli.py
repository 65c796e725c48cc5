"""Attacks the command line with thousands of odd values of its options, see `tests/helpers/cli_fuzz.py`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CASES = 4000


def main() -> int:
    """Runs the fuzzer in a separate process, offline and without a token, and returns its status."""
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "HF_TOKEN": ""}
    environment["PYTHONPATH"] = str(ROOT)
    command = [sys.executable, str(ROOT / "tests" / "helpers" / "cli_fuzz.py"), str(CASES)]
    return subprocess.run(command, env=environment).returncode


if __name__ == "__main__":
    sys.exit(main())
