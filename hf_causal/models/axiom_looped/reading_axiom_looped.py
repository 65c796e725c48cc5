"""How the looped reasoner reads: tokens to sentences and mentions, and characters to one vector for each name."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import nn

from .configuration_axiom_looped import AxiomLoopedConfig


@dataclass
class Sentences:
    """The sentences of a batch: where each name is spelled, and which slots are filled.

    Names are numbered by slot: a row has those of its statements (statement s: 2 s for the cause, 2 s + 1 for the
    effect), then the two of each question, then what questions give.
    """

    character_ids: torch.Tensor
    """Token id of every name character of the batch, in reading order: (characters,)."""
    character_words: torch.Tensor
    """Name of each, counted over the whole batch: (characters,)."""
    statements: torch.Tensor
    """Which statement slots are filled: (batch, statements), bool."""
    questions: torch.Tensor
    """Which question slots are filled: (batch, questions), bool."""
    separations: torch.Tensor
    """Which questions ask about d-separation: (batch, questions), bool."""
    given: torch.Tensor
    """The question that each given name belongs to, -1 where there is none: (batch, given)."""
    readable: torch.Tensor
    """Which prompts are made of such sentences alone and ask something: (batch,), bool. An exported graph cannot raise
    and has to say so instead."""

    @property
    def names_per_row(self) -> int:
        """Name slots of each row."""
        return 2 * (self.statements.shape[1] + self.questions.shape[1]) + self.given.shape[1]


@dataclass
class Text:
    """Token ids as sentences and mentions of names: a mention is a run of characters between words."""

    real: torch.Tensor
    """Which tokens are text: (batch, length), as all the following."""
    character: torch.Tensor
    """Which of them are characters of names."""
    sentence: torch.Tensor
    """Number of the sentence that each token belongs to."""
    begins: torch.Tensor
    """Where a mention begins."""
    previous: torch.Tensor
    """The token before each."""
    rank: torch.Tensor
    """Number of the mention in its sentence that a character belongs to, counted from 0."""
    num_sentences: int

    def per_sentence(self, marked: torch.Tensor) -> torch.Tensor:
        """How many tokens of each sentence are marked: (batch, sentences)."""
        counts = torch.zeros(marked.shape[0], self.num_sentences, dtype=torch.long, device=marked.device)
        return counts.scatter_add_(1, self.sentence, marked.long())

    def of_sentence(self, marked: torch.Tensor) -> torch.Tensor:
        """From sentences that are marked to their tokens."""
        return marked.gather(1, self.sentence)


def read_text(
    input_ids: torch.Tensor, attention_mask: torch.Tensor | None, config: AxiomLoopedConfig, ends: tuple[int, ...]
) -> Text:
    """Finds sentences, which end with one of the tokens `ends`, and mentions, wherever the padding is."""
    device = input_ids.device
    special = [config.pad_token_id, config.bos_token_id, config.eos_token_id]
    unread = torch.tensor([-1 if id is None or isinstance(id, list) else id for id in special], device=device)
    real = ~_among(input_ids, unread)
    if attention_mask is not None:
        real = real & attention_mask.bool()
    end = real & _among(input_ids, torch.tensor(ends, device=device))
    character = real & ~_among(input_ids, torch.tensor(config.word_token_ids, device=device))
    sentence = end.long().cumsum(1) - end.long()
    begins = character & ~nn.functional.pad(character[:, :-1], (1, 0))
    previous = nn.functional.pad(input_ids[:, :-1], (1, 0), value=-1)
    text = Text(
        real, character, sentence, begins, previous, sentence, _size(sentence.max()) + 1 if input_ids.shape[1] else 1
    )
    mentions = text.per_sentence(begins)
    text.rank = begins.long().cumsum(1) - 1 - text.of_sentence(mentions.cumsum(1) - mentions)
    return text


def read_sentences(
    input_ids: torch.Tensor, attention_mask: torch.Tensor | None, config: AxiomLoopedConfig
) -> Sentences:
    """Finds statements, questions and the names in them.

    Raises:
        `ValueError`: For a sentence of another form, or a prompt that is too long.
    """
    batch, device = input_ids.shape[0], input_ids.device
    text = read_text(input_ids, attention_mask, config, (config.stop_token_id, config.question_token_id))
    per_sentence, begins = text.per_sentence, text.begins

    def count(*ids: int) -> torch.Tensor:
        return per_sentence(text.real & _among(input_ids, torch.tensor(ids, device=device)))

    def second_after(*ids: int) -> torch.Tensor:
        follows = _among(text.previous, torch.tensor(ids, device=device))
        return per_sentence(begins & (text.rank == 1) & follows) == 1

    verbs = (config.causes_token_id, config.cause_token_id)
    mentions, verb, does = per_sentence(begins), count(*verbs), count(config.does_token_id)
    further = count(*config.word_ids.values()) if config.word_ids else torch.zeros_like(verb)
    plain = second_after(*verbs) & (mentions == 2) & (verb == 1) & (further == 0)
    statement, asks_cause = plain & (does == 0), plain & (does == 1)
    separation = torch.zeros_like(statement)
    if config.reads("d_separation"):
        words = config.word_ids
        given, commas = count(words["given"]), count(words[","])
        named = (mentions == 2) & (commas == 0) | (mentions > 2) & (given == 1) & (commas == mentions - 3)
        asked = (count(words["Are"]) == 1) & (count(words["and"]) == 1) & (count(words["d-separated"]) == 1)
        separation = second_after(words["and"]) & asked & named & (verb == 0) & (does == 0)
    question = asks_cause | separation
    strange = (per_sentence(text.real) > 0) & ~statement & ~question
    refuses = not torch.compiler.is_exporting()
    if refuses and strange.any():
        row, number = strange.nonzero()[0].tolist()
        forms = ["'X causes Y.'", "'Does X cause Y?'"]
        forms += ["'Are X and Y d-separated given {Z, W}?'"] if config.reads("d_separation") else []
        raise ValueError(
            f"`input_ids` row {row}: sentence {number + 1} cannot be read; it should have the form "
            f"{', '.join(forms[:-1])} or {forms[-1]}"
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
    number = torch.where(question, question.long().cumsum(1) - 1, statement.long().cumsum(1) - 1)
    first = torch.where(question, 2 * (statements + number), 2 * number)
    slot, width = text.of_sentence(first) + text.rank, 2 * (statements + questions)
    separations = torch.zeros(batch, questions, dtype=torch.bool, device=device)
    given_of = torch.zeros(batch, 0, dtype=torch.long, device=device)
    if config.reads("d_separation"):
        row, where = separation.nonzero(as_tuple=True)
        separations[row, number[row, where]] = True
        # Given names are counted through the whole row, so that their order of reading is their slot.
        gives = begins & (text.rank > 1)
        places = gives.long().cumsum(1)
        slot = torch.where(text.rank > 1, width + places - 1, slot)
        given_of = torch.full((batch, int(places.max()) if places.numel() else 0), -1, device=device)
        row, column = gives.nonzero(as_tuple=True)
        given_of[row, places[row, column] - 1] = text.of_sentence(number)[row, column]
        width = width + given_of.shape[1]
    row, column = (text.character & text.of_sentence(statement | question)).nonzero(as_tuple=True)

    def filled(kind: torch.Tensor, width: int) -> torch.Tensor:
        return torch.arange(width, device=device) < kind.sum(1, keepdim=True)

    return Sentences(
        input_ids[row, column],
        row * width + slot[row, column],
        filled(statement, statements),
        filled(question, questions),
        separations,
        given_of,
        ~strange.any(1) & question.any(1) & (statement.sum(1) <= config.max_sentences),
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


__all__ = ["AxiomLoopedNameEncoder", "Sentences", "Text", "places_in_names", "read_sentences", "read_text"]
