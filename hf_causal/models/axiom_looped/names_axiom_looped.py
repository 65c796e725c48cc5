"""Characters to one vector for each name."""

from __future__ import annotations

import math

import torch
from torch import nn

from .configuration_axiom_looped import AxiomLoopedConfig
from .text_axiom_looped import as_size

NAMES_COMPARED = 512
"""Most names of a training batch that are compared for `name_overlap`, and of a row that are numbered in pairs."""
SAME_NAME = 1e-4
"""Vectors nearer than this, squared and relative, spell the same name; fp32 products are exact to about 1e-6."""


class Linear(nn.Linear):
    """A linear layer that computes in fp32, whatever the precision of its weights.

    Matching decides between names that differ in one character, which half precision cannot.
    """

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        bias = None if self.bias is None else self.bias.float()
        return nn.functional.linear(input, self.weight.float(), bias)


class AxiomLoopedNameEncoder(nn.Module):
    """Characters to one vector for each name.

    Every character is combined with its two neighbours in the name; the results are rotated by an angle that grows
    with the position in the name, as in rotary positions (Su et al., 2021), and added up. There is no table of
    positions that could run out, and names that share most of their characters still differ.
    """

    def __init__(self, config: AxiomLoopedConfig):
        super().__init__()
        self.embed_characters = nn.Embedding(config.vocab_size, config.name_size)
        self.conv = Linear(3 * config.name_size, config.name_size, bias=False)

    def forward(self, character_ids: torch.Tensor, words: torch.Tensor, num_words: int) -> torch.Tensor:
        """Encodes names.

        Args:
            character_ids (`torch.Tensor`): Token ids in reading order, (characters,).
            words (`torch.Tensor`): Index of the name of each character, (characters,).
            num_words (`int`): Number of names.

        Returns:
            `torch.Tensor`: Of shape (num_words, name_size), in fp32.
        """
        embedded = self.embed_characters(character_ids).float()
        width = embedded.shape[1]
        context = nn.functional.gelu(self.conv(_with_neighbours(embedded, words)))
        # Every character has the same length, so that none drowns the others of its name: `2` and `2R` must differ.
        context = nn.functional.rms_norm(context, (width,))
        # Multiples of the golden ratio are spread evenly, for any number of dimensions.
        rates = torch.arange(width // 2, device=words.device) * 0.6180339887498949 % 1.0 * math.pi
        angles = positions_in_names(words)[:, None] * rates
        cos, sin = angles.cos(), angles.sin()
        first, second = context.chunk(2, dim=-1)
        rotated = torch.cat([first * cos - second * sin, first * sin + second * cos], dim=-1)
        return rotated.new_zeros(num_words, width).index_add_(0, words, rotated)


def positions_in_names(words: torch.Tensor) -> torch.Tensor:
    """Returns the position of each character in its name, from the name of each character: (characters,)."""
    index = torch.arange(words.shape[0], device=words.device)
    begins = _begins(words, index)
    # By adding up where each name begins, not by `cummax`, which ONNX does not have.
    name = begins.long().cumsum(0) - 1
    return index - torch.zeros_like(index).index_add_(0, name, torch.where(begins, index, 0))[name]


def number_spellings(character_ids: torch.Tensor, words: torch.Tensor, num_words: int) -> torch.Tensor:
    """Numbers names by spelling: equal names have equal numbers, (num_words,)."""
    position = positions_in_names(words)
    longest = int(position.max()) + 1 if len(position) else 1
    spelled = torch.zeros(num_words, longest, dtype=torch.long, device=words.device)
    spelled[words, position] = character_ids + 1
    return spelled.unique(dim=0, return_inverse=True)[1]


def spelling_codes(character_ids: torch.Tensor, words: torch.Tensor, num_words: int, vocab_size: int) -> torch.Tensor:
    """Writes each name as integers, so that two names have the same integers exactly if they are spelled alike.

    A name is a number in base `vocab_size + 1`, whose digits are 1 and more, cut into pieces that fit 64 bits.

    Args:
        character_ids (`torch.Tensor`): Token ids in reading order, (characters,).
        words (`torch.Tensor`): Index of the name of each character, (characters,).
        num_words (`int`): Number of names.
        vocab_size (`int`): Token ids are below this.

    Returns:
        `torch.Tensor`: `int64` of shape (num_words, pieces), zero for a name without characters.
    """
    base, digits = vocab_size + 1, int(63 / math.log2(vocab_size + 1))
    position = positions_in_names(words)
    weights = torch.tensor([base**digit for digit in range(digits)], device=words.device)
    longest = torch.cat([position, position.new_zeros(1)]).amax(0)  # of no names, too
    width = as_size(longest // digits + 1)
    codes = torch.zeros(num_words * width, dtype=torch.long, device=words.device)
    piece = position.div(digits, rounding_mode="floor")
    codes.index_add_(0, words * width + piece, (character_ids + 1) * weights[position % digits])
    return codes.view(num_words, width)


def number_codes(codes: torch.Tensor) -> torch.Tensor:
    """Numbers the names of each row by their codes: equal names have equal numbers, names without characters have 0.

    Args:
        codes (`torch.Tensor`): What [`spelling_codes`] returns, (batch, names, pieces).

    Returns:
        `torch.Tensor`: `int64` of shape (batch, names).
    """
    filled = (codes != 0).any(-1)
    if not torch.compiler.is_exporting() and codes.shape[1] > NAMES_COMPARED:
        numbers = codes.flatten(0, 1).unique(dim=0, return_inverse=True)[1].view(filled.shape)
    else:  # the first name of the row that is spelled alike
        numbers = (codes[:, :, None] == codes[:, None]).all(-1).long().argmax(-1)
    return (numbers + 1) * filled


def name_overlap(vectors: torch.Tensor, metric: nn.Module, margin: float) -> torch.Tensor:
    """Computes by how much cosines of different names exceed a margin, squared and summed for each name.

    Args:
        vectors (`torch.Tensor`): Encoded names, zero for padding, (names, size).
        metric (`nn.Module`): Applied before names are compared.
        margin (`float`): Cosine up to which different names may resemble each other.
    """
    spelled = vectors[(vectors != 0).any(-1)][:NAMES_COMPARED]
    unit = nn.functional.normalize(metric(spelled - spelled.mean(0)), dim=-1)
    cosines = unit @ unit.T
    # Squared distances by one product; the differences of all pairs would be the largest tensor of a step.
    inner = spelled.detach() @ spelled.detach().T
    square = inner.diagonal()
    same = square[:, None] + square - 2 * inner < SAME_NAME * square
    excess = (cosines - margin).clamp(min=0).square()
    return excess.masked_fill(same, 0).sum() / len(spelled)


def _with_neighbours(embedded: torch.Tensor, words: torch.Tensor) -> torch.Tensor:
    """Concatenates each character with those before and after it in its name, zero where there is none."""
    index = torch.arange(words.shape[0], device=words.device)
    # Gathered and not shifted, so that a text without names has no characters here either.
    before, after = (index - 1).clamp(min=0), (index + 1).clamp(max=words.shape[0] - 1)
    has_before = ~_begins(words, index)
    has_after = (index + 1 < words.shape[0]) & (words[after] == words)
    return torch.cat([embedded[before] * has_before[:, None], embedded, embedded[after] * has_after[:, None]], dim=-1)


def _begins(words: torch.Tensor, index: torch.Tensor) -> torch.Tensor:
    """Marks the characters that begin a name."""
    return (index == 0) | (words != words[(index - 1).clamp(min=0)])


__all__ = [
    "AxiomLoopedNameEncoder",
    "Linear",
    "name_overlap",
    "number_spellings",
    "positions_in_names",
    "spelling_codes",
    "number_codes",
]
