"""Prompts for language models that were not trained on the tasks, and how their answers are read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from functools import cache, cached_property
from typing import Any

import numpy as np

from hf_causal.tasks.answering import all_form_names, applies, get_form, question_in_form, write_answer
from hf_causal.tasks.forms import YES_NO
from hf_causal.tasks.proving import read
from hf_causal.tasks.registry import get_task, task_of_prompt, tasks
from hf_causal.tasks.stories import is_story, split_question
from hf_causal.tasks.task import Task

INSTRUCTION = "Answer the following question with ONLY 'Yes' or 'No'."
"""The instruction of arXiv 2407.07612."""

_MAX_SHOTS = 100
Message = dict[str, str]


@dataclass(frozen=True)
class PromptFormat:
    """The form in which every question is put to a language model.

    Args:
        instructed (`bool`): Whether the instruction precedes each question, as generated answers need it. Otherwise
            the prompt is that of the data sets.
        shots (`int`): Examples with their answers before the question, the same for all questions of a task.
        seed (`int`): Seed of the choice of examples.
        form (`str`): Form of the answers, `yes-no` or one of a task's `forms`, whose instruction precedes the
            question, so that prompts begin with the same text, which is computed once.
    """

    instructed: bool = True
    shots: int = 0
    seed: int = 0
    form: str = YES_NO
    instruction: str = field(default=INSTRUCTION, init=False)

    def __post_init__(self) -> None:
        if not 0 <= self.shots <= _MAX_SHOTS:
            raise ValueError(f"`shots` must lie in 0 ... {_MAX_SHOTS}, got {self.shots}")
        if self.form not in all_form_names():
            raise ValueError(f"`form` must be one of {', '.join(all_form_names())}, got {self.form!r}")

    def to_dict(self) -> dict[str, Any]:
        """Returns the fields, for cache keys and scores."""
        fields = asdict(self)
        if self.form == YES_NO:
            del fields["form"]
        else:
            by_task = {task.name: task.forms.get(self.form) for task in tasks().values()}
            fields["instruction"] = {name: form.instruction for name, form in by_task.items() if form}
        return fields

    def messages(self, prompt: str) -> list[Message]:
        """Returns a conversation that ends with the question.

        Example:

        ```python
        >>> PromptFormat().messages("A causes B. Does A cause B?")[0]["content"].splitlines()
        ["Answer the following question with ONLY 'Yes' or 'No'.", '', 'A causes B. Does A cause B?']

        ```
        """
        instruction = self._instruction(prompt)
        beginning = f"{instruction}\n\n" if instruction else ""
        turns = []
        for question, answer in self._examples(prompt):
            turns += [_message("user", beginning + question), _message("assistant", answer)]
        return [*turns, _message("user", beginning + self._question(prompt))]

    def text(self, prompt: str) -> str:
        """Returns a text that is continued by a space and the answer.

        Example:

        ```python
        >>> PromptFormat(instructed=False).text("A causes B. Does A cause B?")
        'A causes B. Does A cause B?'
        >>> PromptFormat().text("A causes B. Does A cause B?").splitlines()[-1]
        'Answer:'

        ```
        """
        instruction = self._instruction(prompt)
        cue = "\nAnswer:" if instruction else ""
        blocks = [f"{question}{cue} {answer}" for question, answer in self._examples(prompt)]
        blocks = [*([instruction] if instruction else []), *blocks, f"{self._question(prompt)}{cue}"]
        return "\n\n".join(blocks)

    def _instruction(self, prompt: str) -> str:
        """Returns what asks for the answers, or an empty text."""
        if self.form == YES_NO:
            return INSTRUCTION if self.instructed else ""
        return get_form(_task_of(prompt), self.form).instruction

    def _question(self, prompt: str) -> str:
        return prompt if self.form == YES_NO else question_in_form({"prompt": prompt}, self.form)

    def _examples(self, prompt: str) -> list[tuple[str, str]]:
        if not self.shots:
            return []
        return draw_examples(_task_of(prompt).name, self.shots, self.seed, self.form)


class PromptRenderer:
    """Turns prompts into the text and the token ids of one tokenizer, in the same way for evaluation and training.

    Args:
        tokenizer (`PreTrainedTokenizerBase`): With or without a chat template.
        prompt_format ([`PromptFormat`]): The form of the questions.
        chat_template (`bool`): Whether to use the tokenizer's chat template, where it has one.
    """

    def __init__(self, tokenizer: Any, prompt_format: PromptFormat, chat_template: bool = True):
        self.tokenizer, self.prompt_format = tokenizer, prompt_format
        self.uses_chat_template = chat_template and tokenizer.chat_template is not None

    def render(self, prompt: str) -> str:
        """Returns the model's input text for a prompt."""
        if not self.uses_chat_template:
            return self.prompt_format.text(prompt)
        return self._apply_template(self.prompt_format.messages(prompt), add_generation_prompt=True)

    def with_answer(self, text: str, answer: str) -> str:
        """Appends an answer to a rendered prompt."""
        return f"{text}{'' if self.uses_chat_template else ' '}{answer}"

    def token_ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Tokenizes rendered prompts, with or without an answer."""
        # A chat template writes the special tokens itself.
        return self.tokenizer(list(texts), add_special_tokens=not self.uses_chat_template)["input_ids"]

    @cached_property
    def end_of_answer(self) -> str:
        """What follows an answer: the end of the turn or of the text; may be empty."""
        if not self.uses_chat_template:
            return self.tokenizer.eos_token or ""
        answer = "Yes"
        turns = [_message("user", "?"), _message("assistant", answer)]
        # Some templates end with a line break after the end of the turn; generation has stopped by then.
        return self._apply_template(turns, add_generation_prompt=False).rpartition(answer)[2].rstrip()

    def _apply_template(self, turns: list[Message], add_generation_prompt: bool) -> str:
        # Templates without a thinking mode ignore `enable_thinking`.
        return self.tokenizer.apply_chat_template(
            turns, tokenize=False, add_generation_prompt=add_generation_prompt, enable_thinking=False
        )


@cache
def draw_examples(task_name: str, shots: int, seed: int, form: str = YES_NO) -> list[tuple[str, str]]:
    """Draws training questions with their answers: of different premises, as many Yes as No, in random order.

    The questions of a task with other answers are drawn at random.

    Args:
        task_name (`str`): Name of the task.
        shots (`int`): Number of examples; of an odd number, one more is Yes or No at random.
        seed (`int`): Seed of the choice and the order.
        form (`str`): Form of the answers; questions that cannot be put in it are passed over. Yes/No means the
            form of the rows in a task with other answers.

    Raises:
        `ValueError`: For a form that the task does not have.
    """
    if form == YES_NO:
        form = get_task(task_name).answer_form
    prompts, answers, graphs = _training_questions(task_name)
    random = np.random.default_rng(seed)
    balanced = ["Yes", "No"] * (shots // 2) + [("Yes", "No")[random.integers(2)]] * (shots % 2)
    next_answers = [balanced[index] for index in random.permutation(shots)]
    drawn: list[int] = []
    used_graphs: set[str] = set()
    # Twice around, since a row that is passed over may have the answer that is needed later.
    order = iter(random.permutation(len(prompts)).tolist() * 2)
    while len(drawn) < shots:
        row = next(order)
        fits = graphs[row] not in used_graphs and answers[row] in (next_answers[len(drawn)], None)
        if fits and applies({"prompt": prompts[row]}, form):
            used_graphs.add(graphs[row])
            drawn.append(row)
    if form == YES_NO:
        return [(prompts[row], answers[row] or "") for row in drawn]
    examples = [{"prompt": prompts[row]} for row in drawn]
    return [(question_in_form(one, form), write_answer(one, form)) for one in examples]


@cache
def _training_questions(task_name: str) -> tuple[list[str], list[str | None], list[str]]:
    """Returns prompts, answers (`None` if neither Yes nor No) and graphs of the questions to draw examples from."""
    task = get_task(task_name)
    rows = task.generate_shard(task.configs[task.few_shot_config](**task.few_shot_options), "train", 0)
    answers = rows["completion"].to_pylist() if task.is_yes_no else [None] * rows.num_rows
    return rows["prompt"].to_pylist(), answers, rows["graph_id"].to_pylist()


def premise_and_question(prompt: str) -> tuple[str, str]:
    """Splits a prompt into premise and question; one that no task can read is split before its last sentence.

    Example:

    ```python
    >>> premise_and_question("A causes B. B causes C. Does A cause C?")
    ('A causes B. B causes C.', 'Does A cause C?')

    ```
    """
    if is_story(prompt):
        return split_question(prompt)
    try:
        parsed = read(prompt)[1]
    except ValueError:
        *premise, question = re.split(r"(?<=[.!?])\s+", prompt.strip())
        return " ".join(premise), question
    return parsed.premise, parsed.question_text


def _task_of(prompt: str) -> Task:
    """Returns the task of a prompt, also where it is a story."""
    return read(prompt)[0] if is_story(prompt) else task_of_prompt(prompt)


def _message(role: str, content: str) -> Message:
    return {"role": role, "content": content}
