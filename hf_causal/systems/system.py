"""The interface between the core and a sister system. Modules are named here as strings, and imported when used."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any

from hf_causal.tasks.shared.dataset import Dataset


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
    evaluation: str = ""
    """Module with `CARD`, `evaluate`, `table` and `render`, see [`hf_causal.evaluation.evaluators.Evaluator`]."""
    tab: str = ""
    """Function that adds the system's tab to the demo page."""
    command: str = ""
    """Function that adds the system's commands to the command line."""
    metrics: tuple[str, ...] = ()
    """Names of the metric folders under `spaces/metrics` that score this system."""


def load(reference: str) -> Any:
    """Imports `module` or `module:attribute` and returns it."""
    module, _, attribute = reference.partition(":")
    loaded = import_module(module)
    return getattr(loaded, attribute) if attribute else loaded
