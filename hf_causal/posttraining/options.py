"""The options of `hf-causal finetune`, which are the fields of a recipe, and their help."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from hf_causal.posttraining.recipe import RECIPES, FinetuneRecipe

_EVALUATION_OPTION = "eval"
"""Option of `evaluations`; it may be repeated."""
_NO_CHECKPOINTING = "no_checkpointing"
"""Another name of `--no-gradient-checkpointing`."""


def parse_arguments(arguments: Iterable[str]) -> dict[str, Any]:
    """Reads `[MODEL] --lora --learning-rate 1e-4 --eval A --eval B …` into field values.

    Boolean fields are flags, with `--no-FIELD` to turn them off.

    Raises:
        `ValueError`: For an unknown field, a value of the wrong type, a missing value or a second MODEL.

    Example:

    ```python
    >>> parse_arguments(["gpt2", "--lora", "--no-checkpointing", "--eval", "corr2cause/default", "--seed=7"])
    {'lora': True, 'gradient_checkpointing': False, 'seed': 7, 'model': 'gpt2', 'evaluations': ('corr2cause/default',)}

    ```
    """
    options: list[str] = []
    models: list[str] = []
    evaluations: list[str] = []
    rest = deque(arguments)
    while rest:
        argument = rest.popleft()
        if not argument.startswith("--"):
            models.append(argument)
            continue
        name, equals, value = argument[2:].partition("=")
        if not equals:
            value = _flag_value(name, rest) or _next_value(name, rest)
        name = _fieldname(name)
        if name == _EVALUATION_OPTION:
            evaluations.append(value)
        else:
            options.append(f"--{name}={value}")
    if len(models) > 1:
        raise ValueError(f"expected one MODEL, got {', '.join(map(repr, models))}")
    overrides = RECIPES.parse_overrides(options)
    overrides |= {"model": models[0]} if models else {}
    return overrides | ({"evaluations": tuple(evaluations)} if evaluations else {})


def find_form(value: str) -> str | None:
    """Returns the form of answer that a value of `--answers` names, or `None` for a folder.

    Raises:
        `ValueError`: For a misspelled name of a form.

    Example:

    ```python
    >>> find_form("proof"), find_form("runs/replies")
    ('proof', None)

    ```
    """
    from hf_causal.tasks.answering import all_form_names

    forms = all_form_names()
    if value in forms:
        return value
    if "/" not in value and not Path(value).is_dir() and (near := get_close_matches(value, forms)):
        raise ValueError(
            f"`answers` must be a form, {', '.join(forms)}, or a folder; got {value!r}: {near[0]!r}, or './{value}' "
            "for a folder of that name"
        )
    return None


def option_help() -> dict[str, list[tuple[str, str]]]:
    """Returns, for each group of fields, the names of their options and their help with the default."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for field in fields(FinetuneRecipe):
        if field.name == "model":
            continue
        name = _EVALUATION_OPTION if field.name == "evaluations" else field.name.replace("_", "-")
        option = f"--{name}"
        default = field.default if field.default not in (None, "", ()) else None
        if field.name in _flags():
            option += "/--no-checkpointing" if field.name == "gradient_checkpointing" else f"/--no-{name}"
            default = "yes" if default else "no"
        text = field.metadata["help"] + (f" [{default}]" if default is not None else "")
        groups.setdefault(field.metadata["group"], []).append((option, text))
    return groups


def _flags() -> set[str]:
    """Returns the names of the boolean fields."""
    return {field.name for field in fields(FinetuneRecipe) if isinstance(field.default, bool)}


def _fieldname(option: str) -> str:
    """Returns the field of an option's name, without the `no-` of a flag."""
    name = option.replace("-", "_")
    if name == _NO_CHECKPOINTING:
        return "gradient_checkpointing"
    return name.removeprefix("no_") if name.removeprefix("no_") in _flags() else name


def _flag_value(option: str, rest: deque[str]) -> str | None:
    """Returns the value of a flag, which may follow it; `None` for other options."""
    if _fieldname(option) not in _flags():
        return None
    if option.startswith("no-"):
        return "false"
    return rest.popleft() if rest and rest[0] in ("true", "false") else "true"


def _next_value(option: str, rest: deque[str]) -> str:
    if not rest:
        raise ValueError(f"option --{option} needs a value")
    return rest.popleft()
