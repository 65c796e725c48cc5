"""The form of answer that computes each term by eliminating variables, one table a line.

`Multiply B: (A, B) 00: 0.4; 01: 0.1; …` multiplies the probabilities of B in, and `Sum A: (B) 0: 0.6; 1: 0.4` sums
over the values of A. Columns may be in any order, entries of weight 0 may be left out, and any order of elimination
counts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from fractions import Fraction

from hf_causal.graphs.counterfactual_networks import Evaluation, Table, Term, evaluate_as_stated, sum_out
from hf_causal.tasks.forms import AnswerForm, Score
from hf_causal.tasks.quantities.text import Prompt
from hf_causal.tasks.shared.chances import StatedModel
from hf_causal.tasks.shared.exact_numbers import read_number, write_decimal, write_number
from hf_causal.tasks.shared.proofs import CertificateError, Proof
from hf_causal.tasks.shared.quantity_texts import Quantity, combination_of, write_unit
from hf_causal.tasks.shared.reply_lines import UnreadableReply
from hf_causal.tasks.shared.reply_numbers import read_answer
from hf_causal.tasks.shared.structured_replies import Reply
from hf_causal.tasks.shared.traces import judge_steps


def has_trace(prompt: Prompt) -> bool:
    """Returns whether the statements have every number that the elimination of each term needs."""
    with suppress(ValueError, ZeroDivisionError):
        for term in combination_of(prompt.quantity, prompt.stated.model).terms.values():
            evaluate_as_stated(prompt.stated.model.model, term)
        return True
    return False


def write_trace(prompt: Prompt, proof: Proof) -> str:
    """Writes the elimination of each term, and the answer.

    Example:

    ```python
    >>> from hf_causal.tasks.quantities.proof import prove
    >>> from hf_causal.tasks.quantities.text import parse_prompt
    >>> text = "A is 1 with probability 0.5. B is 1 with probability 0.2 if A is 0."
    >>> more = "B is 1 with probability 0.6 if A is 1. There are no hidden common causes."
    >>> question = "What is the probability that A is 1 if B is observed to be 1?"
    >>> prompt = parse_prompt(f"{text} {more} {question}")
    >>> print(write_trace(prompt, prove(prompt)))
    Term: P(A = 1 | B = 1)
    Multiply A: (A) 0: 0.5; 1: 0.5
    Multiply B: (A, B) 00: 0.4; 01: 0.1; 10: 0.2; 11: 0.3
    Value: 0.3 / 0.4 = 0.75
    Answer: 0.75

    ```
    """
    return "\n".join([*trace_lines(prompt.quantity, prompt.stated.model, prompt.stated.decimals), _answer(proof)])


def _answer(proof: Proof) -> str:
    return f"Answer: {proof.answer}"


def trace_lines(quantity: Quantity, stated: StatedModel, decimals: bool) -> list[str]:
    """Returns the lines of a trace without its answer."""
    lines = []
    for notation, term in combination_of(quantity, stated).terms.items():
        result = evaluate_as_stated(stated.model, term)
        lines.append(f"Term: {notation}")
        for step in result.steps:
            if step.columns:
                units = ", ".join(write_unit(unit, result.network, stated.names) for unit in step.units)
                columns = ", ".join(write_unit(unit, result.network, stated.names) for unit in step.columns)
                entries = "; ".join(
                    f"{''.join(map(str, values))}: {_entry(weight, step.denominator, decimals)}"
                    for values, weight in sorted(step.table.items())
                )
                lines.append(f"{'Sum' if step.sums else 'Multiply'} {units}: ({columns}) {entries}")
        lines.append(f"Value: {_quotient(result, decimals)}{write_number(result.value, decimals)}")
    return lines


def _entry(weight: int, denominator: int, decimals: bool) -> str:
    value = Fraction(weight, denominator)
    return (write_decimal(value) if decimals else None) or str(value)


def _quotient(result: Evaluation, decimals: bool) -> str:
    """Writes `0.3 / 0.4 = ` where the value is a quotient of two decimals."""
    joint, condition = write_decimal(result.joint), write_decimal(result.condition)
    has_both = decimals and result.condition != 1 and joint is not None and condition is not None
    return f"{joint} / {condition} = " if has_both else ""


def judge_trace(prompt: Prompt, reply: Reply) -> Score:
    """Judges the steps: each table must be what its step makes, and each term must have its value.

    Terms come in any order, and for each the variables in any order in which causes come first. Numbers are exact, or
    rounded to four places or more. The answer is right if it is what the values make.
    """
    true = _true_value(prompt)
    walk = TermSteps(prompt.stated.model, [prompt.quantity])

    def conclude(answer: str) -> None:
        walk.finish()
        if not _is_right(answer, true):
            raise CertificateError(f"the values do not make {answer.strip()!r:.40}")

    return judge_steps(reply, STEP.match, walk.take_step, conclude, lambda answer: _is_right(answer, true))


def _true_value(prompt: Prompt) -> tuple[Fraction, ...]:
    stated = prompt.stated.model
    combination = combination_of(prompt.quantity, stated)
    values = {name: evaluate_as_stated(stated.model, term).value for name, term in combination.terms.items()}
    return combination.value(values)


def _is_right(answer: str, true: tuple[Fraction, ...]) -> bool:
    try:
        return read_answer(answer).is_right(true) or read_answer(answer.rpartition("=")[2]).is_right(true)
    except ValueError:
        return False


class TermSteps:
    """The steps of a reply about some quantities of a model so far."""

    def __init__(self, stated: StatedModel, quantities: Sequence[Quantity]) -> None:
        self.stated = stated
        terms = [item for one in quantities for item in combination_of(one, stated).terms.items()]
        self.left = {_squeeze(name): term for name, term in terms}
        self.term: _TermWalk | None = None

    def take_step(self, line: str) -> None:
        match = STEP.fullmatch(line)
        if match is None:
            raise UnreadableReply(f"{line!r:.80} is no step 'Term: …', 'Multiply …', 'Sum …' or 'Value: …'")
        label, content = match["label"].lower(), match["content"]
        if label == "term":
            self._begin(content)
        elif self.term is None:
            raise CertificateError(f"{match['label']!r} must follow a line 'Term: …'")
        elif label == "value":
            self.term.check_value(content)
            self.term = None
        else:
            self.term.take_table(label, content)

    def _begin(self, content: str) -> None:
        if self.term is not None:
            raise CertificateError("the term before has no line 'Value: …'")
        if _squeeze(content) not in self.left:
            raise CertificateError(f"{content.strip()!r:.80} is no term that is left")
        self.term = _TermWalk(self.stated, self.left.pop(_squeeze(content)))

    def finish(self) -> None:
        """Raises [`CertificateError`] unless every term has its value."""
        if self.left or self.term is not None:
            raise CertificateError("a term has no value yet")


class _TermWalk:
    """The table of one term so far."""

    def __init__(self, stated: StatedModel, term: Term) -> None:
        self.stated, self.wanted = stated, evaluate_as_stated(stated.model, term)
        network = self.network = stated.model.network(term.worlds)
        self.unit = {_squeeze(write_unit(one, network, stated.names)): one for one in range(len(network.units))}
        self.targets = {network.place(variable) for variable, _ in (*term.given, *term.event)}
        self.needed = network.needed(list(self.targets))
        self.columns: tuple[int, ...] = ()
        self.table: Table = {(): 1}
        self.denominator = 1
        self.multiplied: set[int] = set()

    def take_table(self, label: str, content: str) -> None:
        """Takes a line `Multiply …` or `Sum …`."""
        match = _TABLE.fullmatch(content)
        if match is None:
            raise UnreadableReply(f"{content!r:.80} should be such as 'B: (A, B) 00: 0.4; 01: 0.1'")
        units, columns = self._units(match["units"]), self._units(match["columns"])
        (self._multiply if label == "multiply" else self._sum)(units)
        if set(columns) != set(self.columns) or len(columns) != len(self.columns):
            raise CertificateError(f"the columns should be ({self._write(self.columns)})")
        self._compare(columns, match["entries"])

    def _multiply(self, units: tuple[int, ...]) -> None:
        nodes = {self.network.units[unit].node for unit in units}
        if len(nodes) != 1 or not nodes.isdisjoint(self.multiplied):
            raise CertificateError("one variable is multiplied in at a time, in all worlds, and once")
        node = nodes.pop()
        if missing := set(self.needed.get(node, ())) - set(units):
            raise CertificateError(f"{self._write(missing)} must be multiplied in together with {self._write(units)}")
        sources = {source for unit in units for source in self.network.units[unit].sources if source >= 0}
        if absent := sources - set(self.columns):
            raise CertificateError(f"{self._write(units)} depends on {self._write(absent)}, which is no column")
        self.columns, self.table, scale = self.network.multiply(self.columns, self.table, units)
        self.denominator *= scale
        self.multiplied.add(node)

    def _sum(self, units: tuple[int, ...]) -> None:
        if absent := set(units) - set(self.columns):
            raise CertificateError(f"{self._write(absent)} is no column")
        if kept := set(units) & self.targets:
            raise CertificateError(f"the term is about {self._write(kept)}")
        later = [unit for node, some in self.needed.items() if node not in self.multiplied for unit in some]
        if used := set(units) & {source for unit in later for source in self.network.units[unit].sources}:
            raise CertificateError(f"a variable that is not multiplied in yet depends on {self._write(used)}")
        self.columns, self.table = sum_out(self.columns, self.table, units)

    def _compare(self, columns: tuple[int, ...], entries: str) -> None:
        """Raises [`CertificateError`] unless the entries are those of the table."""
        order = [columns.index(column) for column in self.columns]
        listed: dict[tuple[int, ...], str] = {}
        for entry in filter(str.strip, re.split(r"[;,]", entries)):
            match = _ENTRY.fullmatch(entry)
            if match is None or len(match["values"]) != len(columns):
                raise UnreadableReply(f"{entry.strip()!r:.60} is no entry such as '{'0' * len(columns)}: 0.25'")
            values = tuple(int(match["values"][index]) for index in order)
            if values in listed:
                raise CertificateError(f"the entry {match['values']!r} is listed twice")
            listed[values] = match["number"]
        for values in self.table.keys() | listed.keys():
            true = Fraction(self.table.get(values, 0), self.denominator)
            if not read_number(listed.get(values, "0")).is_right(true):
                name = "".join(str(values[order.index(index)]) for index in range(len(order)))
                raise CertificateError(f"the entry {name!r} should be {write_number(true)}")

    def check_value(self, content: str) -> None:
        """Raises [`CertificateError`] unless the table has what the term is about, and the value is right."""
        if absent := {target for target in self.targets if target >= 0} - set(self.columns):
            raise CertificateError(f"{self._write(absent)} is not multiplied in yet")
        if not _is_right(content, (self.wanted.value,)):
            raise CertificateError(f"the value should be {write_number(self.wanted.value)}")

    def _units(self, text: str) -> tuple[int, ...]:
        names = [_squeeze(name) for name in _split_names(text) if name.strip()]
        if unknown := [name for name in names if name not in self.unit]:
            raise CertificateError(f"{unknown[0]!r:.60} is no variable of the term")
        if len(set(names)) < len(names):
            raise CertificateError(f"{text.strip()!r:.60} has a variable twice")
        return tuple(self.unit[name] for name in names)

    def _write(self, units: set[int] | tuple[int, ...]) -> str:
        return ", ".join(write_unit(unit, self.network, self.stated.names) for unit in sorted(units))


def _split_names(text: str) -> list[str]:
    """Splits a text at the commas outside of brackets."""
    names, depth = [""], 0
    for mark in text:
        depth += {"[": 1, "]": -1}.get(mark, 0)
        if mark == "," and not depth:
            names.append("")
        else:
            names[-1] += mark
    return names


def _squeeze(text: str) -> str:
    """Returns a notation without blanks."""
    return "".join(text.split())


STEP = re.compile(r"(?P<label>term|multiply|sum|value)(?:\s*:\s*|\s+)(?P<content>.+)", re.IGNORECASE)
_TABLE = re.compile(r"(?P<units>[^:()]+)\s*:\s*\((?P<columns>[^()]*)\)\s*(?P<entries>.*)")
_ENTRY = re.compile(r"\s*(?P<values>[01]+)\s*[:=]\s*(?P<number>\S+|\d+ ?/ ?\d+)\s*")
STEPS = (
    "For each probability that the answer needs, write 'Term: ' with it, such as 'P(B[A = 1] = 1)' or 'P(B = 1 | A = "
    "0)', where B[A = 1] is B as it would be if A were set to 1. Begin with an empty table. 'Multiply B: (A, B) 00: "
    "0.4; 01: 0.1; 10: 0.2; 11: 0.3' multiplies the probabilities of B in, where (A, B) are the columns of the table "
    "and 00 their values; what B depends on must be a column or set. 'Sum A: (B) 0: 0.6; 1: 0.4' sums over A, if "
    "nothing that follows depends on it. A variable that two worlds need is multiplied in for both at once. 'Value: "
    "0.4' ends a term."
)
"""What asks for the steps."""

TRACE_FORM = AnswerForm(
    title="Elimination table by table",
    instruction=f"Answer step by step, with exact numbers. {STEPS} The last line is 'Answer: ' with the value.",
    labels=(),
    write=write_trace,
    judge=judge_trace,
    applies=has_trace,
    steps=True,
    token_limit=2048,
)
