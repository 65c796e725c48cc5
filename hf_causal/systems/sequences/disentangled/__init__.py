"""The disentangled transformer. Importing this module registers it with the Auto classes of transformers."""

from transformers import AutoConfig, AutoModel

from .configuration_disentangled import DisentangledConfig
from .modeling_disentangled import DisentangledModel

AutoConfig.register(DisentangledConfig.model_type, DisentangledConfig, exist_ok=True)
AutoModel.register(DisentangledConfig, DisentangledModel, exist_ok=True)

# A saved model carries its code, so that it loads where this package is not installed.
DisentangledConfig.register_for_auto_class()
DisentangledModel.register_for_auto_class("AutoModel")

__all__ = ["DisentangledConfig", "DisentangledModel"]
