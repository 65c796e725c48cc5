"""The looped reasoner. Importing this module registers it with the Auto classes of transformers."""

from transformers import AutoConfig, AutoModel, AutoModelForSequenceClassification

from .configuration_axiom_looped import AxiomLoopedConfig
from .modeling_axiom_looped import AxiomLoopedForSequenceClassification, AxiomLoopedModel

AutoConfig.register(AxiomLoopedConfig.model_type, AxiomLoopedConfig, exist_ok=True)
AutoModel.register(AxiomLoopedConfig, AxiomLoopedModel, exist_ok=True)
AutoModelForSequenceClassification.register(AxiomLoopedConfig, AxiomLoopedForSequenceClassification, exist_ok=True)

# A saved model includes its code, so that it loads where this package is not installed.
AxiomLoopedConfig.register_for_auto_class()
AxiomLoopedModel.register_for_auto_class("AutoModel")
AxiomLoopedForSequenceClassification.register_for_auto_class("AutoModelForSequenceClassification")

__all__ = ["AxiomLoopedConfig", "AxiomLoopedForSequenceClassification", "AxiomLoopedModel"]
