"""Loads models whose every weight was saved: a weight that is missing, damaged or not a number is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from safetensors import SafetensorError

_LISTED = 3
"""Most weights that an error lists."""


class IncompleteModel(ValueError):
    """A model lacks weights, or has weights that cannot be read or are not finite."""


def load_complete(load: Callable[..., Any], model: str | Path, new_head: bool = False, **options: Any) -> Any:
    """Loads a model by `from_pretrained` of a class of transformers, and refuses an incomplete one.

    Args:
        load (callable): For example `AutoModelForCausalLM.from_pretrained`.
        model (`str` or `Path`): Folder or model on the Hub.
        new_head (`bool`): Whether weights outside of the base model may be missing or have another shape, for a head
            that is trained or replaced.
        **options: Further arguments of `load`.

    Returns:
        `PreTrainedModel`

    Raises:
        [`IncompleteModel`]: With the weights that are missing, of another shape or not finite.
        `OSError`, `ValueError`: As `load` does.
    """
    with _readable_weights(model), _without_load_report():
        loaded, info = load(model, output_loading_info=True, ignore_mismatched_sizes=True, **options)
    parameters = {name for name, _ in loaded.named_parameters(remove_duplicate=False)}
    missing = set(info["missing_keys"]) & parameters
    reshaped = {name for name, *_ in info["mismatched_keys"]}
    if new_head:
        base = f"{loaded.base_model_prefix}."
        missing, reshaped = ({name for name in names if name.startswith(base)} for names in (missing, reshaped))
    _refuse(model, "lacks the weights", missing)
    _refuse(model, "has weights of another shape than its config:", reshaped)
    require_finite(loaded, model)
    return loaded


def load_complete_adapter(base: Any, adapter: str | Path) -> Any:
    """Adds an adapter to its base model, and refuses an incomplete one.

    Raises:
        [`IncompleteModel`]: With the weights that are missing or not finite.
    """
    from peft import PeftModel, get_peft_model_state_dict, load_peft_weights

    with _readable_weights(adapter):
        adapted = PeftModel.from_pretrained(base, adapter)
        saved = load_peft_weights(str(adapter), device="cpu")
    expected = get_peft_model_state_dict(adapted, save_embedding_layers=False)
    _refuse(adapter, "lacks the weights", expected.keys() - saved.keys())
    require_finite(adapted, adapter)
    return adapted


def require_finite(model: torch.nn.Module, name: str | Path) -> None:
    """Raises [`IncompleteModel`] if a weight is infinite or not a number."""
    parameters = {parameter for parameter, _ in model.named_parameters(remove_duplicate=False)}
    _refuse(name, "has weights that are not finite:", _not_finite(model.state_dict().items(), parameters))


def _not_finite(tensors: Iterable[tuple[str, torch.Tensor]], parameters: set[str]) -> Iterator[str]:
    for name, tensor in tensors:
        # Weights in few bits have no infinities, and those that are not in memory cannot be checked.
        if not tensor.is_floating_point() or tensor.element_size() < 2 or tensor.is_meta:
            continue
        # Buffers may hold masks of minus infinity.
        if not (tensor.isfinite() if name in parameters else ~tensor.isnan()).all():
            yield name


def _refuse(model: str | Path, fault: str, names: Iterable[str]) -> None:
    if listed := sorted(names):
        more = f" and {len(listed) - _LISTED:,} more" if len(listed) > _LISTED else ""
        raise IncompleteModel(f"the model {str(model)!r} {fault} {', '.join(listed[:_LISTED])}{more}")


@contextmanager
def _readable_weights(model: str | Path) -> Iterator[None]:
    """Turns the errors of damaged files of weights into [`IncompleteModel`]."""
    try:
        yield
    except (SafetensorError, EOFError, UnpicklingError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise IncompleteModel(f"the weights of the model {str(model)!r} cannot be read: {reason}") from error


@contextmanager
def _without_load_report() -> Iterator[None]:
    """Silences the table of transformers about missing weights, which an error says in one line."""
    from transformers.utils import logging

    level = logging.get_verbosity()
    logging.set_verbosity_error()
    try:
        yield
    finally:
        logging.set_verbosity(level)
