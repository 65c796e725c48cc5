"""Everything that one row's own text proves or refutes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from hf_causal.tasks.proving import check_certificate, check_columns, read
from hf_causal.tasks.shared.proofs import ParsedPrompt, Proof
from hf_causal.tasks.task import Task
from hf_causal.verification.io import BrokenRow, Columns, Row
from hf_causal.verification.premises import premise_facts


@dataclass(slots=True)
class Verdict:
    """What was found about a row."""

    text: str | None
    """The prompt, where the row has one."""
    answer: str | None = None
    """What the label says."""
    proof: Proof | None = None
    """What the text proves."""
    grammar: str | None = None
    findings: list[tuple[str, str]] = field(default_factory=list)
    """(kind, reason) pairs."""
    premise_key: int | None = None
    """The same for the same statements in any order, where the prompt could be read."""
    question_key: int | None = None
    """The same for the same statements and question."""
    num_nodes: int = 0


def judge(row: Row, columns: Columns) -> Verdict:
    """Proves or refutes a row.

    Args:
        row (`dict` or [`BrokenRow`]): As `hf_causal.verification.io` reads it.
        columns ([`Columns`]): Which columns hold what.

    Returns:
        [`Verdict`]: Whose findings are those that need no other row.
    """
    if isinstance(row, BrokenRow):
        return Verdict(None, findings=[("unreadable_row", row.reason)])
    texts = columns.texts(row)
    if texts is None:
        got = ", ".join(f"`{column}` {row.get(column)!r:.80}" for column in columns.text)
        return Verdict(None, findings=[("unreadable_row", f"the text must be a string, got {got}")])
    verdict = Verdict(" ".join(texts), columns.answer(row, columns.label))
    verdict.findings += _label_findings(row, columns, verdict.answer)
    try:
        grammar, prompt = read(*texts)
        proof = grammar.prove(prompt)
    except ValueError as error:
        verdict.findings.append(("unreadable_row", f"{error!s:.500}"))
        return verdict
    verdict.grammar, verdict.proof = grammar.name, proof
    if verdict.answer is not None and verdict.answer != proof.answer:
        verdict.findings.append(("wrong_label", f"{proof.certificate} proves {proof.answer!r}"))
    _look_at_facts(verdict, grammar, prompt)
    verdict.findings += _column_findings(row, columns, verdict.answer, grammar, prompt)
    return verdict


def _label_findings(row: dict[str, Any], columns: Columns, answer: str | None) -> Iterator[tuple[str, str]]:
    if answer is None:
        yield "unreadable_label", f"`{columns.label}` is {row.get(columns.label)!r:.80}"
    other = columns.second_label
    if other and row.get(other) is not None and columns.answer(row, other) != answer:
        first = row.get(columns.label)
        yield "contradictory_columns", f"`{columns.label}` is {first!r:.80}, `{other}` is {row[other]!r:.80}"


def _look_at_facts(verdict: Verdict, grammar: Task, prompt: ParsedPrompt) -> None:
    facts = grammar.facts(prompt)
    if facts.edges is None:
        verdict.premise_key = hash(prompt.premise)
        verdict.question_key = hash((grammar.name, prompt.premise, prompt.question_text))
        return
    premise = premise_facts(facts.edges)
    verdict.premise_key, verdict.num_nodes = premise.key, len(premise.nodes)
    verdict.question_key = hash((grammar.name, premise.key, facts.question, frozenset(facts.given)))
    verdict.findings += premise.findings
    if len(set(facts.question)) < len(facts.question) or not set(facts.question).isdisjoint(facts.given):
        verdict.findings.append(("self_question", prompt.question_text))
    if absent := set(facts.question + facts.given) - premise.nodes:
        verdict.findings.append(("absent_node", ", ".join(sorted(absent))))


def _column_findings(
    row: dict[str, Any], columns: Columns, answer: str | None, grammar: Task, prompt: ParsedPrompt
) -> Iterator[tuple[str, str]]:
    if columns.parts:
        try:
            check_columns(row, grammar, prompt)
        except ValueError as error:
            yield "contradictory_columns", str(error)
    if columns.certificate and answer is not None:
        try:
            check_certificate(row.get(columns.certificate), answer, grammar, prompt)
        except ValueError as error:
            yield "wrong_certificate", str(error)
