"""The proof behind a label, and a checker that trusts nothing but a row's own text.

A certificate is a JSON object; what it holds is told by the module of each grammar.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from hf_causal.certificates import d_separation, transitivity
from hf_causal.certificates.base import CertificateError, Grammar, Proof, ReadPrompt

GRAMMARS: tuple[Grammar, ...] = (d_separation.GRAMMAR, transitivity.GRAMMAR)
"""In the order in which a text is tried; the last one takes what no other recognizes."""


def grammar_of(text: str) -> Grammar:
    """The grammar that a prompt seems to be written in."""
    return next(grammar for grammar in GRAMMARS if grammar.recognizes(text))


def prove(prompt: str | ReadPrompt) -> Proof:
    """Answers a prompt of any grammar exactly and proves the answer.

    Args:
        prompt (`str` or a prompt that was read): For example `"A causes B. Does A cause B?"`.

    Returns:
        [`Proof`]: The answer, its certificate and the number of hops.

    Raises:
        `ValueError`: If the prompt cannot be read, or its question has no answer.

    Example:

    ```python
    >>> prove("A causes B. B causes C. Does A cause C?")
    Proof(answer='Yes', certificate='{"path": ["A", "B", "C"]}', hops=2)
    >>> prove("A causes B. B causes C. Does B cause A?").certificate
    '{"reachable": ["C"]}'
    >>> prove("A causes B. C causes B. Are A and C d-separated?").certificate
    '{"from_child": ["A"], "from_parent": ["B"], "ancestors": []}'

    ```
    """
    grammar = grammar_of(str(prompt))
    return grammar.prove(grammar.parse(prompt) if isinstance(prompt, str) else prompt)


def check(row: Mapping[str, Any]) -> None:
    """Proves a row's label from its own text, or says why the certificate does not.

    Args:
        row (mapping): With `prompt`, `completion` and `certificate`; a `label` (0 for No, 1 for Yes), `premise` and
            `question` are held against them where present.

    Raises:
        [`CertificateError`]: If the certificate does not prove the completion, or the row contradicts itself.
        `ValueError`: If the prompt cannot be read, or its question has no answer.

    Example:

    ```python
    >>> check({"prompt": "A causes B. Does A cause B?", "completion": "Yes", "certificate": '{"path": ["A", "B"]}'})
    >>> check({"prompt": "A causes B. Does A cause B?", "completion": "No", "certificate": '{"reachable": []}'})
    Traceback (most recent call last):
        ...
    hf_causal.certificates.base.CertificateError: the set leaves out 'B', which the stated 'A causes B.' reaches

    ```
    """
    answer = row["completion"]
    if answer not in ("Yes", "No"):
        raise CertificateError(f"the completion must be 'Yes' or 'No', got {answer!r}")
    if row.get("label") is not None and row["label"] != (answer == "Yes"):
        raise CertificateError(f"the label {row['label']} contradicts the completion {answer!r}")
    grammar = grammar_of(row["prompt"])
    prompt = grammar.parse(row["prompt"])
    _check_columns(row, grammar, prompt)
    try:
        certificate = json.loads(row["certificate"])
    except (json.JSONDecodeError, TypeError, KeyError):
        certificate = row.get("certificate")  # what is no JSON object is refused below, with what should be in it
    grammar.check(prompt, answer, certificate)


def _check_columns(row: Mapping[str, Any], grammar: Grammar, prompt: ReadPrompt) -> None:
    premise, question = row.get("premise"), row.get("question")
    if premise is None and question is None:
        return
    # With one of the two, the other is what the grammar finds in the prompt.
    premise = prompt.premise if premise is None else premise
    question = prompt.asked if question is None else question
    if grammar.join(premise, question) != row["prompt"]:
        raise CertificateError("the prompt is not the premise, a space and the question")


__all__ = ["GRAMMARS", "CertificateError", "Grammar", "Proof", "ReadPrompt", "check", "grammar_of", "prove"]
