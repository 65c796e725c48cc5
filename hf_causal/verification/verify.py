"""Verifies tables of rows: each row by itself, and then against all others."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from hf_causal.utils.progress import Progress, start
from hf_causal.verification.adapters import VERDICTS
from hf_causal.verification.checks.checkers import checker_of
from hf_causal.verification.checks.row import RowResult
from hf_causal.verification.checks.row_index import RowIndex
from hf_causal.verification.finding_types import FINDING_TYPES
from hf_causal.verification.io import Table, open_tables
from hf_causal.verification.report import Finding, TableReport, VerifyReport

Source = str | Path


def verify(
    sources: Source | Sequence[Source],
    config: str | None = None,
    split: str | None = None,
    progress: Progress | None = None,
) -> VerifyReport:
    """Proves or refutes every row of files, folders or data sets on the Hub from the rows' own text.

    Rows are read in batches. Memory is 25 bytes a row, and about as much again to compare the rows.

    Args:
        sources (`str`, `Path` or a sequence of them): Anything that [`~hf_causal.verification.io.open_tables`] opens.
        config, split (`str`, *optional*): Only this config and split of a folder or a data set on the Hub.
        progress (callable, *optional*): See [`Progress`].

    Returns:
        [`VerifyReport`]: With one [`TableReport`] for each file or split.

    Raises:
        `FileNotFoundError`: If a source does not exist.
        `ValueError`: If the format of a source is unknown, or it has no columns for a text and a label.

    Example:

    ```python
    >>> import pathlib, tempfile
    >>> file = pathlib.Path(tempfile.mkdtemp(), "mine.csv")
    >>> _ = file.write_text("prompt,completion\\nA causes B. Does A cause B?,Yes\\nA causes B. Does B cause A?,Yes\\n")
    >>> table, = verify(file).tables
    >>> table.findings["wrong_label"]
    Finding(name='wrong_label', rows=[1], reasons=['{"reachable": []} proves \\'No\\''])

    ```
    """
    started = time.perf_counter()
    tables = open_all(sources, config, split)
    reports = [verify_table(table, progress) for table in tables]
    return VerifyReport(reports, time.perf_counter() - started)


def verify_table(table: Table, progress: Progress | None = None) -> TableReport:
    """Verifies one table, see [`verify`]."""
    checker, index, tally = checker_of(table), RowIndex(), _Tally(table.name)
    advance = start(progress, f"verifying {table.name}", table.num_rows)
    for part in table.parts:
        for rows in part.batches(checker.names):
            for row in rows:
                result = checker.check(row)
                index.add(result)
                tally.add(result)
            advance(len(rows))
    return tally.report(index, checker.title)


class _Tally:
    """Collects the results of rows."""

    def __init__(self, name: str):
        self.name, self.row = name, 0
        self.answers, self.tasks, self.sizes = Counter[str | None](), Counter[str](), set[int]()
        self.verdicts = Counter[str]()
        self.findings = {finding.name: Finding(finding.name) for finding in FINDING_TYPES}

    def add(self, result: RowResult) -> None:
        for name, reason in result.findings:
            self.findings[name].add(self.row, reason)
        self.answers[result.answer] += 1
        if result.task:
            self.tasks[result.task] += 1
            self.sizes.add(result.num_nodes)
        if result.verdict:
            self.verdicts[result.verdict] += 1
        self.row += 1

    def report(self, index: RowIndex, title: str | None) -> TableReport:
        for name, pairs in index.compare().items():
            for row, other in pairs.items():
                self.findings[name].add(row, f"as row {other}")
        return TableReport(
            self.name,
            self.row,
            self.answers["Yes"],
            self.answers["No"],
            *index.premises(),
            (min(self.sizes, default=0), max(self.sizes, default=0)),
            dict(self.tasks),
            {name: finding for name, finding in self.findings.items() if finding.rows},
            title,
            {name: self.verdicts[name] for name in VERDICTS if self.verdicts[name]},
        )


def open_all(sources: Source | Sequence[Source], config: str | None, split: str | None) -> list[Table]:
    """Opens the tables of all sources; raises before the first is verified if any of them cannot be."""
    tables = [table for source in listed(sources) for table in open_tables(source, config, split)]
    for table in tables:
        checker_of(table)
    return tables


def listed(sources: Source | Sequence[Source]) -> Sequence[Source]:
    """Returns one source as a sequence of one."""
    return [sources] if isinstance(sources, str | Path) else sources
