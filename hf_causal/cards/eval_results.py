"""Scores as the Hub shows them on a model's page and on the leaderboard of a data set: `.eval_results/*.yaml`."""

from __future__ import annotations

from typing import Any

import yaml
from huggingface_hub import EvalResultEntry, eval_result_entries_to_yaml

EVAL_RESULTS_FILE = ".eval_results/hf_causal.yaml"


def render_eval_results(scores: dict[str, Any], dataset_id: str) -> bytes:
    """Returns the YAML with one entry for each scored split.

    Args:
        scores (`dict`): Scores of one config, as `generalization.json` stores them.
        dataset_id (`str`): The data set on the Hub that holds the questions.

    Example:

    ```python
    >>> split = {"accuracy": 0.75, "n": 500, "stderr": 0.019}
    >>> scores = {"config": "transitivity_generalization", "date": "2026-11-24", "splits": {"reversed": split}}
    >>> print(render_eval_results(scores, "causal-lab/axiomatic").decode())
    - dataset:
        id: causal-lab/axiomatic
        task_id: reversed
      value: 0.75
      date: '2026-11-24'
      notes: accuracy on transitivity_generalization, 500 questions, standard error 0.019
    <BLANKLINE>

    ```
    """
    entries = [
        EvalResultEntry(
            dataset_id=dataset_id,
            task_id=split,
            value=round(score["accuracy"], 4),
            date=scores.get("date"),
            notes=f"accuracy on {scores['config']}, {score['n']:,} questions, standard error {score['stderr']:.3f}",
        )
        for split, score in scores["splits"].items()
    ]
    return yaml.safe_dump(eval_result_entries_to_yaml(entries), sort_keys=False, width=120).encode()
