"""Trained models as graphs for other runtimes: ONNX, and exported programs of PyTorch.

A graph maps token ids to the logits of the answer. It takes any number of prompts of any length, and it is compared
with the model that it was made of before an export is complete.
"""

from __future__ import annotations

from hf_causal.export.folder import FORMATS, Export, export_model
from hf_causal.export.runtime import ExportedModel

__all__ = ["FORMATS", "Export", "ExportedModel", "export_model"]
