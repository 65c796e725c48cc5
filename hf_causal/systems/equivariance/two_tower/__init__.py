"""Two small towers for pictures and captions. Importing this module registers them with the Auto classes."""

from transformers import AutoConfig, AutoModel

from .configuration_two_tower import TwoTowerConfig
from .modeling_two_tower import TwoTowerModel
from .tokenization_two_tower import TwoTowerTokenizer

AutoConfig.register(TwoTowerConfig.model_type, TwoTowerConfig, exist_ok=True)
AutoModel.register(TwoTowerConfig, TwoTowerModel, exist_ok=True)

# A saved model carries its code, so that it loads where this package is not installed.
TwoTowerConfig.register_for_auto_class()
TwoTowerModel.register_for_auto_class("AutoModel")

__all__ = ["TwoTowerConfig", "TwoTowerModel", "TwoTowerTokenizer"]
