"""Checks the path of a report before the work that it reports, so that it never replaces anything but a report."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

_HEAD_BYTES = 65_536
_PICTURES = (b"\x89PNG", b"%PDF", b"<?xml", b"<svg")


def check_json_report(option: str, path: str | Path, keys: Sequence[str]) -> None:
    """Raises unless a report can be written to a path that is free, or that has an earlier report.

    Args:
        option (`str`): The name of the option, for the error.
        path (`str` or `Path`): The file of the report.
        keys (sequence of `str`): Keys near the beginning of every such report, by which an earlier one is known.

    Raises:
        `ValueError`: If the path is a folder or a file that is not such a report.
        `PermissionError`: If the file cannot be written.
    """
    head = _writable_head(option, Path(path))
    is_report = head.lstrip().startswith(b"{") and all(f'"{key}"'.encode() in head for key in keys)
    if head and not is_report:
        _refuse(option, path)


def check_picture(option: str, path: str | Path) -> None:
    """Raises unless a picture can be written to a path that is free or has a picture, see [`check_json_report`]."""
    head = _writable_head(option, Path(path))
    if head and not head.startswith(_PICTURES):
        _refuse(option, path)


def check_report_folder(option: str, path: str | Path) -> None:
    """Raises `ValueError` or `PermissionError` unless files can be written into a folder, which need not exist."""
    _writable_head(option, Path(path) / "report")


def _refuse(option: str, path: str | Path) -> None:
    raise ValueError(
        f"`{option}` would overwrite {str(path)!r}, which is not an earlier result of this option; choose another name"
    )


def _writable_head(option: str, path: Path) -> bytes:
    """Returns the first bytes of a file, none if it does not exist; raises if it cannot be written."""
    if path.is_dir():
        raise ValueError(f"`{option}` must be a file, {str(path)!r} is a folder")
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    if not folder.is_dir():
        raise ValueError(f"`{option}` {str(path)!r} cannot be written: {str(folder)!r} is not a folder")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(f"`{option}` {str(path)!r} cannot be written: no permission to write in {str(folder)!r}")
    if not path.exists():
        return b""
    with path.open("rb") as file:
        return file.read(_HEAD_BYTES)
