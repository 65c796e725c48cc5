"""Tokens as text: sentences and the mentions of names in them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from string import ascii_letters, digits

import torch
from torch import nn

from .configuration_axiom_looped import AxiomLoopedConfig

CHARACTERS = dict(enumerate(ascii_letters + digits, start=4))
"""Character of each token id, after the four special tokens of the closed vocabulary."""


@dataclass
class Text:
    """Token ids as sentences and mentions; a mention is a run of characters between words."""

    input_ids: torch.Tensor
    """(batch, length), as all tensors below."""
    real: torch.Tensor
    """Which tokens are text, neither padding nor special."""
    unknown: torch.Tensor
    """Which tokens stand for something outside the vocabulary."""
    character: torch.Tensor
    """Which tokens are characters of names."""
    sentence: torch.Tensor
    """Index of the sentence that each token belongs to."""
    begins: torch.Tensor
    """Which tokens begin a mention."""
    previous: torch.Tensor
    """Id of the preceding token."""
    rank: torch.Tensor
    """Index of a character's mention within its sentence."""
    num_sentences: int

    def per_sentence(self, values: torch.Tensor) -> torch.Tensor:
        """Sums over the tokens of each sentence: (batch, length) to (batch, sentences)."""
        sums = torch.zeros(values.shape[0], self.num_sentences, dtype=torch.long, device=values.device)
        return sums.scatter_add_(1, self.sentence, values.long())

    def per_token(self, values: torch.Tensor) -> torch.Tensor:
        """Repeats the value of each sentence for its tokens: (batch, sentences) to (batch, length)."""
        return values.gather(1, self.sentence)

    def is_any(self, *ids: int) -> torch.Tensor:
        """Marks the tokens that have one of these ids."""
        return self.real & is_among(self.input_ids, ids)

    def count(self, *ids: int) -> torch.Tensor:
        """Counts the tokens of each sentence that have one of these ids."""
        return self.per_sentence(self.is_any(*ids))

    def mention_follows(self, rank: int, *ids: int) -> torch.Tensor:
        """Marks the sentences whose mention of that rank directly follows a token with one of these ids."""
        return self.per_sentence(self.begins & (self.rank == rank) & is_among(self.previous, ids)) == 1

    def repeats_name(self) -> torch.Tensor:
        """Marks the sentences whose first two mentions are spelled alike: (batch, sentences)."""
        index = torch.arange(self.input_ids.shape[1], device=self.input_ids.device)
        starts = [self.per_sentence(torch.where(self.begins & (self.rank == rank), index, 0)) for rank in (0, 1)]
        lengths = [self.per_sentence(self.character & (self.rank == rank)) for rank in (0, 1)]
        # Each character of the second mention is compared with the token as far behind as the first mention begins.
        source = (index - self.per_token(starts[1] - starts[0])).clamp(0, self.input_ids.shape[1] - 1)
        differs = self.character & (self.rank == 1) & (self.input_ids.gather(1, source) != self.input_ids)
        return (lengths[0] == lengths[1]) & (lengths[1] > 0) & (self.per_sentence(differs) == 0)

    def spell(self, row: int, sentence: int, config: AxiomLoopedConfig) -> str:
        """Returns a sentence as text, for error messages."""
        return spell(self.input_ids[row][self.real[row] & (self.sentence[row] == sentence)].tolist(), config)


def read_text(
    input_ids: torch.Tensor, attention_mask: torch.Tensor | None, config: AxiomLoopedConfig, ends: tuple[int, ...]
) -> Text:
    """Finds sentences, which end with one of the tokens `ends`, and mentions, whatever the padding.

    Args:
        input_ids (`torch.Tensor`): Of shape (batch, length).
        attention_mask (`torch.Tensor`, *optional*): Of the same shape.
        config ([`AxiomLoopedConfig`]): With the ids of the words.
        ends (`tuple[int, ...]`): Ids of the tokens that end a sentence.
    """
    special = [config.pad_token_id, config.bos_token_id, config.eos_token_id]
    real = ~is_among(input_ids, [-1 if id is None or isinstance(id, list) else id for id in special])
    if attention_mask is not None:
        real = real & attention_mask.bool()
    end = real & is_among(input_ids, ends)
    character = real & ~is_among(input_ids, config.word_token_ids)
    sentence = end.long().cumsum(1) - end.long()
    begins = character & ~nn.functional.pad(character[:, :-1], (1, 0))
    text = Text(
        input_ids,
        real,
        real & (input_ids == (-1 if config.unk_token_id is None else config.unk_token_id)),
        character,
        sentence,
        begins,
        nn.functional.pad(input_ids[:, :-1], (1, 0), value=-1),
        sentence,
        as_size(sentence.max()) + 1 if input_ids.shape[1] else 1,
    )
    mentions = text.per_sentence(begins)
    text.rank = begins.long().cumsum(1) - 1 - text.per_token(mentions.cumsum(1) - mentions)
    return text


def spell(ids: Iterable[int], config: AxiomLoopedConfig) -> str:
    """Returns token ids as text: names by character, spaces around words, `�` for an unknown token."""
    words = {index: word for word, index in config.all_word_ids.items()}
    pieces = [f" {words[id]} " if id in words else CHARACTERS.get(id, "�") for id in ids]
    text = " ".join("".join(pieces).split())
    return text.replace(" .", ".").replace(" ?", "?").replace(" ,", ",")


def is_among(input_ids: torch.Tensor, some: Iterable[int]) -> torch.Tensor:
    """Marks ids that are among a few, by comparing all: `torch.isin` may search, which ONNX cannot."""
    return (input_ids[..., None] == torch.tensor(list(some), device=input_ids.device)).any(-1)


def as_size(number: torch.Tensor) -> int:
    """Returns a size that depends on the text; `int()` would fix it in an exported graph."""
    return number.item()  # type: ignore[return-value]


__all__ = ["Text", "as_size", "is_among", "read_text", "spell"]
