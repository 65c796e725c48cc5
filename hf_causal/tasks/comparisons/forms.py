"""Forms of answer to comparisons, in addition to Yes/No."""

from __future__ import annotations

import json
from collections.abc import Iterator

from hf_causal.tasks.comparisons.proof import check, prove
from hf_causal.tasks.comparisons.text import Prompt
from hf_causal.tasks.forms import AnswerForm, Score
from hf_causal.tasks.quantities.forms import read_terms, write_pairs
from hf_causal.tasks.quantities.trace import STEP, STEPS, TermSteps, trace_lines
from hf_causal.tasks.shared.judging import judge_lines
from hf_causal.tasks.shared.proofs import CertificateError, Proof
from hf_causal.tasks.shared.quantity_texts import combination_of
from hf_causal.tasks.shared.structured_replies import Reply
from hf_causal.tasks.shared.traces import judge_steps

_LABELS = ("First", "Second")


def write_proof(prompt: Prompt, proof: Proof) -> str:
    """Writes the answer with the terms of each quantity.

    Example:

    ```python
    >>> from hf_causal.tasks.comparisons.text import parse_prompt
    >>> text = "A is 1 with probability 0.5. B is 1 with probability 0.2 if A is 0."
    >>> more = "B is 1 with probability 0.6 if A is 1. There are no hidden common causes."
    >>> prompt = parse_prompt(f"{text} {more} Is the average treatment effect of A on B larger than 0.5?")
    >>> print(write_proof(prompt, prove(prompt)))
    No
    First: P(B[A = 1] = 1) = 0.6; P(B[A = 0] = 1) = 0.2

    ```
    """
    certificate = json.loads(proof.certificate)
    lines = [
        f"{label}: {write_pairs(certificate[label.lower()])}" for label in _LABELS if label.lower() in certificate
    ]
    return "\n".join([proof.answer, *lines])


def judge_proof(prompt: Prompt, reply: Reply) -> Score:
    """Judges the answer with the terms of each quantity."""
    labels, stated = _LABELS[: len(prompt.quantities)], prompt.stated.model

    def check_fields(answer: str) -> Iterator[str]:
        certificate = {}
        for label, quantity in zip(labels, prompt.quantities, strict=True):
            yield label
            terms = combination_of(quantity, stated).terms
            certificate[label.lower()] = read_terms(terms, reply.content(label))
        check(prompt, answer, certificate)

    return judge_lines(reply, dict.fromkeys(("Yes", "No"), labels), check_fields, lambda: prove(prompt).answer)


def write_trace(prompt: Prompt, proof: Proof) -> str:
    """Writes the elimination of each term, and the answer; a term that both quantities have comes once."""
    stated = prompt.stated
    blocks = dict.fromkeys(
        block
        for quantity in prompt.quantities
        for block in "\n".join(trace_lines(quantity, stated.model, stated.decimals)).split("\nTerm")
    )
    text = "\n".join(block if block.startswith("Term") else f"Term{block}" for block in _distinct(blocks))
    return f"{text}\nAnswer: {proof.answer}"


def _distinct(blocks: dict[str, None]) -> Iterator[str]:
    """Yields blocks without those that are there with `Term` in front."""
    seen = set[str]()
    for block in blocks:
        content = block.removeprefix("Term")
        if content not in seen:
            seen.add(content)
            yield block


def judge_trace(prompt: Prompt, reply: Reply) -> Score:
    """Judges the steps as those of a quantity; the answer must be the right one."""
    right, walk = prove(prompt).answer, TermSteps(prompt.stated.model, prompt.quantities)

    def conclude(answer: str) -> None:
        walk.finish()
        if answer != right:
            raise CertificateError(f"the values do not make {answer!r}")

    return judge_steps(reply, STEP.match, walk.take_step, conclude, right)


FORMS = {
    "proof": AnswerForm(
        title="Yes/No with a proof",
        instruction=(
            "Answer with a proof, with exact numbers. First write 'Yes' or 'No', then 'First: ' with the "
            "probabilities that make the first quantity, such as 'P(B[A = 1] = 1) = 0.6; P(B[A = 0] = 1) = 0.2', "
            "where B[A = 1] is B as it would be if A were set to 1, and 'Second: ' with those of the second quantity, "
            "unless it is a number."
        ),
        labels=_LABELS,
        write=write_proof,
        judge=judge_proof,
        token_limit=512,
    ),
    "trace": AnswerForm(
        title="Elimination table by table",
        instruction=(
            f"Answer step by step, with exact numbers. {STEPS} Write a term that both quantities have once. The last "
            "line is 'Answer: Yes' or 'Answer: No'."
        ),
        labels=(),
        write=write_trace,
        judge=judge_trace,
        steps=True,
        token_limit=3072,
    ),
}
"""Forms of answer in addition to Yes/No."""
