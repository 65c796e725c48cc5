"""The Python files that a model repository carries, so that it loads where this package is not installed."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

from hf_causal.hub.errors import PublishError


def with_code(folder: Path, config: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Path]]:
    """The config with its full `auto_map`, and the flat Python files that the map needs.

    The files of the folder are taken where it has all of them: the weights were saved beside them. The package's own
    serve otherwise, all of them, since two versions would not fit each other.

    Args:
        folder (`Path`): Model folder.
        config (`dict`): Its `config.json`.

    Raises:
        [`PublishError`]: If the config names code that neither the folder nor this package has.
    """
    from hf_causal.models.registry import MODEL_TYPES, model_class

    source = None
    if config.get("model_type") in MODEL_TYPES:
        source = Path(inspect.getfile(model_class(config["model_type"]))).parent
        config = {**config, "auto_map": {**_auto_map(config["model_type"]), **config.get("auto_map", {})}}
    needed = {reference.split(".")[0] for reference in config.get("auto_map", {}).values() if "--" not in reference}
    if not needed:
        return config, {}
    for place in (folder, source):
        if place is not None and (files := _collect(place, needed)):
            return config, files
    names = ", ".join(f"{name}.py" for name in sorted(needed))
    raise PublishError(f"the `auto_map` of {str(folder / 'config.json')!r} needs {names}, which the folder lacks")


def dump_config(config: dict[str, Any]) -> bytes:
    """A config as transformers writes it."""
    return (json.dumps(config, indent=2, sort_keys=True) + "\n").encode()


def _auto_map(model_type: str) -> dict[str, str]:
    from transformers import AutoConfig

    return AutoConfig.for_model(model_type).auto_map


def _collect(folder: Path, modules: set[str]) -> dict[str, Path]:
    """The files of some modules and of what they import from beside them; empty when one is missing."""
    from transformers.dynamic_module_utils import get_relative_imports

    waiting, found = set(modules), dict[str, Path]()
    while waiting:
        path = folder / f"{waiting.pop()}.py"
        if not path.is_file():
            return {}
        found[path.name] = path
        waiting |= {name for name in get_relative_imports(path) if f"{name}.py" not in found}
    return found
