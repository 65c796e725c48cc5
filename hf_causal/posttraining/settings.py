"""The settings that scoring and training of one fine-tuning run have in common."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hf_causal.corpora import task_name
from hf_causal.evaluation.language_models.prompts import PromptFormat
from hf_causal.posttraining.recipe import FinetuneRecipe
from hf_causal.tasks.answering import get_form
from hf_causal.tasks.forms import YES_NO
from hf_causal.tasks.registry import get_task
from hf_causal.utils.progress import Progress


@dataclass(frozen=True)
class RunSettings:
    """A recipe, and how it is run on this machine."""

    recipe: FinetuneRecipe
    output_dir: Path
    classifies: bool
    """Whether a classifier is trained, or a causal language model."""
    trust_remote_code: bool
    answers: str | Path | None
    """Folder that keeps the replies of language models."""
    progress: Progress | None
    say: Callable[[str], Any]
    """Called with a sentence when a step begins."""

    @property
    def prompt_format(self) -> PromptFormat:
        """The form of the questions, in training and evaluation."""
        return PromptFormat(instructed=self.recipe.generate, form=self.recipe.form)

    @property
    def writes(self) -> bool:
        """Whether answers are generated in evaluation, instead of comparing the likelihoods of Yes and No."""
        return self.recipe.generate or self.recipe.form != YES_NO

    @property
    def max_new_tokens(self) -> int:
        """Most tokens of a generated reply."""
        recipe = self.recipe
        if recipe.max_new_tokens is not None:
            return recipe.max_new_tokens
        if recipe.form == YES_NO:
            return 16
        return get_form(get_task(task_name(recipe.corpus, recipe.config)), recipe.form).token_limit
