"""Proofs that a set satisfies the front-door criterion, or which condition fails.

A set Z satisfies the criterion for the effect of X on Y (Pearl 1995) if every directed path from X to Y meets it, no
open back-door path leads from X to a member, and X blocks every back-door path from a member to Y. Back-door paths
from the set are those that no edge of which leaves a member of it (Jeong, Tian and Bareinboim 2022). A certificate is
a JSON object:

- No: `{"causal_path": [X, …, Y]}`, a directed path that misses the set; or `{"to_set": …}`, an open path from X to a
  member whose first edge points to X; or `{"to_outcome": …}`, a path from a member to Y that is open given X and has
  no edge out of a member. Such a path is `{"path": […], "arrows": […], "open": […]}`.
- Yes: `{"reached": […], "to_set": …, "to_outcome": …}`, all nodes to which directed paths without the set lead from
  X, and what the Bayes ball enters that starts at X, in the graph without the edges out of X, and that starts at Y
  given X, in the graph without the edges out of the set: `{"from_child": […], "from_parent": […], "ancestors": […]}`.

`hf_causal.tasks.shared.criteria` has the details. The empty set has nothing but `reached`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hf_causal.tasks.front_door.text import Prompt
from hf_causal.tasks.shared.criteria.criterion import Condition, Criterion, Reach
from hf_causal.tasks.shared.criteria.separations import Separation, edges_out_of
from hf_causal.tasks.shared.mixed_prompts import require_set
from hf_causal.tasks.shared.proofs import Proof

REACHED, CAUSAL_PATH, TO_SET, TO_OUTCOME = "reached", "causal_path", "to_set", "to_outcome"
"""Keys of certificates."""


def criterion_of(prompt: Prompt) -> Criterion:
    """Returns the conditions that the set of a prompt has to satisfy.

    Raises:
        `ValueError`: If the premise is no acyclic graph, or the question has no answer.
    """
    require_set(prompt)
    (x, y), members = prompt.question, prompt.given
    reach = Reach(prompt, REACHED, CAUSAL_PATH, x, frozenset({y}), frozenset(members))
    if not members:
        return Criterion(reach, ())
    why = "begins with an edge out of the treatment, so it is no back-door path"
    to_set = Separation(prompt, x, members, (), edges_out_of(prompt, (x,)), why)
    why = "has an edge out of a member of the set, so it is no back-door path from the set"
    to_outcome = Separation(prompt, y, members, (x,), edges_out_of(prompt, members), why)
    return Criterion(reach, (Condition(TO_SET, to_set, True), Condition(TO_OUTCOME, to_outcome, True, from_end=True)))


def prove(prompt: Prompt) -> Proof:
    """Returns the exact answer with its certificate; `hops` are the edges of the path of a No.

    Raises:
        `ValueError`: If the premise is no acyclic graph, or the question has no answer.

    Example:

    ```python
    >>> prompt = Prompt((("A", "M", True), ("M", "B", True), ("M", "B", False)), ("A", "B"), ("M",))
    >>> prove(prompt).certificate
    '{"to_outcome": {"path": ["M", "B"], "arrows": ["<->"], "open": []}}'

    ```
    """
    return criterion_of(prompt).prove()


def check(prompt: Prompt, answer: str, certificate: Mapping[str, Any]) -> None:
    """Raises [`CertificateError`] unless the certificate proves the answer.

    Raises:
        `ValueError`: If the premise is no acyclic graph, or the question has no answer.

    Example:

    ```python
    >>> prompt = Prompt((("A", "M", True), ("M", "B", True), ("A", "B", True)), ("A", "B"), ("M",))
    >>> check(prompt, "No", {"causal_path": ["A", "B"]})

    ```
    """
    criterion_of(prompt).check(answer, certificate)
