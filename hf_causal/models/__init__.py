"""Architectures. Importing this module registers them with the Auto classes of transformers."""

from __future__ import annotations

from typing import Any

from transformers import PreTrainedModel

from hf_causal.models.axiom import AxiomConfig, AxiomForCausalLM, AxiomModel, AxiomTokenizer
from hf_causal.models.axiom_looped import AxiomLoopedConfig, AxiomLoopedForSequenceClassification, AxiomLoopedModel
from hf_causal.models.axiom_recurrent import (
    AxiomRecurrentConfig,
    AxiomRecurrentForSequenceClassification,
    AxiomRecurrentModel,
)
from hf_causal.models.registry import MODEL_TYPES, make_model, make_tokenizer, model_class
from hf_causal.systems.system import load


def _push_to_hub(self: PreTrainedModel, repo_id: str, **options: Any) -> str:
    """Publishes the model with its card, see [`hf_causal.hub.push.push_model`], and returns the commit's address."""
    # Named by a string, since the room of the models imports nothing of what publishes them.
    publication = load("hf_causal.hub.push:push_model")(self, repo_id, **options)
    return publication.pull_request or f"{publication.url}/commit/{publication.commit}"


# Set here and not in the modeling files, which must run where this package is not installed.
for _model_type in MODEL_TYPES:
    model_class(_model_type).push_to_hub = _push_to_hub

__all__ = [
    "MODEL_TYPES",
    "AxiomConfig",
    "AxiomForCausalLM",
    "AxiomLoopedConfig",
    "AxiomLoopedForSequenceClassification",
    "AxiomLoopedModel",
    "AxiomModel",
    "AxiomRecurrentConfig",
    "AxiomRecurrentForSequenceClassification",
    "AxiomRecurrentModel",
    "AxiomTokenizer",
    "make_model",
    "make_tokenizer",
    "model_class",
]
