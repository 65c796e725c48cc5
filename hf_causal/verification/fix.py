"""Writes corrected copies of tables: wrong labels and certificates are replaced, other defects are marked."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa

from hf_causal.utils.progress import Progress, start
from hf_causal.verification.checks.checkers import Checker, TaskChecker, checker_of
from hf_causal.verification.finding_types import DEFECTS
from hf_causal.verification.io import BrokenRow, Columns, Part, Row, Table, write_rows
from hf_causal.verification.verify import Source, listed, open_all

CHANGE, DEFECT = "verify_change", "verify_defect"
"""The columns that a copy has in addition to those of its original."""


@dataclass
class FixSummary:
    """Counts of the rows of a corrected copy."""

    name: str
    path: Path
    num_rows: int = 0
    """Rows that were written."""
    num_changed: int = 0
    num_marked: int = 0
    """Rows with a defect that another label does not correct."""
    num_dropped: int = 0


def fix(
    sources: Source | Sequence[Source],
    out: str | Path,
    config: str | None = None,
    split: str | None = None,
    drop: bool = False,
    progress: Progress | None = None,
) -> list[FixSummary]:
    """Writes corrected copies of files, folders or data sets on the Hub.

    A label that the row's text refutes is replaced in the spelling of the file, and a certificate that does not prove
    the label by one that does. Each row gets two further columns: `verify_change` lists the changes, and
    `verify_defect` names the defects that remain; both are null for most rows.

    Args:
        sources, config, split, progress: As in [`verify`].
        out (`str` or `Path`): A file with the suffix of the original, for one file; otherwise a folder, in which the
            copies have the names of their originals. Data sets of the Hub become Parquet.
        drop (`bool`): Leaves out the rows with remaining defects instead of marking them.

    Returns:
        `list[FixSummary]`: One for each file that was written.

    Raises:
        `FileNotFoundError`: If a source does not exist.
        `ValueError`: If `out` is an original or has another suffix, or a label column has a type without a Yes and a
            No.
    """
    out, sources = Path(out), listed(sources)
    jobs = [(table, part) for table in open_all(sources, config, split) for part in table.parts]
    one_file = len(sources) == 1 and Path(sources[0]).is_file()
    targets = [out if one_file else out / part.name for _, part in jobs]
    _check_targets([part for _, part in jobs], targets)
    for table, part in jobs:
        if isinstance(checker := checker_of(table), TaskChecker):
            _check_label_types(checker.columns, part)
    return [
        _fix_part(table, part, target, drop, progress) for (table, part), target in zip(jobs, targets, strict=True)
    ]


def _check_targets(parts: list[Part], targets: list[Path]) -> None:
    originals = [part.path for part in parts if part.path is not None]
    for part, target in zip(parts, targets, strict=True):
        suffix = Path(part.name).suffix
        if target.suffix != suffix:
            raise ValueError(
                f"`out` must have the suffix {suffix!r} of the original {part.name!r}, got {str(target)!r}"
            )
        if target.exists() and any(target.samefile(original) for original in originals):
            raise ValueError(f"`out` must not be an original, got {str(target)!r}")
    if len(set(targets)) < len(targets):
        raise ValueError("`sources` must have different names, since their copies go into one folder")


def _check_label_types(columns: Columns, part: Part) -> None:
    for label in columns.labels:
        dtype = None if part.schema is None or label not in part.schema.names else part.schema.field(label).type
        if dtype is not None and _example_label(dtype) is None:
            raise ValueError(
                f"the labels of {part.name!r} cannot be corrected: the column {label!r} has the type {dtype}; it "
                "should be text, numbers or true and false"
            )


def _fix_part(table: Table, part: Part, target: Path, drop: bool, progress: Progress | None) -> FixSummary:
    summary = FixSummary(part.name, target)
    advance = start(progress, f"correcting {part.name}", part.num_rows)
    checker = checker_of(table)
    labels: tuple[str, ...] = checker.columns.labels if isinstance(checker, TaskChecker) else ()
    schema = _copy_schema(part.schema, labels)
    # A null label gets the type of its column, if columns have types.
    examples = {
        name: _example_label(schema.field(name).type) if schema is not None and name in schema.names else ""
        for name in labels
    }

    def batches() -> Iterator[list[dict[str, Any]]]:
        for rows in part.batches():
            fixed = [_fix_row(row, checker, examples) for row in rows]
            kept = [row for row in fixed if not (drop and row[DEFECT])]
            summary.num_rows += len(kept)
            summary.num_changed += sum(row[CHANGE] is not None for row in kept)
            summary.num_marked += sum(row[DEFECT] is not None for row in kept)
            summary.num_dropped += len(fixed) - len(kept)
            yield kept
            advance(len(rows))

    names = list(dict.fromkeys([*part.column_names, CHANGE, DEFECT]))
    if target.suffix.lower() == ".csv" and any(isinstance(row, BrokenRow) for rows in part.batches() for row in rows):
        names.append("broken_row")
    write_rows(target, batches(), names, schema, lines=part.holds_lines)
    return summary


def _fix_row(row: Row, checker: Checker, examples: Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(row, BrokenRow):
        return {"broken_row": row.text, CHANGE: None, DEFECT: "unreadable_row"}
    result, corrected = checker.check(row), dict(row)
    changes = checker.correct(corrected, result, examples)
    if changes:
        result = checker.check(corrected)
    remaining = [name for name in dict(result.findings) if name in DEFECTS]
    return corrected | {CHANGE: "; ".join(changes) or None, DEFECT: ", ".join(remaining) or None}


def _example_label(dtype: pa.DataType) -> Any:
    """Returns a label of a column's type, or `None` if the type has no spelling of Yes and No."""
    if pa.types.is_dictionary(dtype):
        return _example_label(dtype.value_type)
    if pa.types.is_boolean(dtype):
        return False
    if pa.types.is_integer(dtype):
        return 0
    if pa.types.is_floating(dtype):
        return 0.0
    if pa.types.is_decimal(dtype):
        return Decimal(0) if dtype.precision > dtype.scale else None
    is_text = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view, pa.types.is_null)
    return "" if any(holds(dtype) for holds in is_text) else None


def _copy_schema(schema: pa.Schema | None, labels: Sequence[str]) -> pa.Schema | None:
    """Returns the schema of a copy: with two more columns, and with text as the type of labels that are all null."""
    if schema is None:
        return None
    text = [field.name for field in schema if field.name in labels and pa.types.is_null(field.type)]
    fields = {field.name: pa.field(field.name, pa.string()) if field.name in text else field for field in schema}
    added = {name: pa.field(name, pa.string()) for name in (CHANGE, DEFECT)}
    metadata = dict(schema.metadata or {})
    if b"huggingface" in metadata:
        # `datasets` refuses a file with a column that these features do not have.
        described = json.loads(metadata[b"huggingface"])
        features = described.get("info", {}).get("features", {})
        features.update({name: {"dtype": "string", "_type": "Value"} for name in (*text, CHANGE, DEFECT)})
        metadata[b"huggingface"] = json.dumps(described).encode()
    return pa.schema(list((fields | added).values()), metadata=metadata)
