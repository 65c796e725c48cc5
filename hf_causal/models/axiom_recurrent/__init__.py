"""The recurrent transformer. Importing this module registers it with the Auto classes of transformers."""

from transformers import AutoConfig, AutoModel, AutoModelForSequenceClassification

from .configuration_axiom_recurrent import AxiomRecurrentConfig
from .modeling_axiom_recurrent import AxiomRecurrentForSequenceClassification, AxiomRecurrentModel

AutoConfig.register(AxiomRecurrentConfig.model_type, AxiomRecurrentConfig, exist_ok=True)
AutoModel.register(AxiomRecurrentConfig, AxiomRecurrentModel, exist_ok=True)
AutoModelForSequenceClassification.register(
    AxiomRecurrentConfig, AxiomRecurrentForSequenceClassification, exist_ok=True
)

# A saved model includes its code, so that it loads where this package is not installed.
AxiomRecurrentConfig.register_for_auto_class()
AxiomRecurrentModel.register_for_auto_class("AutoModel")
AxiomRecurrentForSequenceClassification.register_for_auto_class("AutoModelForSequenceClassification")

__all__ = ["AxiomRecurrentConfig", "AxiomRecurrentForSequenceClassification", "AxiomRecurrentModel"]
