"""Answers with a proof that a criterion is satisfied or which condition fails, in labelled lines."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from hf_causal.tasks.d_separation.forms import read_reasons, write_reason
from hf_causal.tasks.forms import Score
from hf_causal.tasks.shared.criteria.criterion import Condition, Criterion
from hf_causal.tasks.shared.criteria.separations import BALL_SETS
from hf_causal.tasks.shared.judging import judge_lines
from hf_causal.tasks.shared.mixed_premises import split_arrows
from hf_causal.tasks.shared.proofs import Proof
from hf_causal.tasks.shared.reply_values import write_nodes
from hf_causal.tasks.shared.structured_replies import Reply, UnreadableReply


def label_of(key: str, *further: str) -> str:
    """Returns the label of a line about an entry of a certificate.

    Example:

    ```python
    >>> label_of("to_outcome", "from_child")
    'To outcome from child'

    ```
    """
    return " ".join((key, *further)).replace("_", " ").capitalize()


def labels_of_criterion(reach: str, path: str, conditions: Mapping[str, bool]) -> tuple[str, ...]:
    """Returns all labels of a criterion; `conditions` says by key whether a separation has a conditioning set."""
    labels = [label_of(reach), label_of(path)]
    for key, has_set in conditions.items():
        labels += [label_of(key), label_of(key, "open")]
        labels += [label_of(key, name) for name in (BALL_SETS if has_set else BALL_SETS[:2])]
    return tuple(labels)


def write_proof(criterion: Criterion, names: frozenset[str], proof: Proof) -> str:
    """Writes the answer with what shows it."""
    certificate = json.loads(proof.certificate)
    lines = [proof.answer]
    if criterion.reach.key in certificate:
        lines.append(f"{label_of(criterion.reach.key)}: {write_nodes(certificate[criterion.reach.key], names)}")
    if criterion.reach.path_key in certificate:
        lines.append(f"{label_of(criterion.reach.path_key)}: {' -> '.join(certificate[criterion.reach.path_key])}")
    for condition in criterion.conditions:
        if condition.key in certificate:
            lines += _evidence(condition, certificate[condition.key], names)
    return "\n".join(lines)


def _evidence(condition: Condition, certificate: Mapping[str, Any], names: frozenset[str]) -> Iterator[str]:
    if "path" in certificate:
        reasons = "; ".join(map(write_reason, certificate["open"])) or write_nodes([], names)
        yield f"{label_of(condition.key)}: {write_arrows(certificate['path'], certificate['arrows'])}"
        yield f"{label_of(condition.key, 'open')}: {reasons}"
        return
    for name in _listed_sets(condition):
        yield f"{label_of(condition.key, name)}: {write_nodes(certificate[name], names)}"


def _listed_sets(condition: Condition) -> tuple[str, ...]:
    """Returns the sets of the ball that an answer lists; without a conditioning set nothing has ancestors in it."""
    return BALL_SETS if condition.separation.given else BALL_SETS[:2]


def write_arrows(path: list[str], arrows: list[str]) -> str:
    """Writes a path such as `A <- C <-> B`."""
    return path[0] + "".join(f" {arrow} {node}" for arrow, node in zip(arrows, path[1:], strict=True))


def judge_proof(criterion: Criterion, names: frozenset[str], right: Callable[[], str], reply: Reply) -> Score:
    """Judges an answer with a proof; a No may show any condition that fails."""
    failing = next((one for one in criterion.conditions if _labels(one, False)[0] in reply.fields), None)
    path_label = label_of(criterion.reach.path_key)
    yes = [label_of(criterion.reach.key), *(name for one in criterion.conditions for name in _labels(one, True))]
    labels = {"Yes": yes, "No": [path_label] if failing is None else _labels(failing, False)}

    def check_lines(answer: str) -> Iterator[str]:
        if answer == "Yes":
            yield label_of(criterion.reach.key)
            criterion.reach.check_nodes(reply.nodes(label_of(criterion.reach.key), names))
            for condition in criterion.conditions:
                yield from _check_condition(condition, True, names, reply)
        elif failing is None:
            yield path_label
            criterion.reach.check_path(reply.path(path_label, names))
        else:
            yield from _check_condition(failing, False, names, reply)

    return judge_lines(reply, labels, check_lines, right)


def _labels(condition: Condition, holds: bool) -> list[str]:
    """Returns the labels of the lines that show that a condition holds, or that it does not."""
    if condition.separated == holds:
        return [label_of(condition.key, name) for name in _listed_sets(condition)]
    return [label_of(condition.key), label_of(condition.key, "open")]


def _check_condition(condition: Condition, holds: bool, names: frozenset[str], reply: Reply) -> Iterator[str]:
    labels = _labels(condition, holds)
    if condition.separated == holds:
        certificate: dict[str, Any] = dict.fromkeys(BALL_SETS, [])
        for label, name in zip(labels, _listed_sets(condition), strict=True):
            yield label
            certificate[name] = reply.nodes(label, names)
        condition.check(holds, certificate)
        return
    yield labels[0]
    path, arrows = read_arrows(reply.content(labels[0]), names, labels[0])
    yield labels[1]
    reasons = read_ordered_reasons(reply.content(labels[1]), path, names)
    condition.check(holds, {"path": path, "arrows": arrows, "open": reasons})


def read_arrows(text: str, names: frozenset[str], label: str) -> tuple[list[str], list[str]]:
    """Reads a path such as `A <- C <-> B`: its nodes, and its arrows as `"->"`, `"<-"` or `"<->"`."""
    path, arrows = split_arrows(text.rstrip(". "))
    if not arrows or not names.issuperset(path):
        raise UnreadableReply(
            f"'{label}' should be a path such as A <- B <-> C of names of the prompt, got {text!r:.80}"
        )
    return path, arrows


def read_ordered_reasons(text: str, path: list[str], names: frozenset[str]) -> list[dict[str, Any]]:
    """Reads why the inner nodes of a path are open, and puts the reasons in the order of the path."""
    order = {node: number for number, node in enumerate(path)}
    return sorted(read_reasons(text, names), key=lambda reason: order.get(reason["node"], 0))


PATH_FORMAT = "in the stated directions such as A <- B <-> C, where <-> is a hidden cause"
OPEN_FORMAT = (
    "a reason for each inner node, separated by semicolons, or 'none': 'B chain', 'B fork', or 'B collider via "
    "B -> D' with a directed path to a node that is conditioned on (via B if B itself is); a node with a hidden cause "
    "on both sides is a collider"
)
"""Sentences of instructions."""
