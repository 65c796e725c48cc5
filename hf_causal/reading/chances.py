"""Models in numbers: "B is 1 with probability 0.2 if A is 0", and a question about a quantity or which one is larger.

Such a text is read by its task or not at all; the task's message says which form a sentence should have.
"""

from __future__ import annotations

import re

from hf_causal.reading import tasks
from hf_causal.reading.names import key
from hf_causal.reading.problems import Unclear
from hf_causal.reading.reading import Mark, Question, Reading
from hf_causal.reading.source import Source

_STATES = re.compile(r"\bwith probability\b|\bP\s*\([^()|]*=", re.IGNORECASE)


def read_chances(stated: Source, asked: Source) -> Reading | None:
    """Reads a text that states probabilities; `None` for any other.

    Raises:
        [`Unclear`]: If its task cannot read all of it.
    """
    if not _STATES.search(stated.text.normal):
        return None
    texts = [text for text in (stated.text.normal.strip(), asked.text.normal.strip()) if text]
    try:
        task, prompt, names = tasks.quantity_prompt(texts)
    except ValueError as error:
        raise Unclear("no_class", 0, len(stated.text.normal), reason=str(error)) from None
    folded: dict[str, str] = {}
    for name in names:
        if (other := folded.setdefault(key(name), name)) != name:
            raise Unclear("same_thing", 0, len(stated.text.normal), name=name, other=other)
    marks = [
        Mark(source.field, 0, len(source.text.original), "relation", source.text.original)
        for source in (stated, asked)
        if source.text.original
    ]
    return Reading((), Question(task, ()), names, "en", tuple(marks), task=task, prompt=prompt)
