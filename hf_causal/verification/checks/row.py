"""Checks one row against its own text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from hf_causal.scoring import score
from hf_causal.tasks.proving import check_certificate, check_columns, read
from hf_causal.tasks.shared.proofs import ParsedPrompt, Proof
from hf_causal.tasks.shared.schema import FEEDBACK_STRUCTURES
from hf_causal.tasks.task import Task
from hf_causal.verification.checks.premise import premise_facts
from hf_causal.verification.io import BrokenRow, Columns, Row

_MEANT = ("cyclic_premise", "self_loop", "self_question")
"""Findings that are no defects where a row's `structure` says that its statements have feedback."""


@dataclass(slots=True)
class RowResult:
    """The result of the checks of one row."""

    text: str | None
    """The prompt, if the row has one."""
    answer: str | None = None
    """The answer of the label: Yes, No, or that of a task with other answers."""
    proof: Proof | None = None
    """The exact answer to the text, with its certificate."""
    task: str | None = None
    findings: list[tuple[str, str]] = field(default_factory=list)
    """Pairs of finding type and reason."""
    premise_key: int | None = None
    """Hash of the statements, independent of their order, if the prompt could be read."""
    question_key: int | None = None
    """Hash of the statements and the question."""
    num_nodes: int = 0
    verdict: str | None = None
    """The verdict, one of `adapters.VERDICTS`."""


def check_row(row: Row, columns: Columns) -> RowResult:
    """Proves or refutes a row.

    Args:
        row (`dict` or [`BrokenRow`]): As `hf_causal.verification.io` reads it.
        columns ([`Columns`]): The columns of the text, the labels and the certificate.

    Returns:
        [`RowResult`]: Its findings are those that need no other row.
    """
    if isinstance(row, BrokenRow):
        return RowResult(None, findings=[("unreadable_row", row.reason)], verdict="unreadable")
    texts = columns.texts(row)
    if texts is None:
        got = ", ".join(f"`{column}` {row.get(column)!r:.80}" for column in columns.text)
        return RowResult(
            None, findings=[("unreadable_row", f"the text must be a string, got {got}")], verdict="unreadable"
        )
    result = RowResult(" ".join(texts), columns.answer(row, columns.label))
    try:
        task, prompt = read(*texts)
        if not task.is_yes_no:
            result.answer = _open_answer(row, columns)
        result.findings += _label_findings(row, columns, result.answer)
        proof = task.prove(prompt)
    except ValueError as error:
        result.findings = [
            *_label_findings(row, columns, result.answer),
            ("unreadable_row", f"{error!s:.500}"),
        ]
        result.verdict = "unreadable"
        return result
    result.task, result.proof = task.name, proof
    right = result.answer is not None and _is_right(result.answer, proof, task, prompt)
    result.verdict = "proved" if right else "refuted" if result.answer else "unreadable"
    if result.answer is not None and not right:
        result.findings.append(("wrong_label", f"{proof.certificate} proves {proof.answer!r}"))
    _check_graph(result, task, prompt)
    if columns.structure and row.get(columns.structure) in FEEDBACK_STRUCTURES:
        result.findings = [finding for finding in result.findings if finding[0] not in _MEANT]
    result.findings += _column_findings(row, columns, result.answer, task, prompt)
    return result


def _open_answer(row: dict[str, Any], columns: Columns) -> str | None:
    """Returns the label of a row of a task with other answers than Yes and No, as text."""
    label = row.get(columns.label)
    if isinstance(label, bool) or not isinstance(label, str | int | float | Decimal):
        return None
    return str(label).strip() or None


def _is_right(answer: str, proof: Proof, task: Task, prompt: ParsedPrompt) -> bool:
    if answer == proof.answer or task.is_yes_no:
        return answer == proof.answer
    return score(answer, {"prompt": str(prompt)}, task.answer_form).value == 1.0


def _label_findings(row: dict[str, Any], columns: Columns, answer: str | None) -> Iterator[tuple[str, str]]:
    if answer is None:
        yield "unreadable_label", f"`{columns.label}` is {row.get(columns.label)!r:.80}"
    other = columns.second_label
    if other and row.get(other) is not None and columns.answer(row, other) != answer:
        first = row.get(columns.label)
        yield "contradictory_columns", f"`{columns.label}` is {first!r:.80}, `{other}` is {row[other]!r:.80}"


def _check_graph(result: RowResult, task: Task, prompt: ParsedPrompt) -> None:
    """Checks the stated graph and the nodes of the question, and sets the keys of premise and question."""
    facts = task.facts(prompt)
    if facts.edges is None:
        result.premise_key = hash(prompt.premise)
        result.question_key = hash((task.name, prompt.premise, prompt.question_text))
        return
    premise = premise_facts(facts.edges)
    result.premise_key, result.num_nodes = premise.key, len(premise.nodes)
    result.question_key = hash((task.name, premise.key, facts.question, frozenset(facts.given)))
    result.findings += premise.findings
    if len(set(facts.question)) < len(facts.question) or not set(facts.question).isdisjoint(facts.given):
        result.findings.append(("self_question", prompt.question_text))
    if absent := set(facts.question + facts.given) - premise.nodes:
        result.findings.append(("absent_node", ", ".join(sorted(absent))))


def _column_findings(
    row: dict[str, Any], columns: Columns, answer: str | None, task: Task, prompt: ParsedPrompt
) -> Iterator[tuple[str, str]]:
    if columns.parts:
        try:
            check_columns(row, task, prompt)
        except ValueError as error:
            yield "contradictory_columns", str(error)
    if columns.certificate and answer is not None:
        try:
            check_certificate(row.get(columns.certificate), answer, task, prompt)
        except ValueError as error:
            yield "wrong_certificate", str(error)
