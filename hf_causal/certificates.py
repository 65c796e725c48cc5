"""The proof behind a label, and a checker that trusts nothing but a row's own text.

A certificate is a JSON object. For the transitivity question "Does X cause Y?":

- Yes: `{"path": [X, …, Y]}`, nodes of which each causes the next in some stated sentence.
- No: `{"reachable": […]}`, the nodes that X reaches. The set proves the answer because every stated sentence whose
  cause is X or in the set has its effect in the set, and Y is not in it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from hf_causal.language import QUESTION, Prompt, parse_prompt


class CertificateError(ValueError):
    """A certificate that does not prove its row's label."""


@dataclass(frozen=True)
class Proof:
    """The exact answer to a prompt."""

    answer: str
    """`"Yes"` or `"No"`."""
    certificate: str
    """The JSON text that proves it."""
    hops: int
    """Edges on the shortest path from the cause to the effect, -1 where there is none."""


def prove(prompt: str | Prompt) -> Proof:
    """Answers a transitivity prompt exactly and proves the answer.

    A node causes itself only where a stated cycle leads back to it.

    Args:
        prompt (`str` or [`Prompt`]): Any text that `parse_prompt` reads.

    Returns:
        [`Proof`]: The answer, its certificate and the number of hops.

    Raises:
        `ValueError`: If the prompt cannot be read.

    Example:

    ```python
    >>> prove("A causes B. B causes C. Does A cause C?")
    Proof(answer='Yes', certificate='{"path": ["A", "B", "C"]}', hops=2)
    >>> prove("A causes B. B causes C. Does B cause A?").certificate
    '{"reachable": ["C"]}'

    ```
    """
    parsed = parse_prompt(prompt) if isinstance(prompt, str) else prompt
    cause, effect = parsed.question
    path = _shortest_path(parsed.edges, cause, effect)
    if path is None:
        return Proof("No", json.dumps({"reachable": sorted(_reachable(parsed.edges, cause))}), -1)
    return Proof("Yes", json.dumps({"path": path}), len(path) - 1)


def check(row: Mapping[str, Any]) -> None:
    """Proves a row's label from its own text, or says why the certificate does not.

    Args:
        row (mapping): With `prompt`, `completion` and `certificate`; a `label` (0 for No, 1 for Yes), `premise` and
            `question` are held against them where present.

    Raises:
        [`CertificateError`]: If the certificate does not prove the completion, or the row contradicts itself.
        `ValueError`: If the prompt cannot be read.

    Example:

    ```python
    >>> check({"prompt": "A causes B. Does A cause B?", "completion": "Yes", "certificate": '{"path": ["A", "B"]}'})
    >>> check({"prompt": "A causes B. Does A cause B?", "completion": "No", "certificate": '{"reachable": []}'})
    Traceback (most recent call last):
        ...
    hf_causal.certificates.CertificateError: the set leaves out 'B', which the stated 'A causes B.' reaches

    ```
    """
    answer = row["completion"]
    if answer not in ("Yes", "No"):
        raise CertificateError(f"the completion must be 'Yes' or 'No', got {answer!r}")
    if row.get("label") is not None and row["label"] != (answer == "Yes"):
        raise CertificateError(f"the label {row['label']} contradicts the completion {answer!r}")
    _check_columns(row)
    kind = "path" if answer == "Yes" else "reachable"
    try:
        nodes = json.loads(row["certificate"])[kind]
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise CertificateError(
            f"the certificate of a {answer!r} must be JSON with {kind!r}, got {row['certificate']!r}"
        ) from error
    if not isinstance(nodes, list) or not all(isinstance(node, str) for node in nodes):
        raise CertificateError(f"{kind!r} must be a list of node names, got {nodes!r}")
    prompt = parse_prompt(row["prompt"])
    _check_path(prompt, nodes) if kind == "path" else _check_closed(prompt, nodes)


def _check_columns(row: Mapping[str, Any]) -> None:
    prompt = row["prompt"]
    premise, question = row.get("premise"), row.get("question")
    if premise is None and question is None:
        return
    # With one of the two, the other is what the grammar finds in the prompt.
    parsed = parse_prompt(prompt)
    premise = parsed.premise if premise is None else premise
    question = QUESTION.format(cause=parsed.question[0], effect=parsed.question[1]) if question is None else question
    if f"{premise} {question}" != prompt:
        raise CertificateError("the prompt is not the premise, a space and the question")


def _check_path(prompt: Prompt, path: list[str]) -> None:
    if len(path) < 2 or (path[0], path[-1]) != prompt.question:
        raise CertificateError(f"the path {path} does not lead from {prompt.question[0]!r} to {prompt.question[1]!r}")
    stated = set(prompt.edges)
    for step in zip(path, path[1:], strict=False):
        if step not in stated:
            raise CertificateError(f"the premise does not state '{step[0]} causes {step[1]}.'")


def _check_closed(prompt: Prompt, nodes: list[str]) -> None:
    cause, effect = prompt.question
    reached = set(nodes)
    if effect in reached:
        raise CertificateError(f"the set of a No contains the effect {effect!r}")
    for source, target in prompt.edges:
        if (source == cause or source in reached) and target not in reached:
            raise CertificateError(
                f"the set leaves out {target!r}, which the stated '{source} causes {target}.' reaches"
            )


def _successors(edges: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    successors: dict[str, list[str]] = {}
    for source, target in edges:
        successors.setdefault(source, []).append(target)
    return successors


def _reachable(edges: Iterable[tuple[str, str]], cause: str) -> set[str]:
    successors, reached, waiting = _successors(edges), set[str](), [cause]
    while waiting:
        for target in successors.get(waiting.pop(), ()):
            if target not in reached:
                reached.add(target)
                waiting.append(target)
    return reached


def _shortest_path(edges: Iterable[tuple[str, str]], cause: str, effect: str) -> list[str] | None:
    successors, paths, seen = _successors(edges), [[cause]], set[str]()
    while paths:
        longer = []
        for path in paths:
            for target in successors.get(path[-1], ()):
                if target == effect:
                    return [*path, target]
                if target not in seen:
                    seen.add(target)
                    longer.append([*path, target])
        paths = longer
    return None
