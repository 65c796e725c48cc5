"""Judges answers that are a proof in labelled lines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from hf_causal.tasks.forms import Score
from hf_causal.tasks.shared.structured_replies import Reply, UnreadableReply


def judge_lines(
    reply: Reply,
    labels: Mapping[str, Sequence[str]],
    check: Callable[[str], Iterable[str]],
    right_answer: Callable[[], str],
) -> Score:
    """Judges an answer Yes or No with a proof in labelled lines.

    Args:
        reply ([`Reply`]): What is judged.
        labels (mapping): From `"Yes"` and `"No"` to the labels of their proofs, all of which the reply must have.
        check (callable): From the answer to the labels, each of which it yields before it checks its line; raises
            `ValueError` unless the lines prove the answer.
        right_answer (callable): Returns `"Yes"` or `"No"`; called only if the proof does not hold.

    Returns:
        [`Score`]: 1 where the proof holds, else 0 with the line that does not.

    Raises:
        [`UnreadableReply`]: If the reply has no answer.
    """
    if reply.answer is None:
        raise UnreadableReply("the reply has neither a Yes nor a No, or both")
    reached: list[str] = []
    try:
        reply.require_only(labels[reply.answer], f"the proof of a {reply.answer!r}")
        for label in check(reply.answer):
            reached.append(label)
    except ValueError as error:
        readable = not isinstance(error, UnreadableReply)
        right = reply.answer == right_answer()
        wrong_line = reply.line_of.get(reached[-1]) if reached else None
        return Score(0.0, right, False, str(error), wrong_line, readable, reply.lines_of(reached[:-1]))
    reason = f"the answer is {reply.answer!r}, and the proof holds"
    return Score(1.0, True, True, reason, right_lines=reply.lines_of(reached))
