"""The models that come with the package: all of them in a clone, the small ones in a wheel, the others on the Hub."""

from __future__ import annotations

import json
import os
from pathlib import Path

_HERE = Path(__file__).resolve().parent
# A clone has all of them as they are pushed to the Hub, a wheel has those that `pyproject.toml` puts into this folder.
_SHELVES = (_HERE.parents[1] / "model_cards", _HERE / "released")
_ON_THE_HUB = ("axiom-cpu",)
"""Released models that are too large for a wheel; a Space preloads them."""
_READERS = ("axiom", "axiom_looped", "axiom_recurrent")
"""Architectures that answer questions."""


def released_models() -> dict[str, Path]:
    """Returns the folders of the released models that answer questions by name, the best first, without a request.

    Example:

    ```python
    >>> next(iter(released_models()))
    'axiom-reasoner'

    ```
    """
    folders: dict[str, Path] = {}
    for shelf in _SHELVES:
        for config in sorted(shelf.glob("*/config.json")):
            # Others, such as models of sequences, answer no questions.
            reads = json.loads(config.read_text(encoding="utf-8")).get("model_type") in _READERS
            if reads and (config.parent / "model.safetensors").is_file():
                folders.setdefault(config.parent.name, config.parent)
    for name in _ON_THE_HUB:
        if name not in folders and (folder := _preloaded(name)):
            folders[name] = folder
    return dict(sorted(folders.items(), key=lambda item: (_order(item[0]), item[0])))


def _order(name: str) -> int:
    """Returns a rank: the model that reads all grammars, then the looped reasoners, then the others."""
    return next(rank for rank, word in enumerate(("reasoner", "looped", "")) if word in name)


def _preloaded(name: str) -> Path | None:
    """The folder of a model that the cache of the Hub holds already, under the name of who runs this Space."""
    from huggingface_hub import try_to_load_from_cache

    owner = os.environ.get("SPACE_ID", "hf-causal/").split("/")[0]
    paths = [try_to_load_from_cache(f"{owner}/{name}", file) for file in ("config.json", "model.safetensors")]
    folders = {Path(path).parent for path in paths if isinstance(path, str)}
    return folders.pop() if len(folders) == 1 and all(isinstance(path, str) for path in paths) else None
