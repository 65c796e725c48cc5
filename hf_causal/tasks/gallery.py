"""Writes `GALLERY.md`: for every config of every task a published row with its answer and proof.

python -m hf_causal.tasks.gallery [FILE]
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hf_causal.tasks.answering import write_answer
from hf_causal.tasks.registry import tasks
from hf_causal.tasks.shared.explanations import keep_name
from hf_causal.tasks.task import Task

LONGEST_PROMPT = 700
"""Characters of a prompt; longer ones are shortened in the middle."""

_TYPICAL_LENGTH = 160
_HEADER = """\
# Gallery

One published row of every config: the prompt, the exact answer, and its proof in words, as the JSON certificate that
`hf_causal.tasks.proving.check` checks, and as a language model is asked to write it. The first row of each task has
every [form of answer](docs/answers.md). Written by `make gallery`; a test keeps it up to date.
"""


def render_gallery() -> str:
    """Returns the Markdown text of the gallery."""
    return "\n".join([_HEADER, *(section for task in tasks().values() for section in _task_section(task))])


def _task_section(task: Task) -> Iterator[str]:
    yield f"## {task.title}\n"
    for number, name in enumerate(task.configs):
        split, row = _choose_row(task, name, ("Yes", "No")[number % 2])
        yield _row_section(task, name, split, row)
        for form in task.forms if number == 0 else ("proof",):
            if form in task.forms and task.forms[form].applies(task.parse(row["prompt"])):
                yield _form_section(task, form, row)


def _choose_row(task: Task, name: str, answer: str) -> tuple[str, dict[str, Any]]:
    """Returns a split that is not for training, and a row of it with the answer, where answers are Yes or No.

    The row is of typical length, and its path, where it has one, is longer than one edge.
    """
    config = task.configs[name]()
    split = [split for split in config.splits if split != "train"][-1]
    rows = task.generate_shard(config, split, 0).slice(0, 2000).to_pylist()
    rows = [row for row in rows if row["completion"] == answer] if task.is_yes_no else rows
    return split, min(rows, key=lambda row: (row["hops"] == 1, abs(len(row["prompt"]) - _TYPICAL_LENGTH)))


def _row_section(task: Task, name: str, split: str, row: dict[str, Any]) -> str:
    explanation = task.explain(task.parse(row["prompt"]), json.loads(row["certificate"]), keep_name)
    return "\n".join(
        [
            f"### `{task.dataset.name}` / `{name}`",
            "",
            f"Split `{split}`, row `{row['graph_id']}`",
            "",
            "> " + shorten(row["prompt"]).replace("\n", "  \n> "),
            "",
            f"**{row['completion']}.** {explanation}",
            "",
            "```json",
            row["certificate"],
            "```",
            "",
        ]
    )


def _form_section(task: Task, name: str, row: dict[str, Any]) -> str:
    form = task.forms[name]
    question = f". {form.question(task.parse(row['prompt']))}" if form.question else ""
    return "\n".join([f"Form `{name}`: {form.title}{question}", "", "```text", write_answer(row, name), "```", ""])


def shorten(prompt: str) -> str:
    """Leaves out sentences in the middle of a long prompt, and says how many.

    Example:

    ```python
    >>> shorten("A causes B. Does A cause B?")
    'A causes B. Does A cause B?'
    >>> shorten(" ".join(["A causes B."] * 99) + " Does A cause B?").split(". ")[27:30]
    ['A causes B', '(… 44 sentences left out …)', 'A causes B']

    ```
    """
    if len(prompt) <= LONGEST_PROMPT:
        return prompt
    sentences = prompt.split(". ")
    start, end, length = 0, len(sentences), 0
    while start < end:
        length += len(sentences[start]) + len(sentences[end - 1]) + 4
        if length > LONGEST_PROMPT:
            break
        start, end = start + 1, end - 1
    return ". ".join([*sentences[:start], f"(… {end - start} sentences left out …)", *sentences[end:]])


if __name__ == "__main__":
    Path(sys.argv[1] if len(sys.argv) > 1 else "GALLERY.md").write_text(render_gallery(), encoding="utf-8")
