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
        raise ValueError(f"`{option}` must be whole numbers separated by commas, got {text!r}") from None
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
        read = yaml.safe_load(value)
        values[name.replace("-", "_")] = tuple(read) if isinstance(read, list) else read
    return values


def bar(title: str, total: int | None, unit: str = "it", delay: float = 0) -> Advance:
    """Shows a progress bar, after `delay` seconds; a [`Progress`]."""
    from tqdm.auto import tqdm

    return tqdm(total=total, desc=title, unit=unit, unit_scale=True, delay=delay).update


def slow_bar(title: str, total: int | None) -> Advance:
    """Shows a progress bar of rows for work that takes more than two seconds."""
    return bar(title, total, unit=" rows", delay=2)
