"""Evaluators of models that answer no questions: each sister system brings the module that scores its model."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from hf_causal.systems import system_of_model
from hf_causal.systems.system import load


class Evaluator(Protocol):
    """The interface of a system's evaluation module."""

    CARD: dict[str, Any]
    """What its models' cards say: `task` (as the Hub calls it, or `None`), `tags`, `usage` (Python that names
    `{repo_id}`), `about` and `sources` (Markdown)."""

    def evaluate(
        self,
        model: str | Path,
        corpus: str | None,
        config: str | None,
        data_dir: str | Path | None,
        limit: int | None,
        device: str | None,
        progress: Callable[[str, int], Callable[[int], Any]] | None,
    ) -> dict[str, Any]:
        """Scores with `model`, `dataset`, `config`, `hardware` and `date`, and `kind`, its architecture.

        `corpus` and `config` are the kind's own when not given; `limit` is the most rows of each cell.
        """
        ...

    def table(self, scores: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
        """Columns and rows for the command line."""
        ...

    def render(self, scores: dict[str, Any], folder: Path, plots: str) -> str:
        """The report as Markdown; its pictures go into `folder / plots`. Studies are read from the folder."""
        ...


def evaluator_of_type(model_type: str | None) -> Evaluator | None:
    """Returns the evaluator of an architecture; `None` for one that answers questions."""
    system = system_of_model(model_type)
    return load(system.evaluation) if system and system.evaluation else None


def evaluator_of_folder(model: str | Path) -> Evaluator | None:
    """Returns the evaluator of a model folder, or of a model on the Hub; `None` also where there is none."""
    return evaluator_of_type(_model_type(model))


def _model_type(model: str | Path) -> str | None:
    config = Path(model) / "config.json"
    if config.is_file():
        return json.loads(config.read_text(encoding="utf-8")).get("model_type")
    if Path(model).exists() or str(model).count("/") != 1:
        return None
    from transformers import PretrainedConfig

    try:
        return PretrainedConfig.get_config_dict(str(model))[0].get("model_type")
    except (OSError, ValueError):  # whoever loads it says what is wrong
        return None
