"""The axiom decoder and its tokenizer. Importing this module registers them with the Auto classes of transformers."""

from transformers import AutoConfig, AutoModel, AutoModelForCausalLM

from .configuration_axiom import AxiomConfig
from .modeling_axiom import AxiomForCausalLM, AxiomModel
from .tokenization_axiom import AxiomTokenizer

AutoConfig.register(AxiomConfig.model_type, AxiomConfig, exist_ok=True)
AutoModel.register(AxiomConfig, AxiomModel, exist_ok=True)
AutoModelForCausalLM.register(AxiomConfig, AxiomForCausalLM, exist_ok=True)

# A saved model includes its code, so that it loads where this package is not installed.
AxiomConfig.register_for_auto_class()
AxiomModel.register_for_auto_class("AutoModel")
AxiomForCausalLM.register_for_auto_class("AutoModelForCausalLM")

__all__ = ["AxiomConfig", "AxiomForCausalLM", "AxiomModel", "AxiomTokenizer"]
