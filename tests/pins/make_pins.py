"""Writes the pins again after a change that was meant, or compares them: `python tests/pins/make_pins.py --check`.

Pinned are the published bytes: digests of every corpus, outputs of the released models, metadata and tables of every
card, the commands with their options, and the first steps of trainings. With `--full` every corpus is built at its
published size as well (about a minute), with `--reproduce` the main job is run (three minutes).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

# Read at import by the libraries; a clone's own package comes before an installed one.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import pins_observe as observe
from pins_compare import differences

HERE = Path(__file__).resolve().parent


def observations(
    scratch: Path, full: Path | None = None, reproduced: Path | None = None
) -> dict[str, Callable[[], dict[str, Any]]]:
    """Returns, by the name of its file, how each kind of pin is observed.

    Args:
        scratch (`Path`): Folder for what is built on the way.
        full (`Path`, *optional*): Folder for the corpora at their published size.
        reproduced (`Path`, *optional*): Folder for the main job.
    """

    @cache
    def small() -> Path:
        observe.build_small(scratch / "small")
        return scratch / "small"

    found: dict[str, Callable[[], dict[str, Any]]] = {
        "corpora": lambda: observe.corpus_digests(small()),
        "outputs": lambda: observe.model_outputs(small()),
        "dataset_cards": lambda: observe.dataset_cards(small()),
        "model_cards": lambda: observe.model_cards(scratch / "published"),
        "commands": observe.commands,
        "first_steps": lambda: observe.first_steps(small() / "axiomatic", scratch / "first_steps"),
    }
    if full:
        found["corpora_full"] = lambda: _full(full)
    if reproduced:
        found["reproduced"] = lambda: _reproduced(reproduced)
    return found


def read_pins(name: str) -> dict[str, Any]:
    """Returns the pinned values of one kind."""
    return json.loads((HERE / f"{name}.json").read_text(encoding="utf-8"))


def main() -> int:
    """Runs the script and returns its exit status: 1 if anything differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare, write nothing; exit status 1 for a difference")
    parser.add_argument("--full", action="store_true", help="every corpus at its published size, too")
    parser.add_argument("--full-dir", type=Path, help="its folder, which is kept; a finished build is read")
    parser.add_argument("--reproduce", action="store_true", help="the main job, too")
    parser.add_argument("--reproduce-dir", type=Path, help="its folder, which is kept; a finished run is read")
    given = parser.parse_args()
    status = 0
    with tempfile.TemporaryDirectory() as temporary:
        scratch = Path(temporary)
        full = given.full_dir or (scratch / "full" if given.full else None)
        reproduced = given.reproduce_dir or (scratch / "reproduced" if given.reproduce else None)
        for name, look in observations(scratch, full, reproduced).items():
            if not given.check:
                text = json.dumps(look(), indent=1, ensure_ascii=False) + "\n"
                (HERE / f"{name}.json").write_text(text, encoding="utf-8")
                _say(f"{name}: written")
                continue
            try:
                lines = differences(read_pins(name), look())
            except Exception as error:  # what comes after it is compared all the same
                lines = [f"cannot be observed: {type(error).__name__}: {error}"]
            _say(f"{name}: {len(lines)} differences" if lines else f"{name}: equal", *(f"  {line}" for line in lines))
            status |= bool(lines)
    return status


def _full(folder: Path) -> dict[str, Any]:
    observe.build_full(folder)
    return observe.corpus_digests(folder)


def _reproduced(folder: Path) -> dict[str, Any]:
    # A process of its own: what ran here before may have changed threads or random states.
    command = [sys.executable, "-m", "hf_causal.cli", "reproduce", "--out", str(folder), "--seed", "0"]
    subprocess.run(command, check=True, cwd=observe.ROOT, stdout=subprocess.DEVNULL)
    return observe.reproduced(folder)


def _say(*lines: str) -> None:
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
