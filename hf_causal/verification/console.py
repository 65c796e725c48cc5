"""Prints the report of a verification."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from hf_causal.verification.finding_types import FINDING_TYPES
from hf_causal.verification.report import TableReport, VerifyReport

FIRST_ROWS = 8
"""Maximum number of row numbers that are printed for a type of finding."""
LONGEST_REASON = 300
"""Characters of a reason that are printed; a report in JSON has more."""


def print_report(report: VerifyReport) -> None:
    """Prints each table with its findings and the reasons of its first defects, and the summary."""
    console = Console(highlight=False)
    for table in report.tables:
        console.print(table.describe(), markup=False, soft_wrap=True)
        if table.findings:
            console.print(_findings(table))
        for row, reason in table.first_reasons():
            console.print(f"  row {row}: {_shorten(reason)}", markup=False, soft_wrap=True)
    console.print(report.summary(), markup=False, soft_wrap=True)


def _shorten(reason: str) -> str:
    reason = " ".join(reason.split())
    return reason if len(reason) <= LONGEST_REASON else f"{reason[:LONGEST_REASON]} …"


def _findings(report: TableReport) -> Table:
    table = Table("", "what", box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("rows", justify="right")
    table.add_column("first rows, counted from 0")
    for finding in FINDING_TYPES:
        if rows := report.rows(finding.name):
            listed = ", ".join(map(str, rows[:FIRST_ROWS])) + (" …" if len(rows) > FIRST_ROWS else "")
            table.add_row("defect" if finding.is_defect else "note", finding.name, f"{len(rows):,}", listed)
    return table
