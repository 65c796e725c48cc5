"""The sister systems: one folder each, known to everything else by one [`System`] object.

The registry is a list of folders. Nothing of a system is imported before it is used, and the core imports this module
alone, never a system's modules.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

from hf_causal.systems.system import System, SystemEvaluation, load

NAMES = (
    "sequences",
    "heterogeneity",
    "interventions",
    "equivariance",
)
"""The folders of the systems, one line each."""


@cache
def systems() -> dict[str, System]:
    """Returns the systems by name."""
    return {name: import_module(f"{__name__}.{name}").SYSTEM for name in NAMES}


def system_of_model(model_type: str | None) -> System | None:
    """Returns the system that an architecture belongs to, or `None` for an architecture of the core."""
    return next((system for system in systems().values() if model_type and system.model_type == model_type), None)


def objective_on_data(model_type: str | None, corpus: str | None) -> Any:
    """Returns the objective class that a system names for an architecture of the core on its data, or `None`."""
    for system in systems().values():
        reference = system.objectives.get(model_type or "")
        if reference and any(dataset.name == corpus for dataset in system.datasets):
            return load(reference)
    return None


def evaluation_of_model_type(model_type: str | None) -> SystemEvaluation | None:
    """Returns how a system scores an architecture, or `None` for one that answers questions."""
    system = system_of_model(model_type)
    return load(system.evaluation) if system and system.evaluation else None


__all__ = [
    "NAMES",
    "System",
    "SystemEvaluation",
    "evaluation_of_model_type",
    "objective_on_data",
    "system_of_model",
    "systems",
]
