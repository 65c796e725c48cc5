"""Ends the generation of an answer where it is complete, so that a model that writes on costs no time."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import torch
from transformers import StoppingCriteria

from hf_causal.tasks.answering import all_form_names
from hf_causal.tasks.forms import YES_NO
from hf_causal.tasks.registry import tasks

BLANK_LINE, ANSWER_LINE = "a blank line", "a line with the answer"
"""What ends an answer: of a text without chat template, as it ends the examples; and of a sequence of steps."""

PUBLISHED = "published"
"""The form of questions of other people's data sets, each of which says how it is answered."""

_ENDS = {
    BLANK_LINE: re.compile(r"\S[^\n]*\n[ \t]*\n"),
    ANSWER_LINE: re.compile(r"^\W*answer\W*:\s*\S[^\n]*\n", re.IGNORECASE | re.MULTILINE),
}


def ends_of_answer(form: str, chat_template: bool) -> tuple[str, ...]:
    """Returns what ends an answer of a form in addition to the model's end of the text.

    Yes and No have only the limit of tokens, since a model may think before it answers.

    Example:

    ```python
    >>> ends_of_answer("trace", chat_template=True), ends_of_answer("yes-no", chat_template=False)
    (('a line with the answer',), ())

    ```
    """
    if form == PUBLISHED:
        return () if chat_template else (BLANK_LINE,)
    if form not in all_form_names() or form == YES_NO:
        return ()
    steps = any(task.forms[form].steps for task in tasks().values() if form in task.forms)
    return (*([] if chat_template else [BLANK_LINE]), *([ANSWER_LINE] if steps else []))


def is_complete(text: str, ends: tuple[str, ...]) -> bool:
    """Returns whether a text has one of the ends of an answer.

    Example:

    ```python
    >>> is_complete("Yes\\nPath: A -> B\\n\\nB causes", (BLANK_LINE,)), is_complete("\\n\\nYes", (BLANK_LINE,))
    (True, False)

    ```
    """
    return any(_ENDS[end].search(text) for end in ends)


class AnswerIsComplete(StoppingCriteria):
    """Stops each row of a batch where its text has one of the ends of an answer.

    Args:
        decode (callable): From token ids to text.
        start (`int`): Number of tokens of the prompts.
        ends (tuple of `str`): See [`ends_of_answer`].
    """

    def __init__(self, decode: Callable[[list[int]], str], start: int, ends: tuple[str, ...]):
        self._decode, self._start, self._ends = decode, start, ends
        self._has_newline: dict[int, bool] = {}

    def __call__(self, input_ids: torch.Tensor, scores: Any, **kwargs: Any) -> torch.Tensor:
        """Returns a boolean a row, of shape `(rows,)`."""
        done = [self._is_done(row) for row in input_ids[:, self._start :].tolist()]
        return torch.tensor(done, device=input_ids.device)

    def _is_done(self, ids: list[int]) -> bool:
        last = ids[-1]
        if last not in self._has_newline:
            self._has_newline[last] = "\n" in self._decode([last])
        # Every end of an answer ends with a line, so that other tokens complete none.
        return self._has_newline[last] and is_complete(self._decode(ids), self._ends)
