"""Reads prompts as data sets store them: with an instruction, labels before the parts, and without full stops.

The words that are removed are those of a fixed list, and change no answer; a task parses everything else.
"""

from __future__ import annotations

import re


def unwrap(*texts: str) -> tuple[str, ...]:
    """Removes what surrounds a prompt, or a premise and a question, and adds missing full stops.

    Removed are an instruction to answer with Yes or No before the premise, the labels `Premise:` and `Context:` before
    the premise, `Question:` and `Hypothesis:` before the question, and `Answer:` after it. A sentence also ends at the
    end of a line, before a question and at the end of a premise.

    Args:
        *texts (`str`): The prompt, or premise and question.

    Returns:
        `tuple`: Premise and question where a label or a second text separates them, otherwise the prompt.

    Example:

    ```python
    >>> unwrap("Answer the following question with ONLY 'Yes' or 'No'.\\n\\nPremise: A causes B. Does A cause B?")
    ('A causes B. Does A cause B?',)
    >>> unwrap("Premise: A causes B\\nQuestion: Does A cause B?\\nAnswer:")
    ('A causes B.', 'Does A cause B?')

    ```
    """
    premise, *questions = texts
    for beginning in (_INSTRUCTION, _PREMISE):
        premise = premise.lstrip()
        if match := beginning.match(premise):
            premise = premise[match.end() :]
    if not questions:
        premise, *questions = _QUESTION.split(_ANSWER.sub("", premise), maxsplit=1)
    if not questions:
        return (_end_before_question(_end_lines(premise)),)
    question = _ANSWER.sub("", questions[0].lstrip())
    if match := _QUESTION.match(question):
        question = question[match.end() :]
    return end_sentence(_end_lines(premise)), " ".join(question.split())


def end_sentence(text: str) -> str:
    """Removes blanks around a text and adds a full stop unless it ends with a mark or is empty."""
    text = text.strip()
    return text if not text or text.endswith(_MARKS) else f"{text}."


def _end_lines(text: str) -> str:
    """Returns the lines as sentences on one line."""
    lines = [" ".join(line.split()) for line in text.splitlines()]
    *statements, last = [line for line in lines if line] or [""]
    return " ".join([*map(end_sentence, statements), last])


def _end_before_question(text: str) -> str:
    """Ends a sentence before the question at the end of a text, which the last of a few words begins."""
    starts = [match.start() for match in (*_QUESTION_WORD.finditer(text), *_QUANTITY.finditer(text))]
    return f"{end_sentence(text[: starts[-1]])}{text[starts[-1] :]}" if starts else text


_MARKS = (".", "?", "!", ":", ";", ",")
_INSTRUCTION = re.compile(
    r"answer (?:the (?:following )?|this )?question(?: below)? (?:with|by|using) (?:only |just |either |exactly )*"
    r"['\"‘“`]?yes[’'\"”`]? or ['\"‘“`]?no[’'\"”`]?(?: only)?[.:]",
    re.IGNORECASE,
)
_PREMISE = re.compile(r"(?:premises?|context)[ \t]*:", re.IGNORECASE)
_QUESTION = re.compile(r"\b(?:question|hypothesis)[ \t]*:", re.IGNORECASE)
_ANSWER = re.compile(r"(?<=[?.\s])answer[ \t]*:\s*\Z", re.IGNORECASE)
_QUANTITY = re.compile(
    r" (?=what (?:is|are) )|(?<!what) (?=is the (?:probability|average|controlled|natural) )", re.IGNORECASE
)
_QUESTION_WORD = re.compile(r" (?=(?:does|do|can|(?:are|is)(?! held )) )", re.IGNORECASE)
