"""The two towers and their tokenizer, as the registry of models imports them."""

from __future__ import annotations

from transformers import PreTrainedTokenizerBase

from hf_causal.systems.equivariance.captions import CAPTION_WORDS
from hf_causal.systems.equivariance.two_tower import TwoTowerModel, TwoTowerTokenizer

MODEL = TwoTowerModel


def make_tokenizer() -> PreTrainedTokenizerBase:
    """Returns the tokenizer of captions, with one fixed vocabulary."""
    return TwoTowerTokenizer(CAPTION_WORDS)
