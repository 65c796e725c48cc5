"""Files of a model or data set folder: their names, and the layout of the scores that several rooms read."""

from __future__ import annotations

from typing import Any

LICENSE = "apache-2.0"
"""Licence on every card."""
CARD_FILE = "README.md"
RECIPE_FILE = "recipe.yaml"
TRAINING_LOG_FILE = "training_log.jsonl"
SUMMARY_FILE = "training_summary.json"
"""Figures of a finished training."""
SCORES_FILE = "generalization.json"
"""Scores of a trained model."""
STUDY_SCORES_FILE = "studies.json"
"""Scores of the studies of a model."""
FINETUNING_FILE = "finetuning.json"
"""Scores before and after fine-tuning; a folder with this file was fine-tuned."""
REPORT_FILE = "report.md"
STUDIES_FILE = "studies.md"
"""Studies of a model, written by `benchmarks/studies.py`; the report ends with them."""


def all_scores(scores: dict[str, Any]) -> list[dict[str, Any]]:
    """Returns the scores of every config in a scores file: the first config without the others, then `further`."""
    return [{name: value for name, value in scores.items() if name != "further"}, *scores.get("further", [])]
