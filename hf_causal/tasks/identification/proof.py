"""Proofs of answers about effects: see `adjustment_proof` for sets, `identifiability_proof` for the other question."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hf_causal.tasks.identification import adjustment_proof, identifiability_proof
from hf_causal.tasks.identification.stated_graphs import require_answerable
from hf_causal.tasks.identification.text import ADJUSTMENT, IDENTIFIABLE, Prompt
from hf_causal.tasks.shared.proofs import CertificateError, Proof

_MODULES = {ADJUSTMENT: adjustment_proof, IDENTIFIABLE: identifiability_proof}


def prove(prompt: Prompt) -> Proof:
    """Returns the exact answer with its certificate.

    Raises:
        `ValueError`: If the premise is no acyclic graph, or the question has no answer.

    Example:

    ```python
    >>> prove(Prompt((("C", "A", True), ("C", "B", True), ("A", "B", True)), ("A", "B"), ("C",))).certificate
    '{"forbidden": ["B"], "from_child": ["A", "C"], "from_parent": ["A"], "ancestors": ["C"]}'

    ```
    """
    require_answerable(prompt)
    return _MODULES[prompt.asks].prove(prompt)


def check(prompt: Prompt, answer: str, certificate: Mapping[str, Any]) -> None:
    """Raises [`CertificateError`] unless the certificate proves the answer.

    Raises:
        `ValueError`: If the premise is no acyclic graph, or the question has no answer.
    """
    require_answerable(prompt)
    try:
        _MODULES[prompt.asks].check(prompt, answer, certificate)
    except CertificateError:
        raise
    except ValueError as error:
        # The graph modules raise `ValueError`, which would otherwise mean that the question has no answer.
        raise CertificateError(str(error)) from error
