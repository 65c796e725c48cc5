"""Judges answers that are written step by step, and names the first wrong line."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hf_causal.tasks.forms import Score
from hf_causal.tasks.shared.proofs import CertificateError
from hf_causal.tasks.shared.replies import UNPARSABLE, parse_answer
from hf_causal.tasks.shared.structured_replies import Reply, UnreadableReply

_ANSWER = "answer:"


def judge_steps(
    reply: Reply,
    is_step: Callable[[str], object],
    take_step: Callable[[str], None],
    conclude: Callable[[str], None],
    right_answer: str,
) -> Score:
    """Judges steps that end with a line `Answer: Yes` or `Answer: No`.

    Text before the first step is skipped; from there on, each line that is not empty has to be a right step.

    Args:
        reply ([`Reply`]): Its lines are read.
        is_step (callable): Whether a line has the form of a step.
        take_step (callable): Takes a line; raises `ValueError` if it is no step or does not hold.
        conclude (callable): Takes the answer; raises [`CertificateError`] unless the steps taken prove it.
        right_answer (`str`): `"Yes"` or `"No"`.

    Returns:
        [`Score`]: 1 where every step holds and the steps prove the answer, else 0 with the first wrong line.
    """
    lines = reply.lines
    start = next((index for index, line in enumerate(lines) if is_step(line)), None)
    if start is None:
        raise UnreadableReply("the reply has no step of the form")
    answer, answer_line = _answer(lines)
    number = start
    try:
        for number in range(start, answer_line):
            if lines[number].strip():
                take_step(lines[number])
        number = answer_line
        if answer is None:
            raise CertificateError("the steps do not end with 'Answer: Yes' or 'Answer: No'")
        conclude(answer)
    except ValueError as error:
        right = None if answer is None else answer == right_answer
        return Score(0.0, bool(right), False, f"line {number + 1}: {error}", first_wrong_line=number + 1)
    return Score(1.0, True, True, f"every step holds, and the answer is {answer!r}")


def _answer(lines: Sequence[str]) -> tuple[str | None, int]:
    """Returns the answer of the last line and the index of that line; the steps end there."""
    index = max((index for index, line in enumerate(lines) if line.strip()), default=0)
    text = lines[index].strip()
    parsed = parse_answer(text[len(_ANSWER) :]) if text.lower().startswith(_ANSWER) else UNPARSABLE
    return (None, len(lines)) if parsed == UNPARSABLE else (("No", "Yes")[parsed], index)
