"""Recipe files and options of earlier versions, in which the options of all objectives were fields of the recipe."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from hf_causal.training.objectives import objective_class

OLD_FIELDS: dict[str, Any] = {
    "batches": "pooled",
    "prompt_loss_weight": 0.0,
    "packing": True,
    "all_questions": False,
    "drawn_questions": 0,
    "sentence_loss_weight": 0.0,
    "name_loss_weight": 0.0,
    "gate_loss_weight": 0.0,
    "gate_learning_rate": None,
    "repeat_sentences": 0.0,
    "eqsim_weight": 0.0,
    "eqsim_version": "both",
    "eqsim_margin": 0.1,
}
"""Former fields with their defaults, which are options of an objective now."""
OLD_SWITCHES = ("compile", "cuda_graphs")
"""Former fields that `compile_mode` replaces."""


def upgrade_fields(values: Mapping[str, Any], model_type: str) -> dict[str, Any]:
    """Moves the former fields of a recipe file to its `objective` mapping and to `compile_mode`.

    Files of earlier versions list the options of all objectives. Those that the architecture's objective does not have
    are dropped if they have their default value; otherwise they stay, and are refused as unknown options.
    """
    upgraded = {name: value for name, value in values.items() if name not in OLD_FIELDS}
    known = {field.name for field in dataclasses.fields(objective_class(model_type).Options)}
    options = {
        name: values[name]
        for name, default in OLD_FIELDS.items()
        if name in values and (name in known or values[name] != default)
    }
    if options:
        upgraded["objective"] = {**options, **upgraded.get("objective", {})}
    return _upgrade_switches(upgraded)


def upgrade_overrides(overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Renames overrides of former fields: `packing` is `objective.packing`."""
    renamed = {f"objective.{name}" if name in OLD_FIELDS else name: value for name, value in overrides.items()}
    return _upgrade_switches(renamed)


def take_old_flags(arguments: Iterable[str]) -> tuple[list[str], dict[str, Any]]:
    """Renames former options of the command line, and takes `--compile true` and `--cuda-graphs true` out of it.

    Returns:
        `tuple`: The arguments that [`RecipeReader.parse_overrides`] reads, and the overrides that were taken out.
    """
    remaining: list[str] = []
    overrides: dict[str, Any] = {}
    rest = iter(arguments)
    for argument in rest:
        name, equals, value = argument.removeprefix("--").partition("=")
        name = name.replace("-", "_")
        if argument.startswith("--") and name in OLD_SWITCHES:
            overrides[name] = yaml.safe_load(value if equals else next(rest, ""))
        elif argument.startswith("--") and name in OLD_FIELDS:
            remaining.append(f"--objective.{name}{equals}{value}")
        else:
            remaining.append(argument)
    return remaining, overrides


def _upgrade_switches(values: Mapping[str, Any]) -> dict[str, Any]:
    """Replaces `cuda_graphs: true` by `compile_mode: reduce-overhead`, and `compile: true` by the default mode."""
    upgraded = {name: value for name, value in values.items() if name not in OLD_SWITCHES}
    for name in OLD_SWITCHES:
        if not isinstance(values.get(name, False), bool):
            raise ValueError(f"recipe field {name!r} must be true or false, got {values[name]!r}")
    if values.get("cuda_graphs"):
        upgraded["compile_mode"] = "reduce-overhead"
    elif values.get("compile"):
        upgraded["compile_mode"] = "default"
    elif "compile" in values:
        upgraded.setdefault("compile_mode", None)
    return upgraded
