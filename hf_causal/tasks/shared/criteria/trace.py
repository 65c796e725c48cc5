"""Answers that look at the conditions of a criterion one after the other, step by step."""

from __future__ import annotations

from hf_causal.tasks.d_separation.ball_trace import STEP, BallWalk, is_looked_up, write_walk
from hf_causal.tasks.forms import Score
from hf_causal.tasks.shared.criteria.criterion import Condition, Criterion
from hf_causal.tasks.shared.criteria.forms import label_of
from hf_causal.tasks.shared.proofs import CertificateError
from hf_causal.tasks.shared.reply_values import read_nodes, write_nodes
from hf_causal.tasks.shared.structured_replies import Reply
from hf_causal.tasks.shared.traces import judge_steps


def write_trace(criterion: Criterion, names: frozenset[str], answer: str) -> str:
    """Writes where directed paths lead, and then the moves of the Bayes ball for each condition until one fails."""
    lines = [f"{label_of(criterion.reach.key)}: {write_nodes(sorted(criterion.reach.nodes), names)}"]
    if criterion.reach.holds:
        for condition in criterion.conditions:
            lines += _walk_lines(condition, names)
            if not condition.prove()[0]:
                break
    return "\n".join([*lines, f"Answer: {answer}"])


def _walk_lines(condition: Condition, names: frozenset[str]) -> list[str]:
    separation = condition.separation
    ancestors = f"Ancestors: {write_nodes(sorted(separation.ancestors()), names)}"
    return [ancestors, *write_walk(separation.start, separation.ends, names, separation.moves())]


def judge_trace(criterion: Criterion, names: frozenset[str], right: str, reply: Reply) -> Score:
    """Judges the steps: each line must list exactly what it says.

    The list of the directed paths comes first. Each line `Ancestors: …` begins the next condition, when the one before
    has been shown to hold. No is proved when a condition does not hold; Yes when all hold.
    """
    walk = _CriterionWalk(criterion, names)
    return judge_steps(reply, walk.is_step, walk.take_step, walk.conclude, right)


class _CriterionWalk:
    """The conditions that the steps of a reply have looked at so far."""

    def __init__(self, criterion: Criterion, names: frozenset[str]) -> None:
        self.criterion, self.names = criterion, names
        self.label = label_of(criterion.reach.key)
        self.is_listed = False
        self.walks: list[BallWalk] = []

    def is_step(self, line: str) -> bool:
        """Returns whether a line has the form of a step."""
        if match := STEP.match(line):
            return is_looked_up(match["node"], self.names)
        return line.partition(":")[0].strip().lower() == self.label.lower()

    def take_step(self, line: str) -> None:
        """Takes a line; raises `ValueError` if it is no step or does not hold."""
        label, _, text = line.partition(":")
        opening = label.strip().lower()
        if opening == self.label.lower():
            self._take_list(text)
        elif not self.is_listed:
            raise CertificateError(f"the first line must be '{self.label}: …'")
        else:
            if opening == "ancestors":
                self._begin()
            elif not self.walks:
                raise CertificateError("the first line of a condition must be 'Ancestors: …'")
            self.walks[-1].take_step(line)

    def _take_list(self, text: str) -> None:
        if self.is_listed:
            raise CertificateError(f"{self.label!r} is listed twice")
        nodes, true = read_nodes(text, self.names, self.label), self.criterion.reach.nodes
        if len(nodes) != len(true) or set(nodes) != true:
            raise CertificateError(f"{self.label!r} should be {sorted(true)}, not {nodes}")
        self.is_listed = True

    def _begin(self) -> None:
        """Begins the walk of the next condition."""
        if len(self.walks) == len(self.criterion.conditions):
            raise CertificateError("all conditions have been looked at")
        self._require(True)
        separation = self.criterion.conditions[len(self.walks)].separation
        self.walks.append(
            BallWalk(separation.start, separation.ends, self.names, separation.moves(), separation.ancestors())
        )

    def _require(self, holds: bool) -> None:
        """Raises [`CertificateError`] unless the last condition has been shown to hold, or not to hold."""
        if self.walks:
            separated = self.criterion.conditions[len(self.walks) - 1].separated
            self.walks[-1].conclude("Yes" if separated == holds else "No")
        elif self.criterion.reach.holds != holds:
            raise CertificateError(f"{self.label!r} shows {'nothing wrong' if not holds else 'that the answer is No'}")

    def conclude(self, answer: str) -> None:
        """Raises [`CertificateError`] unless the steps taken prove the answer."""
        if not self.is_listed:
            raise CertificateError(f"the first line must be '{self.label}: …'")
        self._require(answer == "Yes")
        if answer == "Yes" and len(self.walks) < len(self.criterion.conditions):
            raise CertificateError("not every condition has been looked at")
