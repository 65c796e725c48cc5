"""Options that several commands share, their parsers, and progress bars."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from hf_causal.utils.progress import Advance

NumProc = Annotated[
    int | None, typer.Option(help="Number of processes; all cores if left out. The bytes are the same for any number.")
]
DataDir = Annotated[str | None, typer.Option(help="Folder that `hf-causal build` wrote, or a data set on the Hub.")]
Device = Annotated[str | None, typer.Option(help="For example `cuda` or `cpu`; if left out, a GPU if there is one.")]


def integers(option: str, text: str | None, count: int | None = None) -> tuple[int, ...] | None:
    """Reads whole numbers separated by commas, exactly `count` of them if it is not `None`.

    Raises:
        `ValueError`: For anything else, with the name of the option.
    """
    if text is None:
        return None
    try:
        values = tuple(int(number) for number in text.split(","))
    except ValueError:
        raise ValueError(f"`{option}` must be whole numbers separated by commas, got {shorten(text)}") from None
    if count is not None and len(values) != count:
        raise ValueError(f"`{option}` must be {count} numbers, got {text!r}")
    return values


def named_values(option: str, texts: Sequence[str] | None) -> dict[str, Any]:
    """Reads options of the form `NAME=VALUE`, values as YAML; lists become tuples.

    Raises:
        `ValueError`: For another form, with the name of the option.
    """
    import yaml

    values = {}
    for text in texts or ():
        name, separator, value = text.partition("=")
        if not separator or not name:
            raise ValueError(f"`{option}` must be NAME=VALUE, got {text!r}")
        try:
            read = yaml.safe_load(value)
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            reason = " ".join(str(error).split())
            raise ValueError(f"`{option}` {name}: the value {shorten(value)} cannot be read: {reason}") from None
        values[name.replace("-", "_")] = tuple(read) if isinstance(read, list) else read
    return values


def shorten(value: str, length: int = 60) -> str:
    """Returns a value in quotes for a message, cut to a length."""
    return repr(value if len(value) <= length else f"{value[:length]}…")


def bar(title: str, total: int | None, unit: str = "it", delay: float = 0) -> Advance:
    """Shows a progress bar, after `delay` seconds; a [`Progress`]."""
    from tqdm.auto import tqdm

    return tqdm(total=total, desc=title, unit=unit, unit_scale=True, delay=delay).update


def slow_bar(title: str, total: int | None) -> Advance:
    """Shows a progress bar of rows for work that takes more than two seconds."""
    return bar(title, total, unit=" rows", delay=2)
