"""Group relative policy optimization (arXiv 2402.03300) with valid proofs as the reward, by TRL's `GRPOTrainer`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import datasets
import pyarrow as pa

from hf_causal.corpora import task_name
from hf_causal.posttraining.checkpoints import SafeCheckpoints
from hf_causal.posttraining.data import TrainingRows, load_rows
from hf_causal.posttraining.recipe import FinetuneRecipe
from hf_causal.posttraining.rewards import proof_reward, reward_rows
from hf_causal.posttraining.settings import RunSettings
from hf_causal.training.packing import describe_family

_DEFAULT_ROWS = 2000
"""Questions of a run where `train_rows` is not set: each is read, and eight answers to it are written."""


def grpo_rows(run: RunSettings, data_dir: str | None, conversational: bool) -> TrainingRows:
    """Returns the questions of a run: those of the config, or of the levels of difficulty, the easiest first."""
    recipe = run.recipe
    table = _level_rows(recipe) if recipe.levels else load_rows(_with_rows(recipe), "train", data_dir)
    rows = reward_rows(datasets.Dataset(table), recipe.form, conversational, run.prompt_format)
    labels = rows["label"][:]
    return TrainingRows(
        dataset=rows.select_columns(["prompt", "row_prompt", "form"]),
        dropped=table.num_rows - len(rows),
        answers=(labels.count(0), labels.count(1)),
        labels_are_classes=False,
        family=describe_family(table),
        groups=rows["graph_id"][:],
    )


def grpo_trainer(model: Any, tokenizer: Any, run: RunSettings, rows: TrainingRows, arguments: dict[str, Any]) -> Any:
    """Returns TRL's `GRPOTrainer`.

    It logs the reward, the shares of right answers, valid proofs and readable replies, and as `frac_reward_zero_std`
    the share of groups whose answers have equal rewards, which give no gradient.

    Raises:
        `ValueError`: If the answers of a step are no complete groups.
    """
    import trl

    class SafeGRPOTrainer(SafeCheckpoints, trl.GRPOTrainer):  # TRL is optional, and its class is known only here
        pass

    recipe = run.recipe
    config = trl.GRPOConfig(
        **{**arguments, **_without_validation(recipe)},
        num_generations=recipe.num_generations,
        max_completion_length=run.max_new_tokens,
        temperature=recipe.temperature,
        beta=recipe.beta,
        # A curriculum keeps its order.
        shuffle_dataset=not recipe.levels,
        log_completions=False,
    )
    return SafeGRPOTrainer(
        model=model,
        args=config,
        reward_funcs=proof_reward,
        train_dataset=rows.dataset,
        processing_class=tokenizer,
    )


def _without_validation(recipe: FinetuneRecipe) -> dict[str, Any]:
    """Returns the arguments for a run that keeps its last weights: its reward is measured at every step."""
    return {
        "eval_strategy": "no",
        "load_best_model_at_end": False,
        "metric_for_best_model": None,
        "save_strategy": "steps",
        "save_steps": recipe.eval_steps,
    }


def _with_rows(recipe: FinetuneRecipe) -> FinetuneRecipe:
    return recipe if recipe.train_rows is not None else replace(recipe, train_rows=_DEFAULT_ROWS)


def _level_rows(recipe: FinetuneRecipe) -> pa.Table:
    """Returns the same number of rows of each level."""
    from hf_causal.corpora.create import create

    levels = recipe.level_numbers
    each = -(-(recipe.train_rows or _DEFAULT_ROWS) // len(levels))
    task = task_name(recipe.corpus, recipe.config)
    tables = [create(task, rows=each, seed=recipe.seed, level=level).data.table for level in levels]
    return pa.concat_tables(tables, promote_options="default")
