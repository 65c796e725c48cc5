"""Writes prompts as stories or in Chinese, and reads them back.

A story names an everyday topic, or made-up things, and its variables; a Chinese prompt keeps the names of the row.
Nothing is read but what the templates of a task write.
"""

from __future__ import annotations

import re
from typing import Any

from hf_causal.tasks.registry import tasks
from hf_causal.tasks.shared.sentences import in_causal_order
from hf_causal.tasks.shared.stories.topics import ENGLISH, NONSENSE, Topic, draw_variables, topics
from hf_causal.tasks.shared.stories.wordings import split_story
from hf_causal.tasks.task import Task
from hf_causal.utils.randomness import Draws

SENSIBLE, CONTRARY, MEANINGLESS = "sensible", "contrary", "nonsense"
PLOTS = (SENSIBLE, CONTRARY, MEANINGLESS)
"""Whether causes may sensibly cause their effects, their effects them, or the names have no meaning."""


def write_story(task: Task, prompt: Any, plot: str, language: str, draws: Draws) -> tuple[Any, str, str]:
    """Writes a prompt as a story.

    Args:
        task ([`Task`]): The task of the prompt.
        prompt: A parsed prompt.
        plot (`str`): `"sensible"`, `"contrary"` or `"nonsense"`.
        language (`str`): `"en"` or `"zh"`; the same draws give the same story in both.
        draws ([`Draws`]): Random numbers.

    Returns:
        `tuple`: The prompt with the names of the story, its premise and its question.

    Raises:
        `ValueError`: If the task has no templates, or the topics have too few variables.
    """
    sentences = task.composition.take_apart(prompt)
    topic = NONSENSE if plot == MEANINGLESS else topics()[draws.below(len(topics()))]
    order = in_causal_order(sentences, task.composition.effects_first)
    variables = draw_variables(topic, len(order), draws)[language]
    if plot == CONTRARY:
        order.reverse()
    return _write(task, prompt, dict(zip(order, variables, strict=True)), topic, language, draws)


def write_plainly(task: Task, prompt: Any, language: str) -> tuple[Any, str, str]:
    """Writes a prompt in another language with the names that it has; returns as [`write_story`] does."""
    return _write(task, prompt, {}, None, language, Draws(0))


def _write(
    task: Task, prompt: Any, names: dict[str, str], topic: Topic | None, language: str, draws: Draws
) -> tuple[Any, str, str]:
    if language not in task.wordings:
        raise ValueError(f"the task {task.name} has no templates in the language {language!r}")
    renamed = task.composition.take_apart(prompt).rename(names)
    premise, asked = task.wordings[language].write(renamed, topic, draws)
    return task.composition.put_together(renamed, prompt), premise, asked


def is_story(text: str) -> bool:
    """Returns whether a text has the form of a story or of a Chinese prompt; it may still be unreadable."""
    return split_story(text) is not None


def join_story(premise: str, question: str) -> str:
    """Returns the text of a premise and a question."""
    return f"{premise}{' ' if premise.isascii() and premise else ''}{question}"


def split_question(text: str) -> tuple[str, str]:
    """Splits a story, or a Chinese prompt, into premise and question, each as it is written."""
    *premise, question = re.split(r"(?<=\.) |(?<=。)", text)
    return (" " if text.isascii() else "").join(premise), question


def read_story(text: str) -> tuple[Task, Any]:
    """Reads a story or a Chinese prompt.

    Returns:
        `tuple[Task, ParsedPrompt]`: The prompt has the names of the text.

    Raises:
        `ValueError`: With the sentence that cannot be read.

    Example:

    ```python
    >>> task, prompt = read_story("A导致B。B导致C。A是否导致C？")
    >>> task.name, str(prompt)
    ('transitivity', 'A causes B. B causes C. Does A cause C?')

    ```
    """
    split = split_story(text)
    if split is None:
        raise ValueError(f"the text {text[:80]!r} is neither a story nor a Chinese prompt")
    language, topic, statements, question = split
    for task in tasks().values():
        wording = task.wordings.get(language)
        sentences = wording and wording.read(statements, question, topic)
        if sentences:
            return task, task.composition.put_together(sentences, None)
    raise ValueError(_fault(language, topic, statements, question))


def _fault(language: str, topic: Topic | None, statements: list[str], question: str) -> str:
    """Returns which sentence of a story no task reads."""
    wordings = [task.wordings[language] for task in tasks().values() if language in task.wordings]
    about = "names such as 'A'" if topic is None else f"variables of the topic {topic.title[ENGLISH]!r}"
    for one in statements:
        if not any(wording.read_sentence(wording.statements, one, topic) for wording in wordings):
            return f"cannot read the sentence {one!r}: no template of a statement about {about} has this form"
    if not any(wording.read_question(question, topic) for wording in wordings):
        return f"cannot read the question {question!r}: no template of a question about {about} has this form"
    return f"cannot read the question {question!r} after these statements: no task has both"
