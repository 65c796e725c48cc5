"""The report of a verification on the terminal."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from hf_causal.verification.finding_types import KINDS
from hf_causal.verification.report import TableReport, VerifyReport

FIRST_ROWS = 8
"""Row numbers that are shown of each kind."""


def print_report(report: VerifyReport) -> None:
    """Prints the facts of each table, what was found in it, some proofs against its labels, and the summary."""
    console = Console(highlight=False)
    for found in report.tables:
        console.print(found.describe(), markup=False, soft_wrap=True)
        if found.findings:
            console.print(_findings(found))
        for row, reason in found.first_proofs():
            console.print(f"  row {row}: {reason}", markup=False, soft_wrap=True)
    console.print(report.summary(), markup=False, soft_wrap=True)


def _findings(found: TableReport) -> Table:
    table = Table("", "what", box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("rows", justify="right")
    table.add_column("first rows, counted from 0")
    for kind in KINDS:
        if rows := found.rows(kind.name):
            listed = ", ".join(map(str, rows[:FIRST_ROWS])) + (" …" if len(rows) > FIRST_ROWS else "")
            table.add_row("defect" if kind.is_defect else "note", kind.name, f"{len(rows):,}", listed)
    return table
