"""The interface between the core and a sister system. Modules are named here as strings, and imported when used."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from hf_causal.tasks.shared.dataset import Dataset
from hf_causal.utils.progress import Progress

Scores = dict[str, Any]
"""Scores of a system's model, as `generalization.json` stores them. `kind` is the architecture."""


@dataclass(frozen=True)
class System:
    """A sister system: its data sets, model, objective, evaluation, page tab and command.

    A reference to code is the text `module` or `module:attribute`.
    """

    name: str
    title: str
    datasets: tuple[Dataset, ...] = ()
    """Published data sets, with the modules that generate them."""
    model_type: str | None = None
    """Architecture of the system's model."""
    model: str = ""
    """Module that defines `MODEL` (the model class), registers it with the Auto classes, and has
    `make_tokenizer() -> tokenizer or None`."""
    objective: str = ""
    """Class of the training objective; its attribute `Options` is the dataclass of a recipe's `objective` mapping."""
    objectives: Mapping[str, str] = field(default_factory=dict)
    """Classes of the objectives of architectures of the core on the system's data sets, by architecture."""
    evaluation: str = ""
    """A [`SystemEvaluation`]."""
    tab: str = ""
    """Function that adds the system's tab to the demo page."""
    command: str = ""
    """Function that adds the system's commands to the command line."""
    metrics: tuple[str, ...] = ()
    """Names of the metric folders under `spaces/metrics` that score this system."""


class Evaluate(Protocol):
    """The signature of a system's `evaluate`."""

    def __call__(
        self,
        model: str | Path,
        corpus: str | None,
        config: str | None,
        data_dir: str | Path | None,
        limit: int | None,
        device: str | None,
        progress: Progress | None,
    ) -> Scores:
        """Scores a model.

        Args:
            model (`str` or `Path`): Model folder, or model on the Hub.
            corpus, config (`str`, *optional*): The system's defaults if `None`.
            data_dir (`str` or `Path`, *optional*): Built corpus, or data set on the Hub; generated if `None`.
            limit (`int`, *optional*): Maximum number of rows of each cell.
            device (`str`, *optional*): A GPU if there is one and `None`.
            progress (callable, *optional*): Called with a title and a total; returns a function that takes the number
                of rows that were finished.

        Returns:
            `dict`: `kind`, `model`, `dataset`, `config`, `hardware`, `date`, and the system's scores.
        """
        ...


@dataclass(frozen=True)
class SystemEvaluation:
    """How a system's model is scored and described."""

    card: dict[str, Any]
    """Text of its models' cards: `task` (a task of the Hub or `None`), `tags`, `usage` (Python that names
    `{repo_id}`), `about` and `sources` (Markdown)."""
    evaluate: Evaluate
    table: Callable[[Scores], tuple[list[str], list[list[str]]]]
    """From scores to the columns and rows that the command line prints."""
    render: Callable[[Scores, Path, str], str]
    """From scores, a model folder and the name of its folder for figures to the report as Markdown. Writes the
    figures."""


def load(reference: str) -> Any:
    """Imports `module` or `module:attribute` and returns it."""
    module, _, attribute = reference.partition(":")
    loaded = import_module(module)
    return getattr(loaded, attribute) if attribute else loaded
