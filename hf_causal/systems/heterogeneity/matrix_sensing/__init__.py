"""The matrix sensing model. Importing this module registers it with the Auto classes of transformers."""

from transformers import AutoConfig, AutoModel

from .configuration_matrix_sensing import MatrixSensingConfig
from .modeling_matrix_sensing import MatrixSensingModel, MatrixSensingOutput

AutoConfig.register(MatrixSensingConfig.model_type, MatrixSensingConfig, exist_ok=True)
AutoModel.register(MatrixSensingConfig, MatrixSensingModel, exist_ok=True)

# A saved model carries its code, so that it loads where this package is not installed.
MatrixSensingConfig.register_for_auto_class()
MatrixSensingModel.register_for_auto_class("AutoModel")

__all__ = ["MatrixSensingConfig", "MatrixSensingModel", "MatrixSensingOutput"]
