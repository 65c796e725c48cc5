"""The form of answer that finds forbidden nodes and then follows the Bayes ball step by step."""

from __future__ import annotations

import re

from hf_causal.tasks.adjustment.back_door import back_door, effect_nodes
from hf_causal.tasks.adjustment.proof import prove
from hf_causal.tasks.adjustment.text import Prompt
from hf_causal.tasks.d_separation.ball_trace import BallWalk, write_walk
from hf_causal.tasks.forms import AnswerForm, Score
from hf_causal.tasks.shared.proofs import CertificateError, Proof
from hf_causal.tasks.shared.reply_values import read_nodes, write_nodes
from hf_causal.tasks.shared.structured_replies import Reply
from hf_causal.tasks.shared.traces import judge_steps


def write_trace(prompt: Prompt, proof: Proof) -> str:
    """Writes the nodes on causal paths, the forbidden ones, and, if the set has none of them, the moves of the ball.

    Example:

    ```python
    >>> prompt = Prompt((("C", "A", True), ("C", "B", True), ("A", "B", True)), ("A", "B"))
    >>> print(write_trace(prompt, prove(prompt)))
    Causal: B
    Forbidden: B
    Ancestors: none
    Up A: up C
    Up C: down A, down B
    Answer: No

    ```
    """
    nodes, names = effect_nodes(prompt), prompt.names
    lines = [f"{label}: {write_nodes(sorted(true), names)}" for label, true in zip(_LISTS, nodes, strict=True)]
    if nodes.forbidden.isdisjoint(prompt.given):
        separation = back_door(prompt)
        lines.append(f"Ancestors: {write_nodes(sorted(separation.ancestors()), names)}")
        lines += write_walk(separation.start, separation.ends, names, separation.moves())
    return "\n".join([*lines, f"Answer: {proof.answer}"])


def judge_trace(prompt: Prompt, reply: Reply) -> Score:
    """Judges the steps: each line must list exactly what it says.

    The lines of the causal and the forbidden nodes come first. No is proved when the set has a forbidden node, or the
    ball gets to the outcome; Yes when it does not and all that it gets to has been looked up.
    """
    right = prove(prompt).answer
    walk = _AdjustmentWalk(prompt)
    return judge_steps(reply, walk.is_step, walk.take_step, walk.conclude, right)


class _AdjustmentWalk(BallWalk):
    """The lists and the moves of the ball that the steps of a reply have."""

    def __init__(self, prompt: Prompt) -> None:
        separation = back_door(prompt)
        moves, ancestors = separation.moves(), separation.ancestors()
        super().__init__(separation.start, separation.ends, prompt.names, moves, ancestors)
        self.true, self.given = dict(zip(_LISTS, effect_nodes(prompt), strict=True)), set(prompt.given)
        self.listed: list[str] = []

    def is_step(self, line: str) -> bool:
        """Returns whether a line has the form of a step."""
        return _LIST.match(line) is not None or super().is_step(line)

    def take_step(self, line: str) -> None:
        """Takes a line; raises `ValueError` if it is no step or does not hold."""
        if match := _LIST.fullmatch(line):
            self._take_list(match["label"].capitalize(), match["nodes"])
        elif len(self.listed) < len(_LISTS):
            raise CertificateError(f"the first lines must be {' and '.join(f'{label!r}' for label in _LISTS)}")
        else:
            super().take_step(line)

    def _take_list(self, label: str, text: str) -> None:
        if label in self.listed:
            raise CertificateError(f"{label!r} is listed twice")
        nodes, true = read_nodes(text, self.names, label), self.true[label]
        if len(nodes) != len(true) or set(nodes) != true:
            raise CertificateError(f"{label!r} should be {sorted(true)}, not {nodes}")
        self.listed.append(label)

    def conclude(self, answer: str) -> None:
        """Raises [`CertificateError`] unless the steps taken prove the answer."""
        if len(self.listed) < len(_LISTS):
            raise CertificateError(f"the steps lack {_LISTS[-1]!r} or {_LISTS[0]!r}")
        if members := self.given & self.true["Forbidden"]:
            if answer == "Yes":
                raise CertificateError(f"the set has {min(members)!r}, which is forbidden")
            return
        super().conclude(answer)


_LISTS = ("Causal", "Forbidden")
_LIST = re.compile(r"(?P<label>causal|forbidden)\s*:(?P<nodes>.+)", re.IGNORECASE)

TRACE_FORM = AnswerForm(
    title="Forbidden nodes and Bayes ball step by step",
    instruction=(
        "Answer step by step. First write 'Causal: ' with the nodes on directed paths from the treatment to the "
        "outcome, without the treatment, and 'Forbidden: ' with these nodes and all that they lead to, separated by "
        "commas. If the set has a forbidden node, go to the last line. Otherwise take away the first edge of each "
        "causal path, write 'Ancestors: ' with the set and all its ancestors, or 'none', and follow the Bayes ball: "
        "begin with 'Up X: ' for the treatment X and list where the ball moves next, 'up ' before a parent and 'down "
        "' before a child, separated by commas, or 'none'; a hidden cause is a parent that is passed at once, down to "
        "both its effects. Write such a line once for each 'up' and 'down' that you reach, until you reach the "
        "outcome or nothing is left. The last line is 'Answer: Yes' or 'Answer: No'."
    ),
    labels=(),
    write=write_trace,
    judge=judge_trace,
    steps=True,
    token_limit=1024,
)
