"""Forms of answer to "Is Z a valid adjustment set for the effect of X on Y?": a proof, its steps, and sets to find."""

from __future__ import annotations

import json
from collections.abc import Iterator

from hf_causal.tasks.adjustment.back_door import back_door
from hf_causal.tasks.adjustment.option_form import OPTION_FORM
from hf_causal.tasks.adjustment.proof import (
    check_causal_path,
    check_descent,
    check_forbidden_set,
    check_path,
    check_reasons,
    prove,
)
from hf_causal.tasks.adjustment.set_forms import SET_FORMS
from hf_causal.tasks.adjustment.text import Prompt
from hf_causal.tasks.adjustment.trace import TRACE_FORM
from hf_causal.tasks.d_separation.forms import write_reason
from hf_causal.tasks.forms import AnswerForm, Score
from hf_causal.tasks.shared.criteria.forms import read_arrows, read_ordered_reasons, write_arrows
from hf_causal.tasks.shared.criteria.separations import BALL_SETS
from hf_causal.tasks.shared.judging import judge_lines
from hf_causal.tasks.shared.proofs import Proof
from hf_causal.tasks.shared.reply_values import write_nodes
from hf_causal.tasks.shared.structured_replies import Reply

_YES = {"Forbidden": "forbidden", "From child": "from_child", "From parent": "from_parent", "Ancestors": "ancestors"}
"""From the labels of a Yes to the keys of its certificate."""
_FORBIDDEN, _OPEN = ("Causal path", "Descent"), ("Path", "Open")
"""The labels of the two types of a No."""


def write_proof(prompt: Prompt, proof: Proof) -> str:
    """Writes the answer with what proves it.

    Example:

    ```python
    >>> prompt = Prompt((("C", "A", True), ("C", "B", True), ("A", "B", True)), ("A", "B"))
    >>> print(write_proof(prompt, prove(prompt)))
    No
    Path: A <- C -> B
    Open: C fork

    ```
    """
    certificate = json.loads(proof.certificate)
    if proof.answer == "Yes":
        sets = [f"{label}: {write_nodes(certificate[key], prompt.names)}" for label, key in _YES.items()]
        return "\n".join(["Yes", *sets])
    if "descent" in certificate:
        causal_path, descent = (" -> ".join(certificate[key]) for key in ("causal_path", "descent"))
        return f"No\nCausal path: {causal_path}\nDescent: {descent}"
    reasons = "; ".join(map(write_reason, certificate["open"])) or write_nodes([], prompt.names)
    return f"No\nPath: {write_arrows(certificate['path'], certificate['arrows'])}\nOpen: {reasons}"


def judge_proof(prompt: Prompt, reply: Reply) -> Score:
    """Judges an answer with a proof; a No may name a forbidden node or an open path."""
    right = prove(prompt).answer
    labels = {"Yes": tuple(_YES), "No": _FORBIDDEN if reply.fields.keys() & set(_FORBIDDEN) else _OPEN}

    def check_lines(answer: str) -> Iterator[str]:
        if answer == "Yes":
            yield from _check_sets(prompt, reply)
        elif labels["No"] == _FORBIDDEN:
            yield from _check_forbidden(prompt, reply)
        else:
            yield from _check_open(prompt, reply)

    return judge_lines(reply, labels, check_lines, lambda: right)


def _check_sets(prompt: Prompt, reply: Reply) -> Iterator[str]:
    yield "Forbidden"
    check_forbidden_set(prompt, reply.nodes("Forbidden", prompt.names))
    sets = {}
    for label, key in list(_YES.items())[1:]:
        yield label
        sets[key] = reply.nodes(label, prompt.names)
    back_door(prompt).check_ball_sets({key: sets[key] for key in BALL_SETS})


def _check_forbidden(prompt: Prompt, reply: Reply) -> Iterator[str]:
    yield "Causal path"
    causal_path = reply.path("Causal path", prompt.names)
    check_causal_path(prompt, causal_path)
    yield "Descent"
    check_descent(prompt, causal_path, reply.path("Descent", prompt.names))


def _check_open(prompt: Prompt, reply: Reply) -> Iterator[str]:
    yield "Path"
    path, arrows = read_arrows(reply.content("Path"), prompt.names, "Path")
    check_path(prompt, path, arrows)
    yield "Open"
    check_reasons(prompt, path, arrows, read_ordered_reasons(reply.content("Open"), path, prompt.names))


FORMS = {
    "proof": AnswerForm(
        title="Yes/No with a proof",
        instruction=(
            "Answer with a proof. If no, write 'No' and then either 'Causal path: ' with a directed path such as "
            "A -> B -> C from the treatment to the outcome and 'Descent: ' with a directed path from a node of it "
            "after the treatment to a member of the set (that node alone if it is a member); or 'Path: ' with an open "
            "path that is not causal, in the stated directions such as A <- B <-> C, where <-> is a hidden cause, and "
            "'Open: ' with a reason for each inner node, separated by semicolons, or 'none': 'B chain', 'B fork', or "
            "'B collider via B -> D' with a directed path to a member of the set (via B if B itself is one); a node "
            "with a hidden cause on both sides is a collider. If yes, write 'Yes', then 'Forbidden: ' with the nodes "
            "on causal paths without the treatment and all that they lead to, then 'From child: ' and 'From parent: ' "
            "with the nodes that the Bayes ball, which starts at the treatment, enters from a child (the treatment "
            "included) and from a parent in the graph without the first edges of causal paths, hidden causes being "
            "parents that are not listed, and 'Ancestors: ' with the set and all its ancestors, separated by commas, "
            "or 'none'."
        ),
        labels=(*_FORBIDDEN, *_OPEN, *_YES),
        write=write_proof,
        judge=judge_proof,
    ),
    "trace": TRACE_FORM,
    **SET_FORMS,
    "options": OPTION_FORM,
}
"""Forms of answer in addition to Yes/No."""
