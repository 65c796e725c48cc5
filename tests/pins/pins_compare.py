"""What differs between pinned and observed values, one line a difference."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import ndiff
from typing import Any

MACHINE_FACTS = ("made_on",)
"""Facts of the machine, kept to be read and never compared."""
EXACT_OUTPUTS = ("rounded_sha256", "exact_sha256")
"""Digests of floating-point outputs, which another type of CPU may round otherwise."""


def differences(
    pinned: Any, observed: Any, tolerance: float = 0.0, ignored: tuple[str, ...] = (), where: str = ""
) -> list[str]:
    """Returns what differs, each with the place where it stands.

    Args:
        pinned, observed: Plain JSON.
        tolerance (`float`): Of numbers with a fraction, relative to those above 1 and absolute below.
        ignored (`tuple` of `str`): Names of fields that are not compared.
        where (`str`): Place of both, for the messages.
    """
    return list(_differences(pinned, observed, tolerance, (*MACHINE_FACTS, *ignored), where))


def _differences(pinned: Any, observed: Any, tolerance: float, ignored: tuple[str, ...], where: str) -> Iterator[str]:
    if isinstance(pinned, dict) and isinstance(observed, dict):
        for name in dict.fromkeys([*pinned, *observed]):
            place = f"{where} > {name}" if where else name
            if name in ignored:
                continue
            if name not in observed:
                yield f"{place}: is gone; pinned {_short(pinned[name])}"
            elif name not in pinned:
                yield f"{place}: is new and not pinned: {_short(observed[name])}"
            else:
                yield from _differences(pinned[name], observed[name], tolerance, ignored, place)
    elif _are_texts(pinned) and _are_texts(observed):
        # Line by line, so that one new row of a table is one difference.
        for line in ndiff(pinned, observed):
            if line.startswith(("- ", "+ ")):
                yield f"{where}: {'pinned' if line[0] == '-' else 'now   '} {line[2:]}"
    elif isinstance(pinned, list) and isinstance(observed, list) and len(pinned) == len(observed):
        for index, pair in enumerate(zip(pinned, observed, strict=True)):
            yield from _differences(*pair, tolerance, ignored, f"{where}[{index}]")
    elif not _equal(pinned, observed, tolerance):
        yield f"{where}: pinned {_short(pinned)}, now {_short(observed)}"


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _equal(pinned: Any, observed: Any, tolerance: float) -> bool:
    if isinstance(pinned, float) and isinstance(observed, (int, float)):
        return abs(pinned - observed) <= tolerance * max(1.0, abs(pinned))
    return type(pinned) is type(observed) and pinned == observed


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:200]}… ({len(text)} characters)"
