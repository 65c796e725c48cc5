"""Writing a corrected twin of a table: labels and certificates mended, everything else kept and marked."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from hf_causal.utils.progress import Progress
from hf_causal.verification.finding_types import DEFECTS
from hf_causal.verification.io import BrokenRow, Columns, Part, Row, Table, spell, write_rows
from hf_causal.verification.rows import judge
from hf_causal.verification.verify import Source, listed, open_all

CHANGE, DEFECT = "verify_change", "verify_defect"
"""The columns that a twin has beside those of its original."""


@dataclass
class FixSummary:
    """What became of the rows of a table."""

    name: str
    path: Path
    num_rows: int = 0
    """Rows that were written."""
    num_changed: int = 0
    num_marked: int = 0
    """Rows with a defect that a right label does not mend."""
    num_dropped: int = 0


def fix(
    sources: Source | Sequence[Source],
    out: str | Path,
    config: str | None = None,
    split: str | None = None,
    drop: bool = False,
    progress: Progress | None = None,
) -> list[FixSummary]:
    """Writes corrected twins of files, folders or data sets on the Hub.

    A label that the row's text refutes is replaced in the spelling of the file, a certificate that does not prove the
    label by one that does. Each row gets two further columns: `verify_change` says what was changed, and
    `verify_defect` names the defects that remain; both are null for most rows.

    Args:
        sources, config, split, progress: As in [`verify`].
        out (`str` or `Path`): A file with the suffix of the original, for one file; otherwise a folder, in which the
            twins have the names of their originals. Data sets of the Hub become Parquet.
        drop (`bool`): Leaves out the rows with remaining defects instead of marking them.

    Returns:
        `list[FixSummary]`: One for each file that was written.

    Raises:
        `FileNotFoundError`: If a source does not exist.
        `ValueError`: If `out` is an original or has another suffix.
    """
    out, sources = Path(out), listed(sources)
    jobs = [(table, part) for table in open_all(sources, config, split) for part in table.parts]
    one_file = len(sources) == 1 and Path(sources[0]).is_file()
    targets = [out if one_file else out / part.name for _, part in jobs]
    _check_targets([part for _, part in jobs], targets)
    return [
        _fix_part(table, part, target, drop, progress) for (table, part), target in zip(jobs, targets, strict=True)
    ]


def _check_targets(parts: list[Part], targets: list[Path]) -> None:
    originals = {part.path.resolve() for part in parts if part.path is not None}
    for part, target in zip(parts, targets, strict=True):
        suffix = Path(part.name).suffix
        if target.suffix != suffix:
            raise ValueError(
                f"`out` must have the suffix {suffix!r} of the original {part.name!r}, got {str(target)!r}"
            )
        if target.resolve() in originals:
            raise ValueError(f"`out` must not be an original, got {str(target)!r}")
    if len(set(targets)) < len(targets):
        raise ValueError("`sources` must have different names, since their twins stand in one folder")


def _fix_part(table: Table, part: Part, target: Path, drop: bool, progress: Progress | None) -> FixSummary:
    summary = FixSummary(part.name, target)
    told = progress(f"correcting {part.name}", part.num_rows) if progress else None
    columns = table.columns
    # A null label takes the type of its column, where columns have types.
    defaults = {name: _default_label(part.schema, name) for name in columns.labels}

    def batches() -> Iterator[list[dict[str, Any]]]:
        for rows in part.batches():
            fixed = [_fix_row(row, columns, defaults) for row in rows]
            kept = [row for row in fixed if not (drop and row[DEFECT])]
            summary.num_rows += len(kept)
            summary.num_changed += sum(row[CHANGE] is not None for row in kept)
            summary.num_marked += sum(row[DEFECT] is not None for row in kept)
            summary.num_dropped += len(fixed) - len(kept)
            yield kept
            if told:
                told(len(rows))

    names = list(dict.fromkeys([*part.column_names, CHANGE, DEFECT]))
    if target.suffix.lower() == ".csv" and any(isinstance(row, BrokenRow) for rows in part.batches() for row in rows):
        names.append("broken_row")
    write_rows(target, batches(), names, _twin_schema(part.schema))
    return summary


def _fix_row(row: Row, columns: Columns, defaults: Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(row, BrokenRow):
        return {"broken_row": row.text, CHANGE: None, DEFECT: "unreadable_row"}
    verdict, mended, changes = judge(row, columns), dict(row), list[str]()
    if proof := verdict.proof:
        changes = _mball_labels(mended, columns, proof.answer, defaults)
        if changes:
            verdict = judge(mended, columns)
        if columns.certificate and "wrong_certificate" in dict(verdict.findings):
            mended[columns.certificate] = proof.certificate
            changes.append(f"{columns.certificate} replaced")
            verdict = judge(mended, columns)
    remaining = [kind for kind in dict(verdict.findings) if kind in DEFECTS]
    return mended | {CHANGE: "; ".join(changes) or None, DEFECT: ", ".join(remaining) or None}


def _mball_labels(row: dict[str, Any], columns: Columns, answer: str, defaults: Mapping[str, Any]) -> list[str]:
    changes = []
    for column in columns.labels:
        given = row.get(column)
        # A second label column may be empty, the first may not.
        if columns.answer(row, column) != answer and not (given is None and column != columns.label):
            like = defaults[column] if given is None else given
            row[column] = spell(answer, like, columns.classes.get(column, ()))
            changes.append(f"{column}: {given!r} -> {row[column]!r}")
    return changes


def _default_label(schema: pa.Schema | None, column: str) -> Any:
    kind = pa.string() if schema is None or column not in schema.names else schema.field(column).type
    if pa.types.is_boolean(kind):
        return False
    return 0 if pa.types.is_integer(kind) else 0.0 if pa.types.is_floating(kind) else ""


def _twin_schema(schema: pa.Schema | None) -> pa.Schema | None:
    if schema is None:
        return None
    metadata = dict(schema.metadata or {})
    if b"huggingface" in metadata:
        # `datasets` refuses a file with a column that these features do not have.
        kept = json.loads(metadata[b"huggingface"])
        features = kept.get("info", {}).get("features", {})
        features.update({name: {"dtype": "string", "_type": "Value"} for name in (CHANGE, DEFECT)})
        metadata[b"huggingface"] = json.dumps(kept).encode()
    added = [pa.field(name, pa.string()) for name in (CHANGE, DEFECT) if name not in schema.names]
    return pa.schema([*schema, *added], metadata=metadata)
