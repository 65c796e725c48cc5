"""The forms of answer with a proof and with a trace."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from hf_causal.tasks.forms import AnswerForm, Score
from hf_causal.tasks.relevance_semantics.proof import check, prove
from hf_causal.tasks.relevance_semantics.text import Prompt
from hf_causal.tasks.relevance_semantics.trace import TRACE_FORM
from hf_causal.tasks.shared.judging import judge_lines
from hf_causal.tasks.shared.proofs import Proof
from hf_causal.tasks.shared.reply_assignments import read_assignments, write_assignments
from hf_causal.tasks.shared.structured_replies import Reply, write_nodes

_LABELS = {
    ("graphical", "Yes"): ("Path",),
    ("graphical", "No"): ("Reached",),
    ("probabilistic", "Yes"): ("Held", "Probabilities"),
    ("probabilistic", "No"): ("Probabilities",),
    ("deterministic", "Yes"): ("Coins", "Held", "Values"),
    ("deterministic", "No"): ("Unchanged",),
}
"""The lines of a proof by notion and answer."""


def write_proof(prompt: Prompt, proof: Proof) -> str:
    """Writes the answer with the lines of its proof.

    Example:

    ```python
    >>> from hf_causal.tasks.relevance_semantics.text import parse_prompt
    >>> text = "u is a fair coin. A is never 1. B depends on A and u: it is 1 for 01 and 10."
    >>> prompt = parse_prompt(f"{text} Can setting A ever change B if perhaps further variables are held fixed?")
    >>> print(write_proof(prompt, prove(prompt)))
    Yes
    Coins: u = 0
    Held: none
    Values: 0, 1

    ```
    """
    certificate = json.loads(proof.certificate)
    lines = [
        f"{label}: {_write(prompt, label, certificate[label.lower()])}"
        for label in _LABELS[prompt.notion, proof.answer]
    ]
    return "\n".join([proof.answer, *lines])


def _write(prompt: Prompt, label: str, content: Any) -> str:
    if label == "Path":
        return " -> ".join(content)
    if label == "Reached":
        return write_nodes(content, _names(prompt))
    if isinstance(content, Mapping):
        return write_assignments({key or "all": value for key, value in content.items()})
    return ", ".join(map(str, content)) if isinstance(content, list) else str(content)


def _names(prompt: Prompt) -> frozenset[str]:
    return frozenset(prompt.numbered.names)


def judge_proof(prompt: Prompt, reply: Reply) -> Score:
    """Judges the answer with the lines of its proof: every valid proof counts."""
    labels = {answer: _LABELS[prompt.notion, answer] for answer in ("Yes", "No")}

    def check_fields(answer: str) -> Iterator[str]:
        certificate = {}
        for label in labels[answer]:
            yield label
            certificate[label.lower()] = _read(prompt, answer, label, reply)
        check(prompt, answer, certificate)

    return judge_lines(reply, labels, check_fields, lambda: prove(prompt).answer)


def _read(prompt: Prompt, answer: str, label: str, reply: Reply) -> Any:
    if label == "Path":
        return reply.path(label, _names(prompt))
    if label == "Reached":
        return reply.nodes(label, _names(prompt))
    content = reply.content(label).strip(" .")
    if label == "Unchanged":
        return int(content) if content.isdecimal() and len(content) < 20 else content
    if label in ("Coins", "Held"):
        return {key: int(value) if value in ("0", "1") else value for key, value in read_assignments(content).items()}
    if label == "Probabilities" and answer == "No":
        pairs = read_assignments(content)
        return {"" if key.lower() == "all" and not prompt.held else key: one for key, one in pairs.items()}
    items = [item.strip() for item in re.split(r"[,;]", content)]
    return [int(item) if item in ("0", "1") else item for item in items] if label == "Values" else items


FORMS = {
    "proof": AnswerForm(
        title="Yes/No with a proof",
        instruction=(
            "Answer with a proof: write 'Yes' or 'No' first. About a causal path, write 'Path: ' with it, such as 'A "
            "-> C', or 'Reached: ' with all other variables that paths from the first one lead to without what is "
            "held fixed, or 'none'. About a probability, write 'Held: ' with values of what is held fixed, such as 'B "
            "= 0', or 'none', and 'Probabilities: ' with the two probabilities that differ, for 0 first; or, if none "
            "do, 'Probabilities: ' with that for each combination of values of what is held fixed, such as '0 = 1/2, "
            "1 = 3/4', or 'all = 1/2' if nothing is. About any change, write 'Coins: ' with their outcomes, such as "
            "'u = 0', 'Held: ' with values of all that is held fixed, and 'Values: ' with both values, for 0 first; "
            "or 'Unchanged: ' with the number of combinations of outcomes, of values of what is held fixed, and of "
            "further variables, each of which is 0, 1 or not held."
        ),
        labels=("Path", "Reached", "Held", "Probabilities", "Coins", "Values", "Unchanged"),
        write=write_proof,
        judge=judge_proof,
    ),
    "trace": TRACE_FORM,
}
"""Forms of answer in addition to Yes/No."""
