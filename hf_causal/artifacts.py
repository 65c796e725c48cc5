"""Names of the files in a model or data set folder: the contract between the rooms that write and read them."""

from __future__ import annotations

LICENSE = "apache-2.0"
"""Licence on every card."""
CARD_FILE = "README.md"
RECIPE_FILE = "recipe.yaml"
SUMMARY_FILE = "training_summary.json"
"""Figures of a finished training."""
SCORES_FILE = "generalization.json"
"""Scores of a trained model."""
FINETUNING_FILE = "finetuning.json"
"""Scores before and after fine-tuning; a folder with this file was fine-tuned."""
REPORT_FILE = "report.md"
STUDIES_FILE = "studies.md"
"""Studies of a model, written by `benchmarks/studies.py`; the report ends with them."""
