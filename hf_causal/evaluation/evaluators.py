"""Evaluations of models that do not answer questions: each sister system scores its own architecture."""

from __future__ import annotations

import json
from pathlib import Path

from hf_causal.systems import SystemEvaluation, evaluation_of_model_type


def evaluation_of_model(model: str | Path) -> SystemEvaluation | None:
    """Returns how a sister system scores a model folder or a model on the Hub.

    `None` for a model that answers questions, and for one that cannot be read: loading it reports the error.
    """
    return evaluation_of_model_type(_model_type(model))


def _model_type(model: str | Path) -> str | None:
    config = Path(model) / "config.json"
    if config.is_file():
        return json.loads(config.read_text(encoding="utf-8")).get("model_type")
    if Path(model).exists() or str(model).count("/") != 1:
        return None
    from transformers import PretrainedConfig

    try:
        return PretrainedConfig.get_config_dict(str(model))[0].get("model_type")
    except (OSError, ValueError):  # the loader will report the error
        return None
