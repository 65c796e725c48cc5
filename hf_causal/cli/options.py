"""What several commands share: options, how they are read, and progress bars."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Annotated, Any

import typer

NumProc = Annotated[
    int | None, typer.Option(help="Processes; all cores when not given. The bytes are the same for any number.")
]
DataDir = Annotated[str | None, typer.Option(help="Folder that `hf-causal build` wrote, or a data set on the Hub.")]
Device = Annotated[str | None, typer.Option(help="For example `cuda` or `cpu`; a GPU where there is one.")]


def cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def integers(option: str, text: str | None, count: int | None = None) -> tuple[int, ...] | None:
    if text is None:
        return None
    try:
        values = tuple(int(part) for part in text.split(","))
    except ValueError:
        raise ValueError(f"`{option}` must be whole numbers separated by commas, got {text!r}") from None
    if count is not None and len(values) != count:
        raise ValueError(f"`{option}` must be {count} numbers, got {text!r}")
    return values


def named_values(option: str, texts: Sequence[str] | None) -> dict[str, Any]:
    """Options of the form `NAME=VALUE`, values read as YAML; lists become tuples."""
    import yaml

    values = {}
    for text in texts or ():
        name, separator, value = text.partition("=")
        if not separator or not name:
            raise ValueError(f"`{option}` must be NAME=VALUE, got {text!r}")
        read = yaml.safe_load(value)
        values[name.replace("-", "_")] = tuple(read) if isinstance(read, list) else read
    return values


def bar(what: str, total: int, unit: str = "it"):
    from tqdm.auto import tqdm

    return tqdm(total=total, desc=what, unit=unit, unit_scale=True).update


def slow_bar(what: str, total: int | None):
    from tqdm.auto import tqdm

    return tqdm(total=total, desc=what, unit=" rows", unit_scale=True, delay=2).update
