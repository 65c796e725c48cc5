"""How the looped reasoner reads: tokens to sentences, and characters to one vector for each name."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import nn

from .configuration_axiom_looped import AxiomLoopedConfig


@dataclass
class Sentences:
    """The sentences of a batch: where each name is spelled, and which slots are filled.

    Words are numbered by slot: statement s has the words 2 s (cause) and 2 s + 1 (effect).
    """

    character_ids: torch.Tensor
    """Token id of every name character of the batch, in reading order: (characters,)."""
    character_words: torch.Tensor
    """Word of each, counted over the whole batch: (characters,)."""
    statements: torch.Tensor
    """Which statement slots are filled: (batch, statements), bool."""
    questions: torch.Tensor
    """Which question slots are filled: (batch, questions), bool."""
    readable: torch.Tensor
    """Which prompts are made of such sentences alone and ask something: (batch,), bool. An exported graph cannot raise
    and has to say so instead."""


def read_sentences(
    input_ids: torch.Tensor, attention_mask: torch.Tensor | None, config: AxiomLoopedConfig
) -> Sentences:
    """Finds statements, questions and the two names of each, wherever the padding is.

    Raises:
        `ValueError`: For a sentence of another form, or a prompt that is too long.
    """
    batch, length = input_ids.shape
    device = input_ids.device
    special = [config.pad_token_id, config.bos_token_id, config.eos_token_id]
    unread = torch.tensor([-1 if id is None or isinstance(id, list) else id for id in special], device=device)
    real = ~_among(input_ids, unread)
    if attention_mask is not None:
        real = real & attention_mask.bool()
    end = real & ((input_ids == config.stop_token_id) | (input_ids == config.question_token_id))
    asks = real & (input_ids == config.does_token_id)
    verb = real & ((input_ids == config.causes_token_id) | (input_ids == config.cause_token_id))
    character = real & ~_among(input_ids, torch.tensor(config.word_token_ids, device=device))

    sentence = end.long().cumsum(1) - end.long()
    count = _size(sentence.max()) + 1 if length else 1

    def per_sentence(marked: torch.Tensor) -> torch.Tensor:
        return torch.zeros(batch, count, dtype=torch.long, device=device).scatter_add_(1, sentence, marked.long())

    verbs = per_sentence(verb)
    before = verbs.cumsum(1) - verbs
    role = (verb.long().cumsum(1) > before.gather(1, sentence)).long()
    named = (per_sentence(character & (role == 0)) > 0) & (per_sentence(character & (role == 1)) > 0) & (verbs == 1)
    asked = per_sentence(asks)
    statement, question = named & (asked == 0), named & (asked == 1)
    strange = (per_sentence(real) > 0) & ~statement & ~question
    refuses = not torch.compiler.is_exporting()
    if refuses and strange.any():
        row, number = strange.nonzero()[0].tolist()
        raise ValueError(
            f"`input_ids` row {row}: sentence {number + 1} cannot be read; it should have the form 'X causes Y.' or "
            "'Does X cause Y?'"
        )
    # An exported graph has a slot of each kind at least.
    fewest = 0 if refuses else 1
    statements, questions = (_size(kind.sum(1).max().clamp(min=fewest)) for kind in (statement, question))
    torch._check(statements >= fewest)
    torch._check(questions >= fewest)
    if refuses and statements > config.max_sentences:
        raise ValueError(
            f"`input_ids` has a prompt of {statements} statements; this model reads up to {config.max_sentences} "
            "(`max_sentences` in its config)"
        )
    slot = torch.where(question, statements + question.long().cumsum(1) - 1, statement.long().cumsum(1) - 1)
    row, column = (character & named.gather(1, sentence)).nonzero(as_tuple=True)
    where = sentence[row, column]
    words = (row * (statements + questions) + slot[row, where]) * 2 + role[row, column]

    def filled(kind: torch.Tensor, width: int) -> torch.Tensor:
        return torch.arange(width, device=device) < kind.sum(1, keepdim=True)

    readable = ~strange.any(1) & question.any(1) & (statement.sum(1) <= config.max_sentences)
    return Sentences(
        input_ids[row, column], words, filled(statement, statements), filled(question, questions), readable
    )


def _size(number: torch.Tensor) -> int:
    """A size that depends on what is read; not by `int()`, which would fix it in an exported graph."""
    return number.item()  # type: ignore[return-value]


def _among(input_ids: torch.Tensor, some: torch.Tensor) -> torch.Tensor:
    """Which ids are among a few, by comparing all: `torch.isin` may search, which ONNX cannot."""
    return (input_ids[..., None] == some).any(-1)


class AxiomLoopedNameEncoder(nn.Module):
    """Characters to one vector for each name.

    Every character is seen together with its two neighbours in the name; the results are rotated by an angle that
    grows with the place in the name, as in rotary positions, and added up. No table of places can run out, and names
    that share most of their characters still differ.
    """

    def __init__(self, config: AxiomLoopedConfig):
        super().__init__()
        self.embed_characters = nn.Embedding(config.vocab_size, config.name_size)
        self.conv = nn.Linear(3 * config.name_size, config.name_size, bias=False)

    def forward(self, character_ids: torch.Tensor, words: torch.Tensor, num_words: int) -> torch.Tensor:
        """Vectors of shape (num_words, name_size) from characters in reading order and the word of each."""
        embedded = self.embed_characters(character_ids)
        width = embedded.shape[1]
        inside = (words[1:] == words[:-1])[:, None]
        before = nn.functional.pad(embedded[:-1] * inside, (0, 0, 1, 0))
        after = nn.functional.pad(embedded[1:] * inside, (0, 0, 0, 1))
        seen = nn.functional.gelu(self.conv(torch.cat([before, embedded, after], dim=-1)))
        # Of one length, so that no character drowns the others of its name: `2` and `2R` must differ.
        seen = nn.functional.rms_norm(seen, (width,))
        place = places_in_names(words)
        # Multiples of the golden ratio are spread evenly, for any number of dimensions.
        rates = torch.arange(width // 2, device=words.device) * 0.6180339887498949 % 1.0 * math.pi
        angles = place[:, None] * rates
        cos, sin = angles.cos(), angles.sin()
        first, second = seen.chunk(2, dim=-1)
        turned = torch.cat([first * cos - second * sin, first * sin + second * cos], dim=-1)
        return turned.new_zeros(num_words, width).index_add_(0, words, turned)


def places_in_names(words: torch.Tensor) -> torch.Tensor:
    """Place of each character in its name, counted from 0: (characters,) from the word of each character."""
    index = torch.arange(words.shape[0], device=words.device)
    begins = nn.functional.pad(words[1:] != words[:-1], (1, 0), value=True)
    # By adding up where each name begins, not by `cummax`, which ONNX does not have.
    name = begins.long().cumsum(0) - 1
    return index - torch.zeros_like(index).index_add_(0, name, torch.where(begins, index, 0))[name]


__all__ = ["AxiomLoopedNameEncoder", "Sentences", "places_in_names", "read_sentences"]
