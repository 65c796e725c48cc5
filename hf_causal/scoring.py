"""Scores replies to rows: the one function behind metrics, rewards and harnesses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hf_causal.tasks.proving import prove
from hf_causal.tasks.shared.replies import UNPARSABLE, parse_answer


@dataclass(frozen=True)
class Score:
    """Score of one reply."""

    value: float
    """From 0 to 1."""
    answer_right: bool | None
    """Whether the answer is right; `None` for a form without one right answer."""
    proof_valid: bool | None = None
    """Whether the proof in the reply is valid; `None` for a form that asks for no proof."""
    reason: str = ""
    """Why the value is what it is."""


def score(reply: str | None, row: Mapping[str, Any], form: str = "yes-no") -> Score:
    """Scores a reply to a row.

    Args:
        reply (`str` or `None`): Text that a model wrote; `None` for a reply that never came.
        row (mapping): With `completion` (`"Yes"` or `"No"`) or `label` (1 or 0). The `prompt` of a row with neither is
            answered exactly.
        form (`str`): How the question was put: `"yes-no"`.

    Returns:
        [`Score`]: For `"yes-no"` the value is 1 for the right answer and 0 for a wrong or unreadable one.

    Raises:
        `ValueError`: For an unknown form, or a row whose answer is not Yes or No.

    Example:

    ```python
    >>> row = {"prompt": "A causes B. B causes C. Does A cause C?", "completion": "Yes"}
    >>> score("A causes B, which causes C. The answer is yes.", row)
    Score(value=1.0, answer_right=True, proof_valid=None, reason="the answer is 'Yes'")
    >>> score("Hard to say", row).reason
    'the reply has neither a Yes nor a No'

    ```
    """
    if form not in _FORMS:
        raise ValueError(f"`form` must be one of {', '.join(_FORMS)}, got {form!r}")
    return _FORMS[form](reply, row)


def _score_yes_no(reply: str | None, row: Mapping[str, Any]) -> Score:
    expected, answer = _expected_answer(row), parse_answer(reply)
    if answer == UNPARSABLE:
        return Score(0.0, False, reason="the reply has neither a Yes nor a No")
    if answer == (expected == "Yes"):
        return Score(1.0, True, reason=f"the answer is {expected!r}")
    return Score(0.0, False, reason=f"the answer is {expected!r}, not {('No', 'Yes')[answer]!r}")


def _expected_answer(row: Mapping[str, Any]) -> str:
    answer = row.get("completion")
    if answer is None and row.get("label") in (0, 1):
        answer = ("No", "Yes")[row["label"]]
    if answer is None:
        answer = prove(row["prompt"]).answer
    if answer not in ("Yes", "No"):
        raise ValueError(f"the row's `completion` must be 'Yes' or 'No', got {answer!r}")
    return answer


_FORMS: dict[str, Callable[[str | None, Mapping[str, Any]], Score]] = {"yes-no": _score_yes_no}
