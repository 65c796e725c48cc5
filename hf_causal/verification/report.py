"""What was found about tables of rows, as dataclasses that turn into JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from hf_causal.verification.finding_types import DEFECTS, KINDS

MAX_REASONS = 1000
"""Of so many rows of each kind the report keeps the reason; it keeps the numbers of all."""


@dataclass
class Finding:
    """The rows of a table about which one kind of thing was found."""

    kind: str
    rows: list[int] = field(default_factory=list)
    """Row numbers, counted from 0."""
    reasons: list[str] = field(default_factory=list)
    """Why, for the first `MAX_REASONS` of them; of a wrong label, the certificate that proves the other answer."""

    def add(self, row: int, reason: str) -> None:
        """Adds the next row."""
        self.rows.append(row)
        if len(self.reasons) < MAX_REASONS:
            self.reasons.append(reason)


@dataclass
class TableReport:
    """What was found about one file or split."""

    name: str
    num_rows: int = 0
    num_yes: int = 0
    num_no: int = 0
    num_premises: int = 0
    """Different premises among the rows that could be read, whatever the order of their sentences."""
    max_rows_per_premise: int = 0
    num_nodes: tuple[int, int] = (0, 0)
    """The fewest and the most nodes of a premise."""
    grammars: dict[str, int] = field(default_factory=dict)
    """From the name of a grammar to the number of rows that were read in it."""
    findings: dict[str, Finding] = field(default_factory=dict)
    """By kind, in the order of `KINDS`."""

    def rows(self, kind: str) -> list[int]:
        """The numbers of the rows with a kind of finding."""
        return self.findings[kind].rows if kind in self.findings else []

    @property
    def defective_rows(self) -> list[int]:
        """The numbers of the rows with any defect."""
        return sorted({row for kind in DEFECTS for row in self.rows(kind)})

    @property
    def is_clean(self) -> bool:
        """Whether there is no defect; notes may be there."""
        return not any(self.rows(kind) for kind in DEFECTS)

    @property
    def has_notes(self) -> bool:
        """Whether anything was found that is no defect."""
        return any(kind not in DEFECTS for kind in self.findings)

    def describe(self) -> str:
        """The facts of the table on one line."""
        labelled = self.num_yes + self.num_no
        premises = f"{self.num_premises:,} different premise{'s' if self.num_premises != 1 else ''}"
        if self.num_nodes[1]:  # a grammar without graphs has none to count
            premises += f" of {'–'.join(map(str, dict.fromkeys(self.num_nodes)))} nodes"
        return (
            f"{self.name}: {self.num_rows:,} rows ({', '.join(self.grammars) or 'no grammar'}), "
            f"{self.num_yes / max(labelled, 1):.1%} Yes, {premises}, "
            f"at most {self.max_rows_per_premise:,} rows a premise"
        )

    def first_proofs(self, most: int = 3) -> list[tuple[int, str]]:
        """Some wrong labels with the certificates that prove the other answer."""
        wrong = self.findings.get("wrong_label", Finding("wrong_label"))
        return list(zip(wrong.rows, wrong.reasons, strict=False))[:most]

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        findings = {
            kind.name: {"is_defect": kind.is_defect, "count": len(self.rows(kind.name))}
            | {name: value for name, value in asdict(self.findings[kind.name]).items() if name != "kind"}
            for kind in KINDS
            if kind.name in self.findings
        }
        defective = self.defective_rows
        return asdict(self) | {"is_clean": not defective, "num_defective_rows": len(defective), "findings": findings}


@dataclass
class VerifyReport:
    """What was found about all tables of a call."""

    tables: list[TableReport]
    seconds: float = 0.0

    @property
    def num_rows(self) -> int:
        """Rows of all tables."""
        return sum(table.num_rows for table in self.tables)

    @property
    def is_clean(self) -> bool:
        """Whether no table has a defect."""
        return all(table.is_clean for table in self.tables)

    @property
    def has_notes(self) -> bool:
        """Whether anything was found that is no defect."""
        return any(table.has_notes for table in self.tables)

    def summary(self) -> str:
        """One line."""
        defective = sum(len(table.defective_rows) for table in self.tables)
        tables = f"{len(self.tables)} table{'s' if len(self.tables) != 1 else ''}"
        rows = f"{self.num_rows:,} rows in {tables}, {self.num_rows / max(self.seconds, 1e-9):,.0f} a second"
        found = {0: "no defects", 1: "1 row has defects"}.get(defective, f"{defective:,} rows have defects")
        return f"{rows}: {found}."

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "is_clean": self.is_clean,
            "num_rows": self.num_rows,
            "seconds": round(self.seconds, 3),
            "tables": [table.to_dict() for table in self.tables],
        }
