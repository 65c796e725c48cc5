"""Rewards for reinforcement learning: a program checks the answer and its proof.

For your own script with TRL:

```python
>>> import hf_causal
>>> rows = reward_rows(hf_causal.create("transitivity", rows=4, seed=0), form="proof")
>>> sorted(set(rows.column_names) - {"premise", "question"})[-3:]
['prompt', 'row_prompt', 'structure']

```

and then `GRPOTrainer(model, reward_funcs=proof_reward, train_dataset=rows, …)`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import datasets

from hf_causal.evaluation.language_models.prompts import PromptFormat
from hf_causal.scoring import Score, score
from hf_causal.tasks.answering import applies

Completion = str | Sequence[dict[str, Any]]
"""What a model wrote: text, or messages whose last one is the model's."""


def proof_reward(
    completions: Sequence[Completion],
    row_prompt: Sequence[str],
    form: Sequence[str] | str = "proof",
    log_metric: Callable[[str, float], None] | None = None,
    **columns: Any,
) -> list[float]:
    """Returns the score of each completion: 1 for a valid proof of the right answer, see [`score`].

    It is a plain function: picklable, without state, and to be passed to TRL's `GRPOTrainer` as it is.

    Args:
        completions (sequence): Texts or conversations.
        row_prompt (sequence of `str`): Premise and question of each row, a column of [`reward_rows`].
        form (`str` or sequence of `str`): Form of the answers; a column of [`reward_rows`], too.
        log_metric (callable, *optional*): TRL's; the shares of right answers, valid proofs and readable replies are
            logged by it.
        **columns: Further columns, which are not used.

    Example:

    ```python
    >>> question = "A causes B. B causes C. Does A cause C?"
    >>> proof_reward(["Yes\\nPath: A -> B -> C", "Yes\\nPath: A -> C"], [question, question])
    [1.0, 0.0]

    ```
    """
    forms = [form] * len(completions) if isinstance(form, str) else form
    scores = [
        score(_text(completion), {"prompt": prompt}, one_form)
        for completion, prompt, one_form in zip(completions, row_prompt, forms, strict=True)
    ]
    if log_metric is not None and scores:
        for name, share in shares(scores).items():
            log_metric(name, share)
    return [one.value for one in scores]


def shares(scores: Sequence[Score]) -> dict[str, float]:
    """Returns the shares of right answers, valid proofs and readable replies."""
    counts = {
        "answer_right": sum(bool(one.answer_right) for one in scores),
        "proof_valid": sum(bool(one.proof_valid) for one in scores),
        "readable": sum(one.readable for one in scores),
    }
    return {name: count / len(scores) for name, count in counts.items()}


def reward_rows(
    rows: datasets.Dataset, form: str = "proof", conversational: bool = True, prompt_format: PromptFormat | None = None
) -> datasets.Dataset:
    """Returns rows whose `prompt` asks for a form of answer, with what [`proof_reward`] reads.

    Args:
        rows (`datasets.Dataset`): Rows of a task, such as [`hf_causal.create`] makes; those whose question cannot be
            put in the form are left out.
        form (`str`): Such as `"proof"` or `"trace"`.
        conversational (`bool`): Whether prompts are messages, for a model with a chat template, or texts.
        prompt_format ([`PromptFormat`], *optional*): Of the prompts; that of evaluation without examples by default.

    Returns:
        `datasets.Dataset`: With `prompt`, `row_prompt` and `form` in addition to the other columns, without
            `completion`, which TRL would take for text to be continued.

    Raises:
        `ValueError`: If the task does not have the form.
    """
    asks = prompt_format or PromptFormat(form=form)

    def put(row: dict[str, Any]) -> dict[str, Any]:
        prompt = asks.messages(row["prompt"]) if conversational else asks.text(row["prompt"])
        return {"prompt": prompt, "row_prompt": row["prompt"], "form": form}

    kept = rows.filter(lambda row: applies(row, form))
    return kept.map(put, remove_columns=[name for name in ("completion",) if name in rows.column_names])


def _text(completion: Completion) -> str:
    return completion if isinstance(completion, str) else str(completion[-1]["content"])
