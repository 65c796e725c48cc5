"""The models of the page: each is loaded once and run by one thread at a time."""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING

from hf_causal.demo.hub_models import download, is_repo_id
from hf_causal.demo.limits import MAX_HUB_MODELS
from hf_causal.models.pretrained import released_models

if TYPE_CHECKING:
    from hf_causal.evaluation.predictors import ModelPredictor


class Models:
    """Released models, further folders, and models of the Hub where they are allowed.

    Args:
        folders (sequence of `Path`): Model folders in addition to the released ones; the first is the default.
        allow_hub (`bool`): Whether users may name any model on the Hub. Its code is never run.
    """

    def __init__(self, folders: tuple[Path, ...] = (), allow_hub: bool = False):
        named = {folder.resolve().name: folder for folder in folders}
        self.folders: dict[str, Path] = named | {k: v for k, v in released_models().items() if k not in named}
        self.allow_hub = allow_hub
        self._loaded: dict[str, ModelPredictor] = {}
        self._from_hub: OrderedDict[str, ModelPredictor] = OrderedDict()
        self._loading = threading.Lock()
        if not self.folders:
            raise FileNotFoundError("there is no model: give a folder with `--model`")

    @property
    def names(self) -> list[str]:
        """Returns the names in the menu, the default first."""
        return list(self.folders)

    def check(self, name: str) -> None:
        """Raises `ValueError` unless a request may name this model; a request cannot name a path."""
        if name in self.folders:
            return
        if not self.allow_hub:
            raise ValueError(f"`model` must be one of {', '.join(self.folders)}, got {name[:200]!r}")
        if not is_repo_id(name):
            raise ValueError(
                f"`model` must be one of {', '.join(self.folders)} or the name of a model on the Hub, "
                f"ORGANIZATION/NAME, got {name[:200]!r}"
            )

    def get(self, name: str) -> ModelPredictor:
        """Returns the model of a name, which is loaded at the first call.

        Raises:
            `ValueError`: If a request may not name it.
            `FileNotFoundError`: If it cannot be loaded.
        """
        self.check(name)
        if predictor := self._loaded.get(name) or self._from_hub.get(name):
            return predictor
        with self._loading:
            if name in self.folders:
                if name not in self._loaded:
                    self._loaded[name] = _load(self.folders[name])
                return self._loaded[name]
            if name not in self._from_hub:
                self._from_hub[name] = _load(download(name))
                while len(self._from_hub) > MAX_HUB_MODELS:
                    self._from_hub.popitem(last=False)
            return self._from_hub[name]


def _load(folder: Path) -> ModelPredictor:
    from hf_causal.evaluation.predictors import load_predictor

    predictor = load_predictor(folder, trust_remote_code=False)
    if not predictor.is_classifier:
        predictor.model.set_attn_implementation("eager")  # the only one that returns attention weights
    return predictor
