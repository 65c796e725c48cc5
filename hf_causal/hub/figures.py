"""Checks of the figures that a model's files claim, before they are published."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from hf_causal.artifacts import FINETUNING_FILE, SCORES_FILE, STUDY_SCORES_FILE, SUMMARY_FILE
from hf_causal.hub.errors import PublishError

FIGURE_FILES = (SCORES_FILE, FINETUNING_FILE, STUDY_SCORES_FILE, SUMMARY_FILE)
_SHARES = ("accuracy", "precision", "recall", "f1")
"""Figures between 0 and 1."""


def check_figures(folder: Path) -> None:
    """Checks the scores and summaries of a model folder.

    Raises:
        [`PublishError`]: If a figure is not finite, a share is not between 0 and 1, or a file is not JSON.
    """
    for name in FIGURE_FILES:
        path = folder / name
        if not path.is_file():
            continue
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            wrong = wrong_figure(values)
        except (ValueError, RecursionError) as error:
            raise PublishError(f"{str(path)!r} is not JSON: {error}") from error
        if wrong:
            raise PublishError(f"{str(path)!r} holds an impossible figure, {wrong}: score the model again")
        if not isinstance(values, dict):
            raise PublishError(f"{str(path)!r} must be a JSON object, it is a {type(values).__name__}")


def wrong_figure(value: Any, name: str = "") -> str | None:
    """Returns the first impossible figure in nested JSON with its path, or `None`.

    Example:

    ```python
    >>> wrong_figure({"splits": {"reversed": {"accuracy": -5}}})
    'splits.reversed.accuracy is -5'
    >>> wrong_figure({"loss": 2.5, "accuracy": 1})

    ```
    """
    if isinstance(value, dict):
        items = ((f"{name}.{key}" if name else str(key), item) for key, item in value.items())
    elif isinstance(value, list):
        items = ((f"{name}[{index}]", item) for index, item in enumerate(value))
    else:
        is_wrong = isinstance(value, float) and not math.isfinite(value)
        if name.rpartition(".")[2] in _SHARES and value is not None:
            # A text is as wrong as a number out of range: it would reach the table of the Hub.
            is_wrong = is_wrong or isinstance(value, bool | str) or not 0 <= value <= 1
        return f"{name} is {value!r}" if is_wrong else None
    return next((wrong for wrong in (wrong_figure(item, path) for path, item in items) if wrong), None)
