"""Forms of answer to questions about quantities."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from hf_causal.tasks.forms import AnswerForm, Score
from hf_causal.tasks.quantities.proof import check, prove
from hf_causal.tasks.quantities.text import Prompt
from hf_causal.tasks.quantities.trace import TRACE_FORM
from hf_causal.tasks.shared.exact_numbers import PLACES
from hf_causal.tasks.shared.proofs import CertificateError, Proof
from hf_causal.tasks.shared.quantity_texts import combination_of
from hf_causal.tasks.shared.reply_lines import UnreadableReply
from hf_causal.tasks.shared.reply_numbers import INSUFFICIENT, StatedAnswer, find_answer, read_answer
from hf_causal.tasks.shared.structured_replies import Reply

_VALUE, _TERMS, _MODELS, _VALUES = "Value", "Terms", ("Model 1", "Model 2"), "Values"


def write_value(prompt: Prompt, proof: Proof) -> str:
    """Writes the answer alone."""
    return proof.answer


def judge_value(prompt: Prompt, reply: Reply) -> Score:
    """Judges the answer that a reply states last: any representation of the right value is right.

    A decimal is right if it is exact, or rounded to four places or more.
    """
    return score_answer(find_answer(reply.lines), prompt, prove(prompt))


def score_answer(answer: StatedAnswer, prompt: Prompt, proof: Proof) -> Score:
    """Scores an answer by the proof of the right one."""
    right = is_right_answer(answer, proof)
    if right:
        return Score(1.0, True, reason=f"the answer is {proof.answer}")
    true = read_answer(proof.answer)
    if not true.insufficient and answer.is_coarse([ways[0].value for ways in true.numbers]):
        return Score(0.0, False, reason=f"{answer.text.strip()!r:.40} is rounded to fewer than {PLACES} places")
    return Score(0.0, False, reason=f"the answer is {proof.answer}, not {answer.text.strip()!r:.40}")


def is_right_answer(answer: StatedAnswer, proof: Proof) -> bool:
    """Returns whether an answer is that of a proof, in any representation."""
    true = read_answer(proof.answer)
    if true.insufficient or answer.insufficient:
        return true.insufficient and answer.insufficient
    return answer.is_right([ways[0].value for ways in true.numbers])


def write_proof(prompt: Prompt, proof: Proof) -> str:
    """Writes the value with its terms, or two models that agree with the statements and differ in it.

    Example:

    ```python
    >>> from hf_causal.tasks.quantities.text import parse_prompt
    >>> text = "A is 1 with probability 0.5. B is 1 with probability 0.2 if A is 0."
    >>> question = "What is the average treatment effect of A on B?"
    >>> prompt = parse_prompt(f"{text} There are no hidden common causes. {question}")
    >>> print(write_proof(prompt, prove(prompt)))
    Value: insufficient information
    Model 1: P(B = 1 | A = 1) = 0.25
    Model 2: P(B = 1 | A = 1) = 0.75
    Values: 0.05; 0.55

    ```
    """
    certificate = json.loads(proof.certificate)
    lines = [f"{_VALUE}: {proof.answer}"]
    if "terms" in certificate:
        return "\n".join([*lines, f"{_TERMS}: {write_pairs(certificate['terms'])}"])
    models = (
        write_pairs({key if key == "responses" else f"P({key})": value for key, value in model.items()})
        for model in certificate["models"]
    )
    lines += [f"{label}: {model}" for label, model in zip(_MODELS, models, strict=True)]
    return "\n".join([*lines, f"{_VALUES}: {'; '.join(certificate['values'])}"])


def write_pairs(pairs: Mapping[str, str]) -> str:
    """Writes `KEY = VALUE; KEY = VALUE`."""
    return "; ".join(f"{key} = {value}" for key, value in pairs.items())


def judge_proof(prompt: Prompt, reply: Reply) -> Score:
    """Judges the value with the terms that make it, or with two models: every valid proof counts."""
    answer = read_answer(reply.content(_VALUE))
    proof = prove(prompt)
    right = is_right_answer(answer, proof)
    label = _MODELS[0] if answer.insufficient else _TERMS
    try:
        if answer.insufficient:
            reply.require_only([_VALUE, *_MODELS, _VALUES], f"the proof of {INSUFFICIENT}")
            models = [_read_model(reply.content(one)) for one in _MODELS]
            certificate: dict[str, Any] = {"models": models, "values": re.split(r"\s*;\s*", reply.content(_VALUES))}
        else:
            reply.require_only([_VALUE, _TERMS], "the proof of a value")
            terms = combination_of(prompt.quantity, prompt.stated.model).terms
            certificate = {"terms": read_terms(terms, reply.content(_TERMS))}
        check(prompt, reply.content(_VALUE), certificate)
    except ValueError as error:
        readable = not isinstance(error, UnreadableReply)
        return Score(0.0, right, False, str(error), reply.line_of.get(label), readable)
    lines = reply.lines_of([_VALUE, _TERMS, *_MODELS, _VALUES])
    return Score(1.0, True, True, f"the answer is {proof.answer}, and the proof holds", right_lines=lines)


def read_terms(terms: Iterable[str], text: str) -> dict[str, str]:
    """Returns the values of terms by their notation; blanks do not matter."""
    notations = {"".join(name.split()): name for name in terms}
    pairs = _read_pairs(text)
    if unknown := [key for key in pairs if key not in notations]:
        raise CertificateError(f"{unknown[0]!r:.80} is none of the terms {list(notations.values())}")
    return {notations[key]: value for key, value in pairs.items()}


def _read_model(text: str) -> dict[str, str]:
    """Returns a model of a reply with the keys of certificates."""
    model = {}
    for key, value in _read_pairs(text).items():
        match = _PROBABILITY.fullmatch(key)
        model[_spaced(match["entry"]) if match else key.lower()] = value
    return model


def _read_pairs(text: str) -> dict[str, str]:
    """Returns the values of `KEY = VALUE; KEY = VALUE`, with keys without blanks."""
    pairs: dict[str, str] = {}
    for item in filter(str.strip, text.split(";")):
        key, equals, value = item.rpartition("=")
        name = "".join(key.split())
        if not equals or not name or name in pairs:
            raise UnreadableReply(f"{item.strip()!r:.80} should be such as 'P(B = 1) = 0.4', once")
        pairs[name] = value.strip()
    return pairs


def _spaced(entry: str) -> str:
    """Returns `B=1|A=0,C=1` as certificates write it."""
    return entry.replace("=", " = ").replace("|", " | ").replace(",", ", ")


_PROBABILITY = re.compile(r"P\((?P<entry>[^()]+)\)", re.IGNORECASE)

FORMS = {
    "value": AnswerForm(
        title="Value",
        instruction=(
            f"Answer with the exact value, as a fraction or a decimal, or with a decimal rounded to {PLACES} places; "
            "with both bounds, such as '[0.1, 0.5]', if the question is about bounds; or with 'insufficient "
            "information' if what is stated does not determine the value."
        ),
        labels=(),
        write=write_value,
        judge=judge_value,
        token_limit=1024,
    ),
    "proof": AnswerForm(
        title="Value with a proof",
        instruction=(
            "Answer with a proof, with exact numbers. B[A = 1] is B as it would be if A were set to 1. If the "
            "statements determine the value, write 'Value: ' with it and 'Terms: ' with the probabilities that make "
            "it, such as 'P(B[A = 1] = 1) = 0.6; P(B[A = 0] = 1) = 0.2'. If not, write 'Value: insufficient "
            "information', and two models that agree with the statements: 'Model 1: ' and 'Model 2: ' with a "
            "probability for each one that is missing, such as 'P(B = 1 | A = 0) = 0.25', and, if nothing says how "
            "responses are coupled, 'responses = independent' or 'responses = threshold', separated by ';'. Then "
            "write 'Values: ' with the two values."
        ),
        labels=(_VALUE, _TERMS, *_MODELS, _VALUES),
        write=write_proof,
        judge=judge_proof,
        token_limit=512,
    ),
    "trace": TRACE_FORM,
}
"""Forms of answer; the first is that of the rows."""
