"""Models that answer no questions: what evaluates them, shows their scores and describes them, one module a kind."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

KINDS: dict[str, str] = {
    "disentangled": "hf_causal.evaluation.latent_graphs",
    "matrix_sensing": "hf_causal.evaluation.invariance",
    "two_tower": "hf_causal.evaluation.equivariance",
}
"""From architecture to the module that has the functions of a [`Kind`]; questions are scored for all others."""


class Kind(Protocol):
    """What such a module has."""

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


def kind_of(model_type: str | None) -> Kind | None:
    """The kind of an architecture; `None` for one that answers questions."""
    name = KINDS.get(model_type or "")
    return import_module(name) if name else None


def kind_of_model(model: str | Path) -> Kind | None:
    """The kind of a model folder, or of a model on the Hub; `None` also where there is none."""
    return kind_of(_model_type(model))


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
