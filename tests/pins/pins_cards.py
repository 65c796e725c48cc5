"""Metadata and table cells of the cards."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from pins_builds import run_cli
from pins_outputs import RELEASED


def dataset_cards(folder: Path) -> dict[str, Any]:
    """Returns metadata and table cells of the data set cards below a folder."""
    return {card.parent.name: read_card(card) for card in sorted(folder.glob("*/README.md"))}


def model_cards(scratch: Path) -> dict[str, Any]:
    """Returns metadata and table cells of the model cards of the repository, and as they would be published."""
    found = {}
    for card in sorted(RELEASED.glob("*/README.md")):
        name = card.parent.name
        target = scratch / name
        run_cli("publish", "model", str(card.parent), "--repo-id", f"my-lab/{name}", "--dry-run", str(target))
        files = sorted(path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file())
        found[name] = {
            "repository": read_card(card),
            "published": read_card(target / "README.md"),
            "published_files": files,
        }
    return found


def read_card(card: Path) -> dict[str, Any]:
    """Returns the YAML and the table rows of a card, without prose, sizes on disk and this package's version."""
    from hf_causal import __version__

    _, header, body = card.read_text(encoding="utf-8").split("---\n", 2)
    tables = [row.replace(__version__, "VERSION") for row in _table_rows(body)]
    return {"metadata": _without_prose(yaml.safe_load(header)), "tables": tables}


# Both change with versions of Parquet.
_SIZES = {"num_bytes", "download_size", "dataset_size"}
_SIZE_COLUMN = "MB"


def _without_prose(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):
        return {name: _without_prose(item, name) for name, item in value.items() if name not in _SIZES}
    if isinstance(value, list):
        return [_without_prose(item) for item in value]
    if key == "description":  # the words may change; the digest of the rows at its end may not
        return " ".join(["…", *re.findall(r"Rows: \w+", value)])
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)


def _table_rows(body: str) -> Iterator[str]:
    fenced, header = False, None
    for line in body.splitlines():
        fenced ^= line.startswith("```")
        if fenced or not line.startswith("|"):
            header = None
            continue
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]
        header = header or cells
        if not all(re.fullmatch(r":?-+:?", cell) for cell in cells):
            kept = [cell for title, cell in zip(header, cells, strict=False) if title != _SIZE_COLUMN]
            yield " | ".join(kept)
