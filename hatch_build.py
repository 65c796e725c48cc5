"""Build hook of hatchling: puts the small released models into the wheel, so that the demo answers without a network.

An editable install reads them from `model_cards/`, and copies of them in site-packages would make a second, incomplete
`hf_causal` folder there.
"""

from __future__ import annotations

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

MODELS = ("axiom-reasoner", "axiom-looped")
FILES = ("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "generalization.json")


class ReleasedModels(BuildHookInterface):
    """Adds the released models to wheels that are not editable."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Adds the files; `version` is `"editable"` or `"standard"`."""
        if version == "editable":
            return
        for name in (f"{model}/{file}" for model in MODELS for file in FILES):
            build_data["force_include"][f"{self.root}/model_cards/{name}"] = f"hf_causal/models/released/{name}"
