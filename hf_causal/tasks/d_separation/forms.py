"""Forms of answer to "Are X and Y d-separated given Z?": an open path or the ball's sets as proof, and its moves."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from hf_causal.tasks.d_separation.ball_trace import TRACE_FORM
from hf_causal.tasks.d_separation.proof import (
    ball_sets,
    check,
    check_path,
    check_reasons,
    prove,
    require_answerable,
)
from hf_causal.tasks.d_separation.separating_set_forms import SEPARATING_SET_FORMS
from hf_causal.tasks.d_separation.text import Prompt
from hf_causal.tasks.forms import AnswerForm, Score
from hf_causal.tasks.shared.judging import judge_lines
from hf_causal.tasks.shared.proofs import CertificateError, Proof
from hf_causal.tasks.shared.reply_values import Chain, is_empty, read_path, write_nodes
from hf_causal.tasks.shared.structured_replies import Reply, UnreadableReply, names_of

_SETS = {"From child": "from_child", "From parent": "from_parent", "Ancestors": "ancestors"}
"""From the labels of a Yes to the keys of its certificate."""
_LABELS = {"Yes": tuple(_SETS), "No": ("Path", "Open")}


def write_proof(prompt: Prompt, proof: Proof) -> str:
    """Writes the answer with an open path and why it is open, or with the nodes that the Bayes ball enters.

    Example:

    ```python
    >>> prompt = Prompt((("A", "B"), ("C", "B"), ("B", "D")), ("A", "C"), ("D",))
    >>> print(write_proof(prompt, prove(prompt)))
    No
    Path: A -> B <- C
    Open: B collider via B -> D

    ```
    """
    certificate, names = json.loads(proof.certificate), _names(prompt)
    if proof.answer == "Yes":
        sets = [f"{label}: {write_nodes(certificate[key], names)}" for label, key in _SETS.items()]
        return "\n".join(["Yes", *sets])
    reasons = "; ".join(map(write_reason, certificate["open"]))
    return f"No\nPath: {_write_path(prompt, certificate['path'])}\nOpen: {reasons or write_nodes([], names)}"


def _write_path(prompt: Prompt, path: list[str]) -> str:
    stated = set(prompt.edges)
    arrows = [f" {'->' if step in stated else '<-'} {step[1]}" for step in zip(path, path[1:], strict=False)]
    return path[0] + "".join(arrows)


def write_reason(reason: Mapping[str, Any]) -> str:
    """Writes why an inner node is open as [`read_reasons`] reads it."""
    via = f" via {' -> '.join(reason['path'])}" if "path" in reason else ""
    return f"{reason['node']} {reason['type']}{via}"


def judge_proof(prompt: Prompt, reply: Reply) -> Score:
    """Judges an answer with an open path or with the ball's sets."""
    require_answerable(prompt)
    names = _names(prompt)

    def check_lines(answer: str) -> Iterator[str]:
        if answer == "Yes":
            yield from _check_sets(prompt, reply, names)
            return
        yield "Path"
        chain = reply.chain("Path", names)
        _check_arrows(chain, set(prompt.edges))
        check_path(prompt, chain.nodes)
        yield "Open"
        reasons = read_reasons(reply.content("Open"), names)
        order = {node: number for number, node in enumerate(chain.nodes)}
        reasons.sort(key=lambda reason: order.get(reason["node"], 0))
        check_reasons(prompt, chain.nodes, reasons)

    return judge_lines(reply, _LABELS, check_lines, lambda: prove(prompt).answer)


def _check_sets(prompt: Prompt, reply: Reply, names: frozenset[str]) -> Iterator[str]:
    """Yields each label and reads its set, and then those of which the set is not what the ball enters."""
    sets: dict[str, list[str]] = {}
    for label, key in _SETS.items():
        yield label
        sets[key] = reply.nodes(label, names)
    for (label, key), true in zip(_SETS.items(), ball_sets(prompt), strict=True):
        yield label
        met = key != "ancestors" and prompt.question[1] in true
        if met or len(sets[key]) > len(true) or set(sets[key]) != true:
            check(prompt, "Yes", sets)
            raise CertificateError(f"'{label}' is not what the ball enters")


def _check_arrows(chain: Chain, stated: set[tuple[str, str]]) -> None:
    """Raises [`CertificateError`] if an arrow has not the direction of its statement; a list of JSON has no arrows."""
    for first, second, forward in zip(chain.nodes, chain.nodes[1:], chain.forward or (), strict=False):
        cause, effect = (first, second) if forward else (second, first)
        if (cause, effect) not in stated:
            raise CertificateError(f"the premise does not state '{cause} causes {effect}.'")


def read_reasons(text: str, names: frozenset[str]) -> list[dict[str, Any]]:
    """Reads reasons such as `B collider via B -> D; C chain`, or the list of a certificate."""
    if text.startswith("[") and (listed := _reasons_of_json(text)) is not None:
        return listed
    if is_empty(text.rstrip(". "), names, "Open"):
        return []
    return [_read_reason(reason, names) for reason in _NEXT_REASON.split(text.rstrip(". "))]


def _read_reason(text: str, names: frozenset[str]) -> dict[str, Any]:
    match = _REASON.fullmatch(text.strip())
    if match is None or match["node"] not in names:
        raise UnreadableReply(
            f"'Open' has {text!r:.80}, which is no reason such as 'C chain' or 'B collider via B -> D'"
        )
    reason: dict[str, Any] = {"node": match["node"], "type": match["type"].lower()}
    if (reason["type"] == "collider") != (match["path"] is not None):
        raise UnreadableReply(
            f"'Open' has {text!r:.80}; a collider has 'via' and a directed path, a chain or fork none"
        )
    if match["path"]:
        path = read_path(match["path"], names, "Open")
        reason |= {"descendant": path[-1], "path": path}
    return reason


def _reasons_of_json(text: str) -> list[dict[str, Any]] | None:
    try:
        reasons = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if all(isinstance(reason, dict) and isinstance(reason.get("node"), str) for reason in reasons):
        return [{"descendant": (reason.get("path") or [None])[-1], **reason} for reason in reasons]
    return None


def _names(prompt: Prompt) -> frozenset[str]:
    return names_of(prompt.edges, *prompt.question, *prompt.given)


_NAME = r"\w+(?:[ -]\w+)*?"
_TYPED = r"(?:\s*[(:]\s*|\s+)(?:is\s+)?(?:an?\s+)?(?P<type>chain|fork|collider)\b"
_NEXT_REASON = re.compile(rf"\s*[;,]\s*(?={_NAME}{_TYPED.replace('?P<type>', '?:')})", re.IGNORECASE)
_REASON = re.compile(rf"(?P<node>{_NAME}){_TYPED}(?:\s*,?\s*(?:via|through|by)\s+(?P<path>.+?))?\)?", re.IGNORECASE)

FORMS = {
    "proof": AnswerForm(
        title="Yes/No with a proof",
        instruction=(
            "Answer with a proof. If no, write 'No', then 'Path: ' with an open path in the stated directions such as "
            "A -> B <- C, and then 'Open: ' with a reason for each inner node, separated by semicolons, or 'none': "
            "'B chain', 'B fork', or 'B collider via B -> D' with a directed path to a given node (via B if B itself "
            "is given). If yes, write 'Yes', then 'From child: ' and 'From parent: ' with the nodes that the Bayes "
            "ball enters from a child (the first node included) and from a parent, and then 'Ancestors: ' with the "
            "given nodes and all their ancestors, separated by commas, or 'none'."
        ),
        labels=("Path", "Open", *_SETS),
        write=write_proof,
        judge=judge_proof,
    ),
    "trace": TRACE_FORM,
    **SEPARATING_SET_FORMS,
}
"""Forms of answer in addition to Yes/No."""
