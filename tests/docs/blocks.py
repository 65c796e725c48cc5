"""Reads the code blocks of a Markdown page and runs them: Python in one namespace, commands by the command line."""

from __future__ import annotations

import io
import re
import shlex
from contextlib import redirect_stdout
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import typer

from hf_causal.cli import app, main

_BLOCK = re.compile(
    r"(?:^<!-- (?:not run: (?P<reason>[^\n]+?)|needs: (?P<module>\w+)) -->\n)?"
    r"^```(?P<language>\w*)\n(?P<code>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_HERE_DOCUMENT = re.compile(r"^cat > (?P<path>\S+) <<'END'\n(?P<text>.*?)^END$", re.MULTILINE | re.DOTALL)
_STATUS = re.compile(r"#\s*exit status (\d)")


@dataclass(frozen=True)
class Block:
    """A code block of a page."""

    line: int
    language: str
    code: str
    reason: str | None
    """Why the block is not run, or `None`."""
    module: str | None = None
    """A module that the block needs, or `None`."""

    @property
    def lacks_module(self) -> bool:
        """Whether the block needs a module that is not installed."""
        return self.module is not None and find_spec(self.module) is None


def read_blocks(text: str) -> list[Block]:
    """Returns the code blocks of a Markdown text in order."""
    return [
        Block(text[: match.start("code")].count("\n"), *match.group("language", "code", "reason", "module"))
        for match in _BLOCK.finditer(text)
    ]


class Page:
    """Runs the blocks of one page in a folder, in order.

    Each line of a `text` block has to be among what the block before it printed; spaces do not count.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self.namespace: dict[str, object] = {"__name__": "__page__"}
        self.printed = ""

    def run(self, block: Block) -> None:
        """Runs a block, or compares it with what the block before printed."""
        if block.language == "python":
            with redirect_stdout(io.StringIO()) as printed:
                exec(compile(block.code, f"line {block.line}", "exec"), self.namespace)
            self.printed = printed.getvalue()
        elif block.language == "bash":
            self.run_commands(block.code)
        elif block.language == "text":
            printed_lines = {" ".join(line.split()) for line in self.printed.splitlines()}
            missing = [line for line in block.code.splitlines() if " ".join(line.split()) not in printed_lines | {""}]
            assert not missing, f"line {block.line}: printed {self.printed!r}, without {missing}"

    def run_commands(self, code: str) -> None:
        """Runs the `hf-causal` commands of a block and writes its here-documents."""
        for match in _HERE_DOCUMENT.finditer(code):
            path = self.folder / match["path"]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(match["text"], encoding="utf-8")
        self.printed = ""
        for line in commands(_HERE_DOCUMENT.sub("", code)):
            words = shlex.split(line, comments=True)
            assert words[0] == "hf-causal", f"{line!r} is not an hf-causal command: mark the block as not run"
            status = _STATUS.search(line)
            with redirect_stdout(io.StringIO()) as printed:
                assert main(words[1:]) == int(status[1] if status else 0), f"{line!r} printed {printed.getvalue()}"
            self.printed += printed.getvalue()


def commands(code: str) -> list[str]:
    """Returns the commands of a block, with continued lines joined."""
    lines = code.replace("\\\n", " ").replace(" && ", "\n").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.strip().startswith("#")]


def check_options(line: str) -> None:
    """Raises `AssertionError` where a command that is not run names a command or an option that does not exist."""
    words = shlex.split(line, comments=True)
    words = words[next((i for i, word in enumerate(words) if word == "hf-causal"), len(words)) :]
    command = typer.main.get_command(app)
    path = []
    for word in words[1:]:
        if word in getattr(command, "commands", {}):
            command = command.commands[word]
            path.append(word)
    if not words:
        return
    assert path or len(words) == 1, f"{line!r} names no command of hf-causal"
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    if (command.context_settings or {}).get("ignore_unknown_options"):
        return
    unknown = [word for word in words if word.startswith("--") and word.partition("=")[0] not in {*known, "--help"}]
    assert not unknown, f"`hf-causal {' '.join(path)}` has no option {', '.join(unknown)}"
