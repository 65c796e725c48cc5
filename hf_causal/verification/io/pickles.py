"""Reads rows from pickles without running anything that a pickle says: plain containers and values alone.

A pickle is a program. Its operations are looked through before it is loaded, and one that names a class or a function,
calls something or refers to what is outside of it is refused; what is left can only build lists, dictionaries, tuples,
sets, text, bytes and numbers.
"""

from __future__ import annotations

import io
import pickle
import pickletools
from pathlib import Path
from typing import Any, NoReturn

LARGEST = 256 * 2**20
"""Bytes of a file that is read."""

_CALLS = ("GLOBAL", "STACK_GLOBAL", "INST", "OBJ", "NEWOBJ", "NEWOBJ_EX", "REDUCE", "BUILD", "EXT1", "EXT2", "EXT4")
_OUTSIDE = ("PERSID", "BINPERSID", "NEXT_BUFFER", "READONLY_BUFFER", "BYTEARRAY8")
_FORBIDDEN = frozenset(_CALLS + _OUTSIDE)
_NAMES = {2: ("prompt", "completion"), 3: ("premise", "hypothesis", "label")}
"""Names of the values of rows that are lists, by their number."""
_MAX_BITS = 14_000
"""Of integers with up to 4,300 digits."""
_SCALARS = (str, int, float, bool, type(None))


class _Plain(pickle.Unpickler):
    """Loads no class and nothing from outside, whatever the operations are."""

    def find_class(self, module: str, name: str) -> NoReturn:
        raise pickle.UnpicklingError(f"it names {module}.{name}")

    def persistent_load(self, pid: Any) -> NoReturn:
        raise pickle.UnpicklingError("it refers to an object outside of it")


def read_pickle(path: Path) -> list[dict[str, Any]]:
    """Returns the rows of a pickle.

    It may hold a list of dictionaries, a dictionary of equally long lists, or a list of lists of two (prompt and
    completion) or three values (premise, hypothesis and label).

    Raises:
        `ValueError`: If it holds anything else, or more than plain containers.
    """
    if path.stat().st_size > LARGEST:
        raise ValueError(f"{str(path)!r} has more than {LARGEST // 2**20} MiB, the most that is read of a pickle")
    data = path.read_bytes()
    try:
        _look_through(data)
        file = io.BytesIO(data)
        value = _Plain(file).load()
        if file.read(1):
            raise pickle.UnpicklingError("it has something after its end")
    except (pickle.UnpicklingError, ValueError, EOFError, IndexError, KeyError, TypeError, AttributeError,
            OverflowError, MemoryError, RecursionError) as error:  # fmt: skip
        raise ValueError(f"{str(path)!r} is refused: only pickles of plain containers are read, and {error}") from None
    rows = _rows(value)
    if rows is None:
        raise ValueError(f"{str(path)!r} must hold a list of rows with text, numbers, true and false as their values")
    return rows


def _look_through(data: bytes) -> None:
    """Raises `UnpicklingError` for an operation that is not needed for plain containers."""
    for number, (operation, argument, _) in enumerate(pickletools.genops(data)):
        if operation.name in _FORBIDDEN:
            what = f" of {argument!r:.80}" if argument is not None else ""
            raise pickle.UnpicklingError(f"it has the operation {operation.name}{what}")
        # An index of a memory makes a reader reserve room for all smaller ones.
        if operation.name in ("PUT", "BINPUT", "LONG_BINPUT") and int(argument or 0) > number:
            raise pickle.UnpicklingError(f"it stores something at the far index {argument}")


def _is_long(item: Any) -> bool:
    """Returns whether an integer has more digits than Python writes."""
    return isinstance(item, int) and item.bit_length() > _MAX_BITS


def _rows(value: Any) -> list[dict[str, Any]] | None:
    if isinstance(value, dict) and value and all(isinstance(column, list) for column in value.values()):
        if len(set(map(len, value.values()))) > 1:
            return None
        value = [dict(zip(value, row, strict=True)) for row in zip(*value.values(), strict=True)]
    if not isinstance(value, list):
        return None
    rows = []
    for row in value:
        if isinstance(row, list | tuple) and len(row) in _NAMES:
            row = dict(zip(_NAMES[len(row)], row, strict=True))
        if not isinstance(row, dict) or not all(isinstance(name, str) for name in row):
            return None
        if not all(type(item) in _SCALARS and not _is_long(item) for item in row.values()):
            return None
        rows.append(row)
    return rows
