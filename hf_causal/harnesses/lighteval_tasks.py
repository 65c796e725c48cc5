"""Custom tasks for lighteval: `lighteval accelerate … --custom-tasks "$(hf-causal harness lighteval)"`.

The rows are read from `data/axiomatic`, `data/corr2cause` and `data/co_occurrence`, where `hf-causal build` wrote
them, or from the folders or data sets on the Hub that the environment variables `HF_CAUSAL_AXIOMATIC`,
`HF_CAUSAL_CORR2CAUSE` and `HF_CAUSAL_CO_OCCURRENCE` name.
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

from hf_causal.corpora import get_config
from hf_causal.evaluation.language_models.prompts import INSTRUCTION
from hf_causal.tasks.shared.replies import parse_answer
from hf_causal.tasks.shared.schema import LABELS

VERSION = 1
CHOICES = [f" {label}" for label in LABELS]


class ReadAnswer(SampleLevelComputation):
    """Whether the first Yes or No that the model wrote is right."""

    def compute(self, doc: Doc, model_response: ModelResponse, **kwargs: Any) -> float:
        """1 for a right answer, 0 for a wrong one and for none."""
        return float(parse_answer(model_response.final_text[0]) == doc.gold_index)


GENERATED_ACCURACY = SampleLevelMetric(
    metric_name="acc",
    sample_level_fn=ReadAnswer(),
    category=SamplingMethod.GENERATIVE,
    corpus_level_fn=np.mean,
    higher_is_better=True,
)


def choose(line: dict[str, Any], task_name: str | None = None) -> Doc:
    """A question whose answers are compared by their likelihood."""
    return Doc(task_name=task_name, query=line["prompt"], choices=CHOICES, gold_index=line["label"])


def generate(line: dict[str, Any], task_name: str | None = None) -> Doc:
    """A question whose answer is written, after the instruction."""
    query = f"{INSTRUCTION}\n\n{line['prompt']}"
    return Doc(
        task_name=task_name, query=query, choices=CHOICES, gold_index=line["label"], instruction=f"{INSTRUCTION}\n\n"
    )


def tasks(name: str, corpus: str, config: str, split: str) -> list[LightevalTaskConfig]:
    """The tasks of a split: `<family>:<name>` by likelihood and `<family>_generate:<name>` by what is written."""
    family, member = name.split(":")
    make = partial(
        LightevalTaskConfig,
        hf_repo=os.environ.get(f"HF_CAUSAL_{corpus.upper()}", f"data/{corpus}"),
        hf_subset=config,
        hf_avail_splits=list(get_config(corpus, config).splits),
        evaluation_splits=[split],
        few_shots_split=None if corpus == "axiomatic" else "validation",
        few_shots_select="random_sampling",
        version=VERSION,
    )
    return [
        make(name=name, prompt_function=choose, metrics=[Metrics.loglikelihood_acc]),
        make(
            name=f"{family}_generate:{member}",
            prompt_function=generate,
            metrics=[GENERATED_ACCURACY],
            generation_size=16,
            stop_sequence=["\n\n"],
        ),
    ]


def _all_tasks() -> list[LightevalTaskConfig]:
    found = []
    for family in ("transitivity", "d_separation"):
        config = f"{family}_generalization"
        for split in get_config("axiomatic", config).splits:
            found += tasks(f"hf_causal_{family}:{split}", "axiomatic", config, split)
    for config in ("default", "paraphrased", "refactored"):
        found += tasks(f"hf_causal_corr2cause:{config}", "corr2cause", config, "test")
    return found + tasks("hf_causal_co_occurrence:test", "co_occurrence", "co_occurrence", "test")


TASKS_TABLE = _all_tasks()
