"""The matrix sensing model, as the registry of models imports it."""

from __future__ import annotations

from hf_causal.systems.heterogeneity.matrix_sensing import MatrixSensingModel

MODEL = MatrixSensingModel


def make_tokenizer() -> None:
    """Returns `None`: the model reads numbers, not text."""
