"""Writes `docs/cli.md`: every command with its arguments and options, from the command line itself.

python docs/make_cli.py          # writes the page
python docs/make_cli.py --check  # exit status 1 where the page is out of date
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from hf_causal.cli import app

PAGE = Path(__file__).with_name("cli.md")


def commands(command: Any, name: str = "hf-causal") -> Iterator[tuple[str, Any]]:
    """Yields every command with its name, groups before their commands."""
    yield name, command
    for word, child in getattr(command, "commands", {}).items():
        yield from commands(child, f"{name} {word}")


def describe(name: str, command: Any) -> str:
    """Returns the section of a command."""
    lines = [f"## `{name}`", "", _prose(command.help or ""), ""]
    rows = [row for parameter in command.params if (row := _row(parameter)) is not None]
    if rows:
        lines += ["| option | meaning |", "|---|---|", *rows, ""]
    return "\n".join(lines)


def render() -> str:
    """Returns the page."""
    root = typer.main.get_command(app)
    sections = [describe(name, command) for name, command in commands(root) if name != "hf-causal"]
    introduction = (
        "# Every command\n\nThis page is generated from the command line. A mistake exits with status 2 and one line "
        "that says what would be right, a failed check with status 1.\n"
    )
    return "\n".join([introduction, *sections]).rstrip() + "\n"


def _prose(text: str) -> str:
    """Returns a help text as Markdown, with its examples as one block that is not run."""
    text = re.sub(r"\n[ \t]+\n", "\n\n", text.strip())
    before, examples, after = text.partition("\nExamples:\n")
    if not examples:
        return before
    lines = [line for line in after.splitlines() if line.strip()]
    indented = [line for line in lines if line.startswith("    ")]
    prose = "\n".join(line for line in lines if not line.startswith("    "))
    block = "\n".join(line.removeprefix("    ") for line in indented)
    return f"{before}\n\n<!-- not run: examples of the help text -->\n```bash\n{block}\n```\n\n{prose}".rstrip()


def _row(parameter: Any) -> str | None:
    if parameter.name == "help" or getattr(parameter, "hidden", False):
        return None
    names = ", ".join(f"`{option}`" for option in (*parameter.opts, *parameter.secondary_opts))
    meaning = " ".join((getattr(parameter, "help", None) or "").split()).replace("|", "\\|")
    return f"| {names if parameter.param_type_name == 'option' else f'`{parameter.name.upper()}`'} | {meaning} |"


if __name__ == "__main__":
    text = render()
    if sys.argv[1:] == ["--check"]:
        sys.exit(PAGE.read_text(encoding="utf-8") != text)
    PAGE.write_text(text, encoding="utf-8")
