"""Verifying tables of rows: each row by itself, and then against all others."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from hf_causal.utils.progress import Progress
from hf_causal.verification.finding_types import KINDS
from hf_causal.verification.io import Table, open_tables
from hf_causal.verification.report import Finding, TableReport, VerifyReport
from hf_causal.verification.row_index import Ledger
from hf_causal.verification.rows import Verdict, judge

Source = str | Path


def verify(
    sources: Source | Sequence[Source],
    config: str | None = None,
    split: str | None = None,
    progress: Progress | None = None,
) -> VerifyReport:
    """Proves or refutes every row of files, folders or data sets on the Hub from the rows' own text.

    Rows are read in batches; of each 25 bytes are remembered, and about as many more are needed to compare them.

    Args:
        sources (`str`, `Path` or a sequence of them): What [`~hf_causal.verification.io.open_tables`] opens.
        config, split (`str`, *optional*): Only this config and split, of folders and data sets on the Hub.
        progress (callable, *optional*): See [`Progress`].

    Returns:
        [`VerifyReport`]: With one [`TableReport`] for each file or split.

    Raises:
        `FileNotFoundError`: If a source does not exist.
        `ValueError`: If a source is of no known format or lacks columns for a text and a label.

    Example:

    ```python
    >>> import pathlib, tempfile
    >>> file = pathlib.Path(tempfile.mkdtemp(), "mine.csv")
    >>> _ = file.write_text("prompt,completion\\nA causes B. Does A cause B?,Yes\\nA causes B. Does B cause A?,Yes\\n")
    >>> table, = verify(file).tables
    >>> table.findings["wrong_label"]
    Finding(kind='wrong_label', rows=[1], reasons=['{"reachable": []} proves \\'No\\''])

    ```
    """
    started = time.perf_counter()
    tables = open_all(sources, config, split)
    reports = [verify_table(table, progress) for table in tables]
    return VerifyReport(reports, time.perf_counter() - started)


def verify_table(table: Table, progress: Progress | None = None) -> TableReport:
    """Verifies one table, see [`verify`]."""
    columns, ledger, tally = table.columns, Ledger(), _Tally(table.name)
    told = progress(f"verifying {table.name}", table.num_rows) if progress else None
    for part in table.parts:
        for rows in part.batches(columns.names):
            for row in rows:
                verdict = judge(row, columns)
                ledger.add(verdict)
                tally.add(verdict)
            if told:
                told(len(rows))
    return tally.report(ledger)


class _Tally:
    """Counts verdicts as they come."""

    def __init__(self, name: str):
        self.name, self.row = name, 0
        self.answers, self.grammars, self.sizes = Counter[str | None](), Counter[str](), set[int]()
        self.findings = {kind.name: Finding(kind.name) for kind in KINDS}

    def add(self, verdict: Verdict) -> None:
        for kind, reason in verdict.findings:
            self.findings[kind].add(self.row, reason)
        self.answers[verdict.answer] += 1
        if verdict.grammar:
            self.grammars[verdict.grammar] += 1
            self.sizes.add(verdict.num_nodes)
        self.row += 1

    def report(self, ledger: Ledger) -> TableReport:
        for kind, pairs in ledger.compare().items():
            for row, other in pairs.items():
                self.findings[kind].add(row, f"as row {other}")
        return TableReport(
            self.name,
            self.row,
            self.answers["Yes"],
            self.answers["No"],
            *ledger.premises(),
            (min(self.sizes, default=0), max(self.sizes, default=0)),
            dict(self.grammars),
            {kind: finding for kind, finding in self.findings.items() if finding.rows},
        )


def open_all(sources: Source | Sequence[Source], config: str | None, split: str | None) -> list[Table]:
    """The tables of all sources; one that cannot be verified is an error before an hour has gone into the others."""
    tables = [table for source in listed(sources) for table in open_tables(source, config, split)]
    for table in tables:
        _ = table.columns
    return tables


def listed(sources: Source | Sequence[Source]) -> Sequence[Source]:
    """One source as a sequence of one."""
    return [sources] if isinstance(sources, str | Path) else sources
