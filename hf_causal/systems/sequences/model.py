"""The disentangled transformer, as the registry of models imports it."""

from __future__ import annotations

from hf_causal.systems.sequences.disentangled import DisentangledModel

MODEL = DisentangledModel


def make_tokenizer() -> None:
    """Returns `None`: the model reads numbers, not text."""
