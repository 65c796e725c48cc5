"""Scores replies to rows: the one function behind metrics, rewards and harnesses."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from hf_causal.tasks.answering import all_form_names, applicable_form, form_of_row, read_row
from hf_causal.tasks.forms import YES_NO, Score
from hf_causal.tasks.missing import INSUFFICIENT
from hf_causal.tasks.proving import prove
from hf_causal.tasks.shared.replies import UNPARSABLE, parse_answer
from hf_causal.tasks.shared.reply_numbers import read_answer
from hf_causal.tasks.shared.structured_replies import UnreadableReply, read_reply

__all__ = ["Score", "score"]


def score(reply: str | None, row: Mapping[str, Any], form: str | None = None) -> Score:
    """Scores a reply to a row.

    Args:
        reply (`str` or `None`): Text that a model wrote; `None` for a reply that never came.
        row (mapping): With `completion` (`"Yes"` or `"No"`) or `label` (1 or 0). The `prompt` of a row with neither is
            answered exactly.
        form (`str`, *optional*): How the question was put: `"yes-no"`, or a form of the row's task such as `"proof"`
            or `"trace"`. That of the row itself if not given: `"yes-no"`, or `"value"` where the answer is a number.

    Returns:
        [`Score`]: For `"yes-no"` the value is 1 for the right answer and 0 for a wrong or unreadable one. For other
        forms it is 1 for any valid proof of the right answer; a form's description says where there is credit between
        0 and 1.

    Raises:
        `ValueError`: For an unknown form, or a row whose answer is not Yes or No where the form is.

    Example:

    ```python
    >>> row = {"prompt": "A causes B. B causes C. Does A cause C?", "completion": "Yes"}
    >>> score("A causes B, which causes C. The answer is yes.", row).value
    1.0
    >>> score("Hard to say", row).reason
    'the reply has neither a Yes nor a No'
    >>> score("Yes\\nPath: A -> C", row, form="proof").reason
    "the premise does not state 'A causes C.'"

    ```
    """
    if form is None:
        form = form_of_row(row)
    if form == YES_NO:
        return _score_yes_no(reply, row)
    if "prompt" not in row and form not in all_form_names():
        raise ValueError(f"`form` must be one of {', '.join(all_form_names())}, got {form!r}")
    task, prompt = read_row(row)
    answer_form = applicable_form(task, prompt, form)
    try:
        return answer_form.judge(prompt, read_reply(reply, answer_form.labels))
    except UnreadableReply as error:
        return Score(0.0, False, False, str(error), readable=False)


def _score_yes_no(reply: str | None, row: Mapping[str, Any]) -> Score:
    expected, answer = _expected_answer(row), parse_answer(reply)
    if expected == INSUFFICIENT:
        return _score_insufficient(reply, answer)
    if answer == UNPARSABLE:
        return Score(0.0, False, reason="the reply has neither a Yes nor a No", readable=False)
    if answer == (expected == "Yes"):
        return Score(1.0, True, reason=f"the answer is {expected!r}")
    return Score(0.0, False, reason=f"the answer is {expected!r}, not {('No', 'Yes')[answer]!r}")


def _score_insufficient(reply: str | None, answer: int) -> Score:
    """Scores a reply to a row whose answer depends on what is missing."""
    if _says_insufficient(reply):
        return Score(1.0, True, reason=f"the answer is {INSUFFICIENT!r}")
    reason = f"the answer is {INSUFFICIENT!r}"
    if answer == UNPARSABLE:
        return Score(0.0, False, reason=f"{reason}, and the reply has none", readable=False)
    return Score(0.0, False, reason=f"{reason}, not {('No', 'Yes')[answer]!r}")


def _says_insufficient(reply: str | None) -> bool:
    lines = [line for line in (reply or "").splitlines() if line.strip()]
    try:
        return bool(lines) and read_answer(_ANSWER_IS.sub("", lines[-1]).strip(" *_`")).insufficient
    except UnreadableReply:
        return False


def _expected_answer(row: Mapping[str, Any]) -> str:
    answer = row.get("completion")
    if answer is None and row.get("label") in (0, 1):
        answer = ("No", "Yes")[row["label"]]
    if answer is None:
        answer = prove(row["prompt"]).answer
    if answer not in ("Yes", "No", INSUFFICIENT):
        raise ValueError(f"the row's `completion` must be 'Yes' or 'No', got {answer!r}")
    return answer


_ANSWER_IS = re.compile(r"^\W*(?:(?:the|my|final) )*answer(?: is)?\b\W*", re.IGNORECASE)
