"""Custom tasks for lighteval: `lighteval accelerate … --custom-tasks "$(hf-causal harness lighteval)"`.

The rows of the data set NAME are read from `data/NAME`, where `hf-causal build` wrote them, or from the folder or data
set on the Hub that the environment variable `HF_CAUSAL_NAME` names, for example `HF_CAUSAL_AXIOMATIC`.
"""

from __future__ import annotations

import os
from functools import partial
from typing import Any

import numpy as np
from lighteval.metrics.metrics import Metrics
from lighteval.metrics.metrics_sample import SampleLevelComputation
from lighteval.metrics.utils.metric_utils import SampleLevelMetric
from lighteval.models.model_output import ModelResponse
from lighteval.tasks.lighteval_task import LightevalTaskConfig
from lighteval.tasks.requests import Doc, SamplingMethod

from hf_causal.evaluation.language_models.prompts import INSTRUCTION
from hf_causal.harnesses.splits import VALIDATION, HarnessSplit, harness_splits
from hf_causal.tasks.shared.replies import parse_answer
from hf_causal.tasks.shared.schema import LABELS

VERSION, GENERATE_VERSION = 1, 2
"""Versions of the tasks, and of those that generate; they change when the scores do."""
CHOICES = [f" {label}" for label in LABELS]
_MAX_NEW_TOKENS = 16


class ReadAnswer(SampleLevelComputation):
    """Whether the Yes or No in a generated text is correct, see [`parse_answer`]."""

    def compute(self, doc: Doc, model_response: ModelResponse, **kwargs: Any) -> float:
        """Returns 1 for a correct answer, 0 for a wrong or unreadable one."""
        return float(parse_answer(model_response.final_text[0]) == doc.gold_index)


GENERATED_ACCURACY = SampleLevelMetric(
    metric_name="acc",
    sample_level_fn=ReadAnswer(),
    category=SamplingMethod.GENERATIVE,
    corpus_level_fn=np.mean,
    higher_is_better=True,
)


def choice_prompt(line: dict[str, Any], task_name: str | None = None) -> Doc:
    """Returns a question whose answers are compared by their likelihood."""
    return Doc(task_name=task_name, query=line["prompt"], choices=CHOICES, gold_index=line["label"])


def generation_prompt(line: dict[str, Any], task_name: str | None = None) -> Doc:
    """Returns a question whose answer is generated, after the instruction."""
    instruction = f"{INSTRUCTION}\n\n"
    return Doc(
        task_name=task_name,
        query=instruction + line["prompt"],
        choices=CHOICES,
        gold_index=line["label"],
        instruction=instruction,
    )


def task_configs(one: HarnessSplit) -> list[LightevalTaskConfig]:
    """Returns `hf_causal_<task>:<member>`, by likelihood, and `hf_causal_<task>_generate:<member>`, by generation."""
    make = partial(
        LightevalTaskConfig,
        hf_repo=os.environ.get(f"HF_CAUSAL_{one.dataset.upper()}", f"data/{one.dataset}"),
        hf_subset=one.config,
        hf_avail_splits=list(one.splits),
        evaluation_splits=[one.split],
        few_shots_split=VALIDATION if one.has_validation else None,
        few_shots_select="random_sampling",
    )
    by_likelihood = make(
        name=f"hf_causal_{one.task}:{one.member}",
        prompt_function=choice_prompt,
        metrics=[Metrics.loglikelihood_acc],
        version=VERSION,
    )
    by_generation = make(
        name=f"hf_causal_{one.task}_generate:{one.member}",
        prompt_function=generation_prompt,
        metrics=[GENERATED_ACCURACY],
        generation_size=_MAX_NEW_TOKENS,
        # An empty first line or a blank line in the reasoning must not cut off the answer.
        stop_sequence=[],
        version=GENERATE_VERSION,
    )
    return [by_likelihood, by_generation]


TASKS_TABLE = [config for one in harness_splits() for config in task_configs(one)]
