"""Checks and corrects the rows of a table: by the grammars of the tasks, or by the adapter of a published data set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from hf_causal.verification.adapters import Adapter, Judgement, adapter_of_table
from hf_causal.verification.checks.row import RowResult, check_row
from hf_causal.verification.finding_types import FINDING_OF_VERDICT
from hf_causal.verification.io import BrokenRow, Columns, Row, Table, spell


class Checker(Protocol):
    """Checks and corrects rows."""

    @property
    def names(self) -> Sequence[str] | None:
        """The columns that are needed; `None` for all."""

    @property
    def title(self) -> str | None:
        """The data set, if it is a published one that an adapter reads."""

    def check(self, row: Row) -> RowResult:
        """Returns the findings about a row."""

    def correct(self, row: dict[str, Any], result: RowResult, examples: Mapping[str, Any]) -> list[str]:
        """Corrects a row in place, and returns what was changed."""


@dataclass(frozen=True)
class TaskChecker:
    """Checks rows with a text of one of the tasks, a label and perhaps a certificate."""

    columns: Columns
    title: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns."""
        return self.columns.names

    def check(self, row: Row) -> RowResult:
        """See [`check_row`]."""
        return check_row(row, self.columns)

    def correct(self, row: dict[str, Any], result: RowResult, examples: Mapping[str, Any]) -> list[str]:
        """Replaces a wrong label, in the spelling of the file, and a certificate that does not prove the label."""
        columns, proof = self.columns, result.proof
        if proof is None:
            return []
        if proof.answer in _YES_NO:
            changes = _correct_labels(row, columns, proof.answer, examples)
        else:
            changes = _correct_other_answer(row, columns, result, proof.answer)
        if changes:
            result = check_row(row, columns)
        if columns.certificate and "wrong_certificate" in dict(result.findings):
            row[columns.certificate] = proof.certificate
            changes.append(f"{columns.certificate} replaced")
        return changes


def _correct_labels(row: dict[str, Any], columns: Columns, answer: str, examples: Mapping[str, Any]) -> list[str]:
    changes = []
    for column in columns.labels:
        label = row.get(column)
        # A second label column may be empty, the first may not.
        if columns.answer(row, column) != answer and not (label is None and column != columns.label):
            example = examples[column] if label is None else label
            row[column] = spell(answer, example, columns.classes.get(column, ()))
            changes.append(f"{column}: {label!r} -> {row[column]!r}")
    return changes


def _correct_other_answer(row: dict[str, Any], columns: Columns, result: RowResult, answer: str) -> list[str]:
    """Replaces an answer other than Yes and No; one in a column of numbers stays as it is, and is marked."""
    label = row.get(columns.label)
    if not isinstance(label, str | None) or not {"wrong_label", "unreadable_label"} & dict(result.findings).keys():
        return []
    row[columns.label] = answer
    return [f"{columns.label}: {label!r} -> {answer!r}"]


@dataclass(frozen=True)
class AdapterChecker:
    """Checks rows of a published data set by its adapter."""

    adapter: Adapter
    names: Sequence[str] | None = None

    @property
    def title(self) -> str:
        """The name of the data set."""
        return self.adapter.title

    def check(self, row: Row) -> RowResult:
        """Returns the verdict on a row as a finding."""
        if isinstance(row, BrokenRow):
            return RowResult(None, findings=[("unreadable_row", row.reason)], verdict="unreadable")
        judgement = self.adapter.verdict(row)
        result = RowResult(None, verdict=judgement.verdict)
        if question := judgement.question:
            result.text, result.task = question.text, question.topic
            result.answer = answer if len(question.stated) == 1 and (answer := question.stated[0]) in _YES_NO else None
        if finding := FINDING_OF_VERDICT.get(judgement.verdict):
            result.findings.append((finding, f"{judgement.reason:.1000}"))
        return result

    def correct(self, row: dict[str, Any], result: RowResult, examples: Mapping[str, Any]) -> list[str]:
        """Writes the right answer in the way of the data set."""
        judgement: Judgement = self.adapter.verdict(row)
        if not judgement.correction or judgement.question is None:
            return []
        changed = self.adapter.write(row, judgement.question, judgement.correction)
        changes = [f"{name}: {row[name]!r} -> {value!r}" for name, value in changed.items() if row[name] != value]
        row.update(changed)
        return changes


_YES_NO = ("Yes", "No")


def checker_of(table: Table) -> Checker:
    """Returns what checks the rows of a table: an adapter, where one recognizes its first row.

    Raises:
        `ValueError`: If no adapter does, and the table has no columns for a text and a label, or no rows.
    """
    adapter = adapter_of_table(table)
    return AdapterChecker(adapter) if adapter else TaskChecker(table.columns)
