"""The findings about tables of rows, as dataclasses that become JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from hf_causal.verification.finding_types import DEFECTS, FINDING_TYPES

MAX_REASONS = 1000
"""Maximum number of reasons that a finding keeps; it keeps the row numbers of all."""


@dataclass
class Finding:
    """The rows of a table with one type of finding."""

    name: str
    """One of `FINDING_TYPES`."""
    rows: list[int] = field(default_factory=list)
    """Row numbers, counted from 0."""
    reasons: list[str] = field(default_factory=list)
    """Reasons of the first `MAX_REASONS` rows; for a wrong label, the certificate that proves the other answer."""

    def add(self, row: int, reason: str) -> None:
        """Adds the next row."""
        self.rows.append(row)
        if len(self.reasons) < MAX_REASONS:
            self.reasons.append(reason)


@dataclass
class TableReport:
    """The findings about one file or split."""

    name: str
    num_rows: int = 0
    num_yes: int = 0
    num_no: int = 0
    num_premises: int = 0
    """Distinct premises of the rows that could be read, independent of the order of their sentences."""
    max_rows_per_premise: int = 0
    num_nodes: tuple[int, int] = (0, 0)
    """The fewest and the most nodes of a premise."""
    tasks: dict[str, int] = field(default_factory=dict)
    """From the name of a task to the number of its rows."""
    findings: dict[str, Finding] = field(default_factory=dict)
    """By type, in the order of `FINDING_TYPES`."""
    dataset: str | None = None
    """The published data set whose format the table has, if an adapter reads it."""
    verdicts: dict[str, int] = field(default_factory=dict)
    """From verdict to its number of rows, in the order of `adapters.VERDICTS`."""

    def rows(self, name: str) -> list[int]:
        """Returns the numbers of the rows with a type of finding."""
        return self.findings[name].rows if name in self.findings else []

    @property
    def defective_rows(self) -> list[int]:
        """The numbers of the rows with any defect."""
        return sorted({row for name in DEFECTS for row in self.rows(name)})

    @property
    def is_clean(self) -> bool:
        """Whether the table has no defect; it may have notes."""
        return not any(self.rows(name) for name in DEFECTS)

    @property
    def has_notes(self) -> bool:
        """Whether the table has findings that are not defects."""
        return any(name not in DEFECTS for name in self.findings)

    def describe(self) -> str:
        """Describes the table in one line."""
        if self.dataset:
            counts = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in self.verdicts.items())
            return f"{self.name}: {self.num_rows:,} rows of {self.dataset}: {counts}"
        labelled = self.num_yes + self.num_no
        premises = f"{self.num_premises:,} different premise{'s' if self.num_premises != 1 else ''}"
        if self.num_nodes[1]:  # a task without graphs has no nodes
            premises += f" of {'–'.join(map(str, dict.fromkeys(self.num_nodes)))} nodes"
        # Rows of tasks with other answers than Yes and No have no share of Yes.
        yes = f"{self.num_yes / max(labelled, 1):.1%} Yes, " if labelled or not self.tasks else ""
        return (
            f"{self.name}: {self.num_rows:,} rows ({', '.join(self.tasks) or 'no task'}), {yes}{premises}, "
            f"at most {self.max_rows_per_premise:,} rows a premise"
        )

    def first_reasons(self, limit: int = 3) -> list[tuple[int, str]]:
        """Returns the first defects of each type, as row number and reason; equal pairs are left out."""
        defects = [finding for name, finding in self.findings.items() if name in DEFECTS]
        pairs = [
            pair for finding in defects for pair in list(zip(finding.rows, finding.reasons, strict=False))[:limit]
        ]
        return list(dict.fromkeys(pairs))

    def to_dict(self) -> dict[str, Any]:
        """Returns the report as JSON stores it."""
        findings = {
            finding.name: {"is_defect": finding.is_defect, "count": len(self.rows(finding.name))}
            | {key: value for key, value in asdict(self.findings[finding.name]).items() if key != "name"}
            for finding in FINDING_TYPES
            if finding.name in self.findings
        }
        defective = self.defective_rows
        return asdict(self) | {"is_clean": not defective, "num_defective_rows": len(defective), "findings": findings}


@dataclass
class VerifyReport:
    """The findings about all tables of a call."""

    tables: list[TableReport]
    seconds: float = 0.0

    @property
    def num_rows(self) -> int:
        """Number of rows of all tables."""
        return sum(table.num_rows for table in self.tables)

    @property
    def is_clean(self) -> bool:
        """Whether no table has a defect."""
        return all(table.is_clean for table in self.tables)

    @property
    def has_notes(self) -> bool:
        """Whether any table has findings that are not defects."""
        return any(table.has_notes for table in self.tables)

    def summary(self) -> str:
        """Summarizes all tables in one line."""
        defective = sum(len(table.defective_rows) for table in self.tables)
        tables = f"{len(self.tables)} table{'s' if len(self.tables) != 1 else ''}"
        rows = f"{self.num_rows:,} rows in {tables}, {self.num_rows / max(self.seconds, 1e-9):,.0f} a second"
        defects = {0: "no defects", 1: "1 row has defects"}.get(defective, f"{defective:,} rows have defects")
        return f"{rows}: {defects}."

    def to_dict(self) -> dict[str, Any]:
        """Returns the report as JSON stores it."""
        return {
            "is_clean": self.is_clean,
            "num_rows": self.num_rows,
            "seconds": round(self.seconds, 3),
            "tables": [table.to_dict() for table in self.tables],
        }
