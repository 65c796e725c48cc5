"""Files that are whole or absent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def write_text(path: str | Path, text: str) -> Path:
    """Writes a text file under a temporary name and renames it, so that nobody ever reads half of it."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(text, encoding="utf-8")
    return partial.replace(path)


def write_json(path: str | Path, value: Any) -> Path:
    """Writes a value as JSON, see [`write_text`]."""
    return write_text(path, json.dumps(value, indent=1) + "\n")
