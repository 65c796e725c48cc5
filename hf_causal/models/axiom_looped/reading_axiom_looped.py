"""How the looped reasoner reads statements and questions about one graph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch

from .configuration_axiom_looped import AxiomLoopedConfig
from .text_axiom_looped import Text, as_size, read_text


@dataclass
class Sentences:
    """The sentences of a batch: where each name is spelled, and which slots are filled.

    Names are numbered by slot: a row has those of its statements (statement s: 2 s for the cause, 2 s + 1 for the
    effect), then the two of each question, then the conditioning sets.
    """

    character_ids: torch.Tensor
    """Token id of every name character of the batch, in reading order: (characters,)."""
    character_words: torch.Tensor
    """Index of the name of each character, counted over the batch: (characters,)."""
    statements: torch.Tensor
    """Which statement slots are filled: (batch, statements), bool."""
    questions: torch.Tensor
    """Which question slots are filled: (batch, questions), bool."""
    separations: torch.Tensor
    """Which questions ask about d-separation: (batch, questions), bool."""
    self_questions: torch.Tensor
    """Which questions ask whether a node causes itself: (batch, questions), bool."""
    given: torch.Tensor
    """Question of each name of a conditioning set, -1 for padding: (batch, given)."""
    readable: torch.Tensor
    """Which prompts consist of such sentences alone and ask a question that can be answered: (batch,), bool. An
    exported graph cannot raise and has this output instead."""

    @property
    def names_per_row(self) -> int:
        """Name slots of each row."""
        return 2 * (self.statements.shape[1] + self.questions.shape[1]) + self.given.shape[1]


class SentenceForms(NamedTuple):
    """Form of each sentence of a batch, all (batch, sentences), bool."""

    statement: torch.Tensor
    """'X causes Y.'"""
    cause_question: torch.Tensor
    """'Does X cause Y?'"""
    separation_question: torch.Tensor
    """'Are X and Y d-separated given {Z, W}?'"""
    unreadable: torch.Tensor
    """Another form, or something outside the vocabulary."""

    @property
    def question(self) -> torch.Tensor:
        """Either form of question."""
        return self.cause_question | self.separation_question


class Slots(NamedTuple):
    """Where the names of a batch belong."""

    of_token: torch.Tensor
    """Name slot that each token belongs to: (batch, length)."""
    given: torch.Tensor
    """Question of each name of a conditioning set, -1 for padding: (batch, given)."""
    separations: torch.Tensor
    """Which questions ask about d-separation: (batch, questions)."""
    self_questions: torch.Tensor
    """Which questions ask whether a node causes itself: (batch, questions)."""
    per_row: int


def read_sentences(
    input_ids: torch.Tensor, attention_mask: torch.Tensor | None, config: AxiomLoopedConfig
) -> Sentences:
    """Finds statements, questions and the names in them.

    Args:
        input_ids, attention_mask (`torch.Tensor`): Of shape (batch, length).
        config ([`AxiomLoopedConfig`]): With the ids of the words.

    Raises:
        `ValueError`: For a sentence of another form, with its text, or a prompt that is too long. Never in an export,
            where `readable` is false instead.
    """
    text = read_text(input_ids, attention_mask, config, (config.stop_token_id, config.question_token_id))
    forms = classify_sentences(text, config)
    repeats = text.repeats_name() & forms.question
    exporting = torch.compiler.is_exporting()
    if not exporting:
        _refuse_unreadable(text, forms, repeats, config)
    # An exported graph has a statement slot and a question slot at least.
    fewest = 1 if exporting else 0
    statements, questions = (
        as_size(form.sum(1).max().clamp(min=fewest)) for form in (forms.statement, forms.question)
    )
    torch._check(statements >= fewest)
    torch._check(questions >= fewest)
    if not exporting and statements > config.max_sentences:
        raise ValueError(
            f"`input_ids` has a prompt of {statements} statements; this model reads up to {config.max_sentences} "
            "(`max_sentences` in its config)"
        )
    slots = _assign_slots(text, forms, repeats, statements, questions, config)
    row, column = (text.character & text.per_token(forms.statement | forms.question)).nonzero(as_tuple=True)
    return Sentences(
        input_ids[row, column],
        row * slots.per_row + slots.of_token[row, column],
        _filled(forms.statement, statements),
        _filled(forms.question, questions),
        slots.separations,
        slots.self_questions,
        slots.given,
        ~forms.unreadable.any(1)
        & ~repeats.any(1)
        & forms.question.any(1)
        & (forms.statement.sum(1) <= config.max_sentences),
    )


def classify_sentences(text: Text, config: AxiomLoopedConfig) -> SentenceForms:
    """Finds the form of each sentence from its words and the positions of its names."""
    verbs = (config.causes_token_id, config.cause_token_id)
    mentions, verb, does = text.per_sentence(text.begins), text.count(*verbs), text.count(config.does_token_id)
    known = text.per_sentence(text.unknown) == 0
    further = text.count(*config.word_ids.values()) if config.word_ids else torch.zeros_like(verb)
    plain = text.mention_follows(1, *verbs) & (mentions == 2) & (verb == 1) & (further == 0) & known
    separation = torch.zeros_like(plain)
    if config.reads("d_separation"):
        words = config.word_ids
        given, commas = text.count(words["given"]), text.count(words[","])
        unconditional = (mentions == 2) & (commas == 0)
        conditional = (mentions > 2) & (given == 1) & (commas == mentions - 3)
        opening = (text.count(words["Are"]) == 1) & (text.count(words["and"]) == 1)
        asks = opening & (text.count(words["d-separated"]) == 1) & (verb == 0) & (does == 0)
        separation = text.mention_follows(1, words["and"]) & asks & (unconditional | conditional) & known
    forms = plain & (does == 0), plain & (does == 1), separation
    return SentenceForms(*forms, (text.per_sentence(text.real) > 0) & ~(forms[0] | forms[1] | forms[2]))


def _refuse_unreadable(text: Text, forms: SentenceForms, repeats: torch.Tensor, config: AxiomLoopedConfig) -> None:
    """Raises `ValueError` for the first sentence that the model cannot read or answer."""
    if forms.unreadable.any():
        row, number = forms.unreadable.nonzero()[0].tolist()
        raise ValueError(
            f"`input_ids` row {row}: sentence {number + 1} cannot be read: {text.spell(row, number, config)!r}; it "
            f"should have the form {_listed_forms(config)}, with names of ASCII letters and digits"
        )
    repeated = repeats & forms.separation_question
    if repeated.any():
        row, number = repeated.nonzero()[0].tolist()
        raise ValueError(
            f"`input_ids` row {row}: {text.spell(row, number, config)!r} is about a node and itself; it should be "
            "about two different nodes"
        )


def _listed_forms(config: AxiomLoopedConfig) -> str:
    forms = ["'X causes Y.'", "'Does X cause Y?'"]
    forms += ["'Are X and Y d-separated given {Z, W}?'"] if config.reads("d_separation") else []
    return f"{', '.join(forms[:-1])} or {forms[-1]}"


def _assign_slots(
    text: Text,
    forms: SentenceForms,
    repeats: torch.Tensor,
    statements: int,
    questions: int,
    config: AxiomLoopedConfig,
) -> Slots:
    """Assigns a name slot to each mention; conditioning sets come last, in reading order."""
    question, device = forms.question, text.input_ids.device
    number = torch.where(question, question.long().cumsum(1) - 1, forms.statement.long().cumsum(1) - 1)
    first = torch.where(question, 2 * (statements + number), 2 * number)
    slot, per_row = text.per_token(first) + text.rank, 2 * (statements + questions)
    given = torch.zeros(question.shape[0], 0, dtype=torch.long, device=device)
    if config.reads("d_separation"):
        # Given names are counted through the row, so that their reading order is their slot.
        gives = text.begins & (text.rank > 1)
        count = gives.long().cumsum(1)
        slot = torch.where(text.rank > 1, per_row + count - 1, slot)
        given = torch.full((question.shape[0], int(count.max()) if count.numel() else 0), -1, device=device)
        row, column = gives.nonzero(as_tuple=True)
        given[row, count[row, column] - 1] = text.per_token(number)[row, column]
        per_row = per_row + given.shape[1]
    separations = _mark_questions(forms.separation_question, number, questions)
    return Slots(slot, given, separations, _mark_questions(repeats, number, questions), per_row)


def _mark_questions(marked: torch.Tensor, number: torch.Tensor, questions: int) -> torch.Tensor:
    """Turns marks of sentences into marks of question slots: (batch, sentences) to (batch, questions)."""
    index = torch.arange(questions, device=marked.device)
    return (marked[..., None] & (number[..., None] == index)).any(1)


def _filled(form: torch.Tensor, width: int) -> torch.Tensor:
    """Marks as many leading slots as a row has sentences of a form: (batch, width)."""
    return torch.arange(width, device=form.device) < form.sum(1, keepdim=True)


__all__ = ["SentenceForms", "Sentences", "classify_sentences", "read_sentences"]
