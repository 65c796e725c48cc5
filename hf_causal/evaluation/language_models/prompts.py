"""How a question is put to a language model that was not trained on it, and how its answer is read."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import Any

import numpy as np

from hf_causal.tasks.proving import read
from hf_causal.tasks.registry import get_task, task_of_prompt

INSTRUCTION = "Answer the following question with ONLY 'Yes' or 'No'."
"""The instruction of arXiv 2407.07612."""


@dataclass(frozen=True)
class PromptFormat:
    """How every question is put.

    Args:
        instructed (`bool`): Whether the instruction stands before each question, as generated answers need it; the
            question alone otherwise, in the form of the corpora.
        shots (`int`): Examples with their answers before the question, the same for all questions of a grammar.
        seed (`int`): Of the choice of examples.
    """

    instructed: bool = True
    shots: int = 0
    seed: int = 0
    instruction: str = field(default=INSTRUCTION, init=False)

    def __post_init__(self) -> None:
        if not 0 <= self.shots <= 100:
            raise ValueError(f"`shots` must lie in 0 ... 100, got {self.shots}")

    def to_dict(self) -> dict[str, Any]:
        """The fields, for keys and scores."""
        return asdict(self)

    def messages(self, prompt: str) -> list[dict[str, str]]:
        """A conversation that ends with the question.

        Example:

        ```python
        >>> PromptFormat().messages("A causes B. Does A cause B?")[0]["content"].splitlines()
        ["Answer the following question with ONLY 'Yes' or 'No'.", '', 'A causes B. Does A cause B?']

        ```
        """
        turns = []
        for question, answer in self._examples(prompt):
            turns += [_turn("user", self._asked(question)), _turn("assistant", answer)]
        return [*turns, _turn("user", self._asked(prompt))]

    def text(self, prompt: str) -> str:
        """A text that an answer with a space before it goes on.

        Example:

        ```python
        >>> PromptFormat(instructed=False).text("A causes B. Does A cause B?")
        'A causes B. Does A cause B?'
        >>> PromptFormat().text("A causes B. Does A cause B?").splitlines()[-1]
        'Answer:'

        ```
        """
        cue = "\nAnswer:" if self.instructed else ""
        blocks = [f"{question}{cue} {answer}" for question, answer in self._examples(prompt)]
        blocks = [*([INSTRUCTION] if self.instructed else []), *blocks, f"{prompt}{cue}"]
        return "\n\n".join(blocks)

    def _asked(self, prompt: str) -> str:
        return f"{INSTRUCTION}\n\n{prompt}" if self.instructed else prompt

    def _examples(self, prompt: str) -> list[tuple[str, str]]:
        return draw_examples(task_of_prompt(prompt).name, self.shots, self.seed) if self.shots else []


@cache
def draw_examples(grammar: str, shots: int, seed: int) -> list[tuple[str, str]]:
    """Training questions with their answers: about different premises, as many Yes as No, in random order.

    Args:
        grammar (`str`): Name of the task.
        shots (`int`): How many; of an odd number one more is Yes or No by chance.
        seed (`int`): Of the choice and the order.
    """
    task = get_task(grammar)
    rows = task.generate_shard(task.configs[task.few_shot_config](), "train", 0)
    prompts, answers, graphs = (rows[name].to_pylist() for name in ("prompt", "completion", "graph_id"))
    random = np.random.default_rng(seed)
    wanted = ["Yes", "No"] * (shots // 2) + [("Yes", "No")[random.integers(2)]] * (shots % 2)
    wanted = [wanted[place] for place in random.permutation(shots)]
    chosen: list[int] = []
    used: set[str] = set()
    order = iter(random.permutation(len(prompts)).tolist() * 2)  # a row of the other answer may be of use later
    while len(chosen) < shots:
        row = next(order)
        if graphs[row] not in used and answers[row] == wanted[len(chosen)]:
            used.add(graphs[row])
            chosen.append(row)
    return [(prompts[row], answers[row]) for row in chosen]


def premise_and_question(prompt: str) -> tuple[str, str]:
    """A prompt as two texts, for models that read pairs; one that no grammar can read is split before its last
    sentence.

    Example:

    ```python
    >>> premise_and_question("A causes B. B causes C. Does A cause C?")
    ('A causes B. B causes C.', 'Does A cause C?')

    ```
    """
    try:
        parsed = read(prompt)[1]
    except ValueError:
        *premise, question = re.split(r"(?<=[.!?])\s+", prompt.strip())
        return " ".join(premise), question
    return parsed.premise, parsed.question_text


def _turn(role: str, content: str) -> dict[str, str]:
    return {"role": role, "content": content}
