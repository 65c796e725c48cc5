"""Reads answers from what language models write: the one reader of evaluation, rewards and harnesses."""

from __future__ import annotations

import re

UNPARSABLE = -1
"""The answer of a text that is neither Yes nor No; it counts as wrong."""

_REASONING = r"(?:think|thinking|thought|reasoning|reflection)"
_CLOSED = re.compile(rf"<{_REASONING}>.*?</{_REASONING}>", re.DOTALL | re.IGNORECASE)
_UNOPENED = re.compile(rf".*</{_REASONING}>", re.DOTALL | re.IGNORECASE)
_UNCLOSED = re.compile(rf"<{_REASONING}>.*", re.DOTALL | re.IGNORECASE)
_BOXED = re.compile(r"\\boxed\{\s*(?:\\text\{)?\s*(?P<answer>yes|no)\s*\}", re.IGNORECASE)
_OPENS = re.compile(r"\W*(?P<answer>yes|no)\b(?!\s+(?:or|and)\s)\W*", re.IGNORECASE)
_STATED = re.compile(r"\banswer\W*(?:\s+is)?\W+(?P<answer>yes|no)\b(?!\W+or\b)", re.IGNORECASE)


def parse_answer(text: str | None) -> int:
    r"""Reads a Yes or a No from what a model wrote.

    The answer opens the text, follows "answer:" or "answer is", is in a `\boxed{}`, or is alone on the last line: a
    "no" inside of an argument is not an answer. Reasoning in `<think>` or a similar tag is removed first, also if its
    opening tag was part of the prompt.

    Returns:
        `int`: 1 for Yes, 0 for No, `UNPARSABLE` for everything else.

    Example:

    ```python
    >>> [parse_answer(text) for text in (" Yes.", "**No**", "The answer is: yes", "There is no path", "", None)]
    [1, 0, 1, -1, -1, -1]
    >>> parse_answer("Is the answer no? Wait, yes.</think>\n\nYes")
    1

    ```
    """
    text = without_reasoning(text or "")
    lines = text.splitlines()
    match = _OPENS.match(text) or _BOXED.search(text) or _STATED.search(text)
    match = match or (_OPENS.fullmatch(lines[-1].strip()) if lines else None)
    return UNPARSABLE if match is None else int(match["answer"].lower() == "yes")


def without_reasoning(text: str) -> str:
    """Returns a reply without the text in reasoning tags, of which one may lack its opening or its closing tag."""
    for pattern in (_CLOSED, _UNOPENED, _UNCLOSED):
        text = pattern.sub("", text)
    return text.strip()
