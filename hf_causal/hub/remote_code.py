"""The Python files of a model repository, with which it loads where this package is not installed."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

from hf_causal.hub.errors import PublishError
from hf_causal.models.registry import MODEL_TYPES, model_class


def with_code(folder: Path, config: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Path]]:
    """Returns a config with its complete `auto_map`, and the flat Python files that the map needs.

    The files of the folder are taken if it has all of them, since the weights were saved with them. Otherwise all
    files are the package's, since files of two versions may not work together.

    Args:
        folder (`Path`): Model folder.
        config (`dict`): Its `config.json`.

    Raises:
        [`PublishError`]: If the config names code that neither the folder nor this package has.
    """
    sources = [folder]
    if config.get("model_type") in MODEL_TYPES:
        sources.append(_package_folder(config["model_type"]))
        config = {**config, "auto_map": {**_auto_map(config["model_type"]), **config.get("auto_map", {})}}
    modules = _modules(config.get("auto_map", {}))
    if not modules:
        return config, {}
    for source in sources:
        if files := _collect(source, modules):
            return config, files
    names = ", ".join(f"{name}.py" for name in sorted(modules))
    raise PublishError(f"the `auto_map` of {str(folder / 'config.json')!r} needs {names}, which the folder lacks")


def package_code(model_type: str) -> dict[str, Path]:
    """Returns the files of the package that a model of an architecture needs, by name."""
    return _collect(_package_folder(model_type), _modules(_auto_map(model_type)))


def dump_config(config: dict[str, Any]) -> bytes:
    """Returns a config as transformers writes it."""
    return (json.dumps(config, indent=2, sort_keys=True) + "\n").encode()


def _auto_map(model_type: str) -> dict[str, str]:
    from transformers import AutoConfig

    return AutoConfig.for_model(model_type).auto_map


def _package_folder(model_type: str) -> Path:
    return Path(inspect.getfile(model_class(model_type))).parent


def _modules(auto_map: dict[str, str]) -> set[str]:
    """Returns the modules that an `auto_map` names, without those of other repositories (`REPO--module.Class`)."""
    return {reference.split(".")[0] for reference in auto_map.values() if "--" not in reference}


def _collect(folder: Path, modules: set[str]) -> dict[str, Path]:
    """Returns the files of some modules and of their relative imports; empty if one is missing."""
    from transformers.dynamic_module_utils import get_relative_imports

    pending, files = set(modules), dict[str, Path]()
    while pending:
        path = folder / f"{pending.pop()}.py"
        if not path.is_file():
            return {}
        files[path.name] = path
        pending |= {name for name in get_relative_imports(path) if f"{name}.py" not in files}
    return files
