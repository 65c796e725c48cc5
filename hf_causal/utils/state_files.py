"""The state of a program as a file that holds data only: tensors as safetensors, everything else as JSON.

A pickle runs code when it is read, and Python's own random state, optimizers and schedules are usually pickled. These
files hold the same values without code, bit for bit.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

_STRUCTURE = "structure"
"""Key of the JSON in the metadata of the file."""
PICKLE_SUFFIXES = (".bin", ".pkl", ".pickle", ".pt", ".pth", ".ckpt", ".distcp", ".metadata")
"""Ends of the names of files that torch and Accelerate pickle; none of them is ever opened."""


def write_state(path: str | Path, state: Any) -> None:
    """Writes nested dicts, lists and tuples of tensors, arrays, numbers, texts, booleans and `None` to a file.

    Raises:
        `TypeError`: For a value of another type.
        `SafetensorError` or `OSError`: If the file cannot be written.
    """
    tensors: dict[str, torch.Tensor] = {}
    structure = json.dumps(_encode(state, tensors))
    save_file(tensors, str(path), metadata={_STRUCTURE: structure, "format": "pt"})


def read_state(path: str | Path) -> Any:
    """Reads a file of [`write_state`], tensors on the CPU.

    Raises:
        `FileNotFoundError`: If it does not exist.
        `ValueError`: If it is not such a file.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f"there is no state file {str(path)!r}")
    try:
        with safe_open(str(path), framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (it is not a dict)
            return _decode(json.loads((file.metadata() or {})[_STRUCTURE]), tensors)
    except (SafetensorError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"{str(path)!r} is not a state file: {type(error).__name__}: {error}") from error


def list_pickles(folder: str | Path) -> list[str]:
    """Returns the files of a folder, by their path in it, that are pickles by their names."""
    folder = Path(folder)
    paths = (path for path in folder.rglob("*") if path.name.endswith(PICKLE_SUFFIXES) and not path.is_dir())
    return sorted(path.relative_to(folder).as_posix() for path in paths)


def _encode(value: Any, tensors: dict[str, torch.Tensor]) -> Any:
    """Returns a value as JSON, in which tensors are names, and adds them to `tensors`."""
    if isinstance(value, torch.Tensor):
        name = str(len(tensors))
        # A copy: safetensors refuses tensors that share memory, and tensors with gaps.
        tensors[name] = value.detach().cpu().clone(memory_format=torch.contiguous_format)
        return {"tensor": name}
    if isinstance(value, np.ndarray):
        return {"array": value.tolist(), "dtype": value.dtype.name}
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, dict):
        return {"dict": [[_encode(key, tensors), _encode(item, tensors)] for key, item in value.items()]}
    if isinstance(value, tuple):
        return {"tuple": [_encode(item, tensors) for item in value]}
    if isinstance(value, list):
        return [_encode(item, tensors) for item in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"a state file holds no {type(value).__name__}")


def _decode(value: Any, tensors: dict[str, torch.Tensor]) -> Any:
    if isinstance(value, list):
        return [_decode(item, tensors) for item in value]
    if not isinstance(value, dict):
        return value
    if "tensor" in value:
        return tensors[value["tensor"]]
    if "array" in value:
        return np.array(value["array"], dtype=np.dtype(str(value["dtype"])))
    if "tuple" in value:
        return tuple(_decode(item, tensors) for item in value["tuple"])
    return {_decode(key, tensors): _decode(item, tensors) for key, item in value["dict"]}
