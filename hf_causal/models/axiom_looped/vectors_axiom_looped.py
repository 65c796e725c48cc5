"""The names of a batch as unit vectors, or as numbers where names are compared by spelling."""

from __future__ import annotations

import torch
from torch import nn

from .configuration_axiom_looped import AxiomLoopedConfig
from .loop_axiom_looped import is_long
from .names_axiom_looped import name_overlap, number_codes, number_spellings, spelling_codes
from .reading_axiom_looped import Sentences


def name_vectors(
    sentences: Sentences,
    config: AxiomLoopedConfig,
    encoder: nn.Module | None,
    metric: nn.Module | None,
    training: bool,
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Returns unit vectors of all names, (batch, names, size), and in training how similar different ones are.

    Where names are compared by spelling, their numbers take the place of vectors.

    Args:
        sentences ([`Sentences`]): The batch.
        config ([`AxiomLoopedConfig`]): Of the model.
        encoder, metric (`nn.Module`, *optional*): From characters to vectors, and from these to comparable ones; a
            model that compares names by spelling has neither.
        training (`bool`): Whether to compute how similar different names are.
    """
    ids, words = sentences.character_ids, sentences.character_words
    batch, names = sentences.statements.shape[0], sentences.names_per_row
    if encoder is None or metric is None:
        codes = spelling_codes(ids, words, batch * names, config.vocab_size)
        return number_codes(codes.view(batch, names, -1))[..., None], None
    vectors = _encode(sentences, config, encoder)
    overlap = name_overlap(vectors, metric, config.name_margin) if training else None
    return _unit_vectors(vectors, sentences, metric), overlap


def numbers_of_long_prompts(sentences: Sentences, config: AxiomLoopedConfig) -> torch.Tensor:
    """Numbers the names of statements by spelling, (batch, statements, 2); none where all prompts are short."""
    batch, width = sentences.statements.shape
    if not is_long(width):
        return torch.zeros(batch, 0, 2, dtype=torch.long, device=sentences.statements.device)
    count = batch * sentences.names_per_row
    codes = spelling_codes(sentences.character_ids, sentences.character_words, count, config.vocab_size)
    return number_codes(codes.view(batch, sentences.names_per_row, -1))[:, : 2 * width].unflatten(1, (width, 2))


def _encode(sentences: Sentences, config: AxiomLoopedConfig, encoder: nn.Module) -> torch.Tensor:
    """Encodes the names of a batch: (batch * names, size)."""
    ids, words = sentences.character_ids, sentences.character_words
    num_words = sentences.statements.shape[0] * sentences.names_per_row
    if config.name_encoder == "characters":
        return encoder(ids, words, num_words)
    # One random vector for each spelling in the batch, drawn anew in every call.
    numbers = number_spellings(ids, words, num_words)
    return torch.randn(int(numbers.max()) + 1, config.name_size, device=words.device)[numbers]


def _unit_vectors(vectors: torch.Tensor, sentences: Sentences, metric: nn.Module) -> torch.Tensor:
    """Turns encoded names into unit vectors of which equal names have a cosine of 1: (batch, names, size)."""
    batch, width = sentences.statements.shape
    vectors = vectors.view(batch, sentences.names_per_row, -1)
    # What all names of a premise share tells none of them apart: `gene1`, `gene2`, `gene3`.
    statements = vectors[:, : 2 * width].unflatten(1, (width, 2))
    filled = sentences.statements[:, :, None, None]
    mean = (statements * filled).sum((1, 2)) / (2 * filled.sum((1, 2))).clamp(min=1)
    return nn.functional.normalize(metric(vectors - mean[:, None]), dim=-1)


__all__ = ["name_vectors", "numbers_of_long_prompts"]
