"""Proofs that a node is an instrument given a set, or which condition fails.

A node Z is an instrument for the effect of X on Y given a set W (Pearl, Causality, 2009, section 7.4.5) if X causes
neither Z nor a member of W, W does not separate Z from X, and W separates Z from Y in the graph without the edges into
X. A certificate is a JSON object:

- No: `{"effect_path": [X, …]}`, a directed path to Z or to a member of W; or `{"to_treatment": {"from_child": […],
  "from_parent": […], "ancestors": […]}}`, what the Bayes ball enters that starts at Z given W, which does not get to
  X; or `{"to_outcome": {"path": […], "arrows": […], "open": […]}}`, an open path from Z to Y without an edge into X.
- Yes: `{"affected": […], "to_treatment": …, "to_outcome": …}`, all nodes that X causes, an open path from Z to X, and
  what the Bayes ball enters that starts at Z given W in the graph without the edges into X.

`hf_causal.tasks.shared.criteria` has the details.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hf_causal.tasks.instrument.text import Prompt
from hf_causal.tasks.shared.criteria.criterion import Condition, Criterion, Reach
from hf_causal.tasks.shared.criteria.separations import Separation, edges_into
from hf_causal.tasks.shared.mixed_prompts import require_set
from hf_causal.tasks.shared.proofs import Proof

AFFECTED, EFFECT_PATH, TO_TREATMENT, TO_OUTCOME = "affected", "effect_path", "to_treatment", "to_outcome"
"""Keys of certificates."""


def criterion_of(prompt: Prompt) -> Criterion:
    """Returns the conditions that the node and the set of a prompt have to satisfy.

    Raises:
        `ValueError`: If the premise is no acyclic graph, or the question has no answer.
    """
    (x, y), z, given = prompt.question, prompt.instrument, prompt.given
    if z in (x, y, *given):
        raise ValueError(
            f"the instrument {z!r} is the treatment, the outcome or in the set; it should be another node"
        )
    require_set(prompt, z)
    reach = Reach(prompt, AFFECTED, EFFECT_PATH, x, frozenset((z, *given)))
    to_treatment = Separation(prompt, z, (x,), given)
    why = "has an arrow into the treatment, so it shows nothing"
    to_outcome = Separation(prompt, z, (y,), given, edges_into(prompt, x), why)
    return Criterion(reach, (Condition(TO_TREATMENT, to_treatment, False), Condition(TO_OUTCOME, to_outcome, True)))


def prove(prompt: Prompt) -> Proof:
    """Returns the exact answer with its certificate; `hops` are the edges of the path that it has, if any.

    Raises:
        `ValueError`: If the premise is no acyclic graph, or the question has no answer.

    Example:

    ```python
    >>> prompt = Prompt((("Z", "A", True), ("A", "B", True), ("Z", "B", True)), ("A", "B"), (), "Z")
    >>> prove(prompt).certificate
    '{"to_outcome": {"path": ["Z", "B"], "arrows": ["->"], "open": []}}'

    ```
    """
    return criterion_of(prompt).prove()


def check(prompt: Prompt, answer: str, certificate: Mapping[str, Any]) -> None:
    """Raises [`CertificateError`] unless the certificate proves the answer.

    Raises:
        `ValueError`: If the premise is no acyclic graph, or the question has no answer.

    Example:

    ```python
    >>> prompt = Prompt((("A", "B", True), ("A", "Z", True)), ("A", "B"), (), "Z")
    >>> check(prompt, "No", {"effect_path": ["A", "Z"]})

    ```
    """
    criterion_of(prompt).check(answer, certificate)
