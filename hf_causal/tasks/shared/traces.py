"""Judges answers that are written step by step, and names the first wrong line."""

from __future__ import annotations

import re
from collections.abc import Callable

from hf_causal.tasks.forms import Score
from hf_causal.tasks.shared.proofs import CertificateError
from hf_causal.tasks.shared.replies import UNPARSABLE, asks_question, parse_answer
from hf_causal.tasks.shared.structured_replies import Reply, UnreadableReply, check_end

_ANSWER = re.compile(r"(?:final\s+)?answer\s*:", re.IGNORECASE)


def judge_steps(
    reply: Reply,
    is_step: Callable[[str], object],
    take_step: Callable[[str], None],
    conclude: Callable[[str], None],
    right_answer: str | Callable[[str], bool],
) -> Score:
    """Judges steps that end with a line `Answer: Yes` or `Answer: No`, or with a line `Answer: ` and another answer.

    Text before the first step is skipped; from there to the answer, each line that is not empty has to be a right
    step. Steps with an answer before the last one are a first try and do not count; steps after the last answer are
    refused, and so is text there that states another answer.

    Args:
        reply ([`Reply`]): Its lines are read.
        is_step (callable): Whether a line has the form of a step.
        take_step (callable): Takes a line; raises `ValueError` if it is no step or does not hold.
        conclude (callable): Takes the answer; raises [`CertificateError`] unless the steps taken prove it.
        right_answer (`str` or callable): `"Yes"` or `"No"`, or whether the text of an answer is right.

    Returns:
        [`Score`]: 1 where every step holds and the steps prove the answer, else 0 with the first wrong line.

    Raises:
        [`UnreadableReply`]: If the reply has no step.
    """
    steps, answer = _last_try(reply, is_step, isinstance(right_answer, str))
    is_right = right_answer.__eq__ if isinstance(right_answer, str) else right_answer
    right = answer is not None and bool(is_right(answer))
    index, taken = steps.start, []
    try:
        for index in steps:
            if reply.lines[index]:
                take_step(reply.lines[index])
                taken.append(reply.numbers[index])
        index = steps.stop
        if answer is None:
            ends = "'Answer: Yes' or 'Answer: No'" if isinstance(right_answer, str) else "'Answer: …'"
            raise CertificateError(f"the steps do not end with {ends}")
        conclude(answer)
    except ValueError as error:
        number = reply.numbers[index] if index < len(reply.numbers) else reply.numbers[-1] + 1
        return Score(0.0, right, False, f"line {number}: {error}", number, right_lines=tuple(taken))
    taken.append(reply.numbers[steps.stop])
    return Score(1.0, True, True, f"every step holds, and the answer is {answer!r}", right_lines=tuple(taken))


def _last_try(reply: Reply, is_step: Callable[[str], object], yes_no: bool) -> tuple[range, str | None]:
    """Returns the indices of the lines of the last steps, and the answer that follows them."""
    start, end, stop = None, None, len(reply.lines)
    for index, line in enumerate(reply.lines):
        if end is not None and asks_question(line):  # a further question that the model makes up
            stop = index
            break
        if is_step(line) and (start is None or end is not None):
            start, end = index, None
        elif start is not None and end is None and _ANSWER.match(line):
            end = index
    if start is None:
        raise UnreadableReply("the reply has no step of the form")
    if end is None:
        return range(start, len(reply.lines)), None
    if not yes_no:
        check_end("\n".join(reply.lines[end + 1 : stop]), UNPARSABLE)
        return range(start, end), reply.lines[end].partition(":")[2]
    answer = parse_answer(reply.lines[end].partition(":")[2])
    check_end("\n".join(reply.lines[end + 1 : stop]), answer)
    return range(start, end), None if answer == UNPARSABLE else ("No", "Yes")[answer]
