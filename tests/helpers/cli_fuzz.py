"""Tries odd values of every option of every command, in this process, with the long work left out.

python tests/helpers/cli_fuzz.py 5000
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import typer

from hf_causal.cli import INTERNAL, app, main

VALUES = (
    "", " ", "-1", "0", "1", "2", "-5", "3.7", "1e400", "nan", "-inf", "9" * 4400, "0x10", "true", "null", "none",
    "all",     "[3,a]", "[1", "{a: 1}", "{", "@lab", "&a", "*a", "%s",
    "!!python/object:os.system {}", "'", '"', "a=b", "=",
    "--", "-", "--no", "1,2,a", "1,3", "3,1", ",", "…", "\u200b", "因果", "\udcff", "a\nb", "\0", "x" * 5000,
    "rows=abc", "rows=[1", "nodes=[3,a]", "seed=null", "rows=1e9", "rows=-2", "nodes=[]", "nodes=7",
    "name_lengths=[3,1]", "letters=x", "a: b: c",
    "here/file.txt", "here/folder", "here/missing", "here/file.txt/x", "/dev/null", "/dev/null/x", "/proc/self/x",
    "here/broken.json", "here/rows.jsonl", "nowhere://x", "http://[", "memory://x", "a/b", "a/b/c", "axiomatic",
    "transitivity_ts2", "lm-eval", "axiom-cpu",
)  # fmt: skip
"""Values of the wrong type, size, spelling or encoding, and a few right ones."""
BASES = {
    "build": ["axiomatic", "--config", "transitivity_ts2", "--out", "here/out"],
    "train": ["axiom-cpu", "--output-dir", "here/out", "--train-rows", "8"],
    "finetune": ["here/folder", "--output-dir", "here/out"],
    "evaluate": ["here/folder"],
    "verify": ["here/rows.jsonl"],
    "report": ["here/folder"],
    "reproduce": ["--out", "here/out"],
    "export": ["here/folder", "--out", "here/out"],
    "harness": ["lm-eval", "--out", "here/out"],
    "ask": ["a causes b", "Does a cause b?"],
    "publish all": ["--org", "lab", "--root", "here/folder", "--data-dir", "here/folder", "--dry-run", "here/dry"],
}
"""Arguments with which a command is right, or wrong at a late moment."""
FIELDS = {"train": ("learning-rate", "seed", "name", "model.hidden-size", "max-steps", "optimizer", "train-rows"),
          "finetune": ("learning-rate", "lora-rank", "class-weights", "train-rows", "epochs", "name", "eval-limit"),
          "reproduce": ("learning-rate", "max-steps")}  # fmt: skip
"""Fields of recipes, which are options, too."""
LONG_WORK = (
    "hf_causal.corpora.executors.Engine.run",
    "hf_causal.training.run_setup.TrainingData",
    "hf_causal.training.launch.launch",
    "hf_causal.posttraining.models.read_config",
    "hf_causal.demo.page.build_page",
)


class Reached(ValueError):
    """All arguments were accepted."""


def commands(group: typer.core.TyperGroup | None = None, *names: str) -> Iterator[tuple[tuple[str, ...], list]]:
    """Yields every command, as the words that call it, with its parameters."""
    group = group or typer.main.get_command(app)
    for name, command in sorted(group.commands.items()):
        if hasattr(command, "commands"):
            yield from commands(command, *names, name)
        else:
            yield (*names, name), command.params


def cases() -> list[list[str]]:
    """Returns command lines with one odd value each: of every option, argument and some fields."""
    lines = []
    for names, parameters in commands():
        base = BASES.get(" ".join(names))
        if base is None:
            base = ["here/folder", "--repo-id", "lab/x", "--dry-run", "here/dry"] if names[0] == "publish" else []
        start = [*names, *base]
        for parameter in parameters:
            for value in VALUES:
                if parameter.param_type_name == "argument":
                    lines.append([*names, value, *base[1:]])
                elif getattr(parameter, "is_flag", False):
                    lines.append([*start, parameter.opts[0]])
                elif parameter.opts[0] not in ("--help", "--install-completion"):
                    lines.append([*start, parameter.opts[0], value])
        lines += [[*start, f"--{field}", value] for field in FIELDS.get(" ".join(names), ()) for value in VALUES]
    return lines


def make_files(folder: Path) -> None:
    """Writes the files and folders that some values name, below `here/`."""
    here = folder / "here"
    (here / "folder").mkdir(parents=True, exist_ok=True)
    (here / "file.txt").write_text("causes")
    (here / "broken.json").write_text("{")
    row = {"premise": "a causes b.", "question": "Does a cause b?", "label": "Yes"}
    (here / "rows.jsonl").write_text(json.dumps(row) + "\n")


def run(arguments: list[str]) -> str | None:
    """Runs a command line, and returns what is wrong with how it ended, or `None`."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="ascii", write_through=True) for _ in range(2))
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), contextlib.ExitStack() as stack:
        for name in LONG_WORK:
            stack.enter_context(mock.patch(name, side_effect=Reached("reached")))
        try:
            status = main(arguments)
        except BaseException as error:
            return f"{type(error).__name__}: {error}"
    text = err.buffer.getvalue().decode("utf-8", "replace")  # Typer writes UTF-8 where ASCII is the encoding
    lines = [line for line in text.splitlines() if line.startswith("error: ")]
    if status not in (0, 1, 2) or INTERNAL in text or "Traceback" in text:
        return f"status {status}: {text[-600:]}"
    return f"status 2 without one line: {text[-300:]}" if status == 2 and len(lines) != 1 else None


def fuzz(number: int, seed: int = 0, progress: bool = False, only: str = "") -> list[tuple[list[str], str]]:
    """Runs a sample of the cases in a temporary folder, and returns those that ended badly."""
    every = [line for line in cases() if not only or line[0] == only]
    chosen = random.Random(seed).sample(every, min(number, len(every)))
    faults, before = [], os.getcwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            for index, arguments in enumerate(chosen):
                make_files(Path(folder))
                if fault := run(arguments):
                    faults.append((arguments, fault))
                if progress and index % 200 == 0:
                    sys.stderr.write(f"{index} of {len(chosen)} cases, {len(faults)} faults\n")
        finally:
            os.chdir(before)
    return faults


if __name__ == "__main__":
    os.environ.update(HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="1")
    found = fuzz(int(sys.argv[1]) if len(sys.argv) > 1 else 5000, progress=True, only=(*sys.argv, "", "")[2])
    for arguments, fault in found:
        short = [argument[:80] for argument in arguments]
        sys.stdout.write(f"{short!a} -> {' '.join(fault.split())[:400]!a}\n")
    sys.exit(1 if found else 0)
