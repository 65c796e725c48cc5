"""How the looped reasoner reads statements and questions about one graph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch

from .configuration_axiom_looped import QUESTION_TASKS, AxiomLoopedConfig
from .names_axiom_looped import number_codes, spelling_codes
from .question_forms_axiom_looped import (
    GIVEN,
    SECOND,
    QuestionForm,
    adjustment_questions,
    hidden_statements,
    relevance_questions,
)
from .text_axiom_looped import Text, as_size, read_text


@dataclass
class Sentences:
    """The sentences of a batch: where each name is spelled, and which slots are filled.

    Names are numbered by slot: a row has those of its statements (statement s: 2 s for the cause, 2 s + 1 for the
    effect), then the two of each question, then further names of questions: conditioning sets, nodes that are held
    fixed, and further nodes that are changed or may be affected.

    'A and B share a hidden cause.' is two statements, 'H causes A.' and 'H causes B.', where H is spelled like the
    sentence and thus like no other node.
    """

    character_ids: torch.Tensor
    """Token id of every name character of the batch, in reading order: (characters,)."""
    character_words: torch.Tensor
    """Index of the name of each character, counted over the batch: (characters,)."""
    statements: torch.Tensor
    """Which statement slots are filled: (batch, statements), bool."""
    questions: torch.Tensor
    """Which question slots are filled: (batch, questions), bool."""
    tasks: torch.Tensor
    """What each question asks about, as an index of `QUESTION_TASKS`: (batch, questions)."""
    self_questions: torch.Tensor
    """Which questions ask whether a node causes itself: (batch, questions), bool."""
    further: torch.Tensor
    """Question of each further name, -1 for padding: (batch, further)."""
    roles: torch.Tensor
    """Role of each further name, see [`question_forms_axiom_looped`]: (batch, further)."""
    readable: torch.Tensor
    """Which prompts consist of such sentences alone and ask a question that can be answered: (batch,), bool. An
    exported graph cannot raise and has this output instead."""

    @property
    def names_per_row(self) -> int:
        """Name slots of each row."""
        return 2 * (self.statements.shape[1] + self.questions.shape[1]) + self.further.shape[1]


class SentenceForms(NamedTuple):
    """Form of each sentence of a batch, all (batch, sentences), bool."""

    cause: torch.Tensor
    """'X causes Y.'"""
    hidden: torch.Tensor
    """'X and Y share a hidden cause.'"""
    asks: tuple[torch.Tensor, ...]
    """Questions about each of `QUESTION_TASKS`."""
    unreadable: torch.Tensor
    """Another form, or something outside the vocabulary."""
    roles: torch.Tensor
    """Role of the name that each token belongs to: (batch, length)."""

    @property
    def question(self) -> torch.Tensor:
        """Any form of question."""
        return torch.stack(self.asks).any(0)

    @property
    def statements(self) -> torch.Tensor:
        """How many statements each sentence makes."""
        return self.cause.long() + 2 * self.hidden


class Slots(NamedTuple):
    """Where the names of a batch belong."""

    of_token: torch.Tensor
    """Name slot that each token belongs to: (batch, length)."""
    further: torch.Tensor
    """Question of each further name, -1 for padding: (batch, further)."""
    roles: torch.Tensor
    """Role of each further name: (batch, further)."""
    of_sentence: torch.Tensor
    """Index of each statement, of the first of a sentence that makes two, and of each question: (batch, sentences)."""
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
    repeats = text.repeats_name() & (forms.asks[0] | forms.asks[1])
    exporting = torch.compiler.is_exporting()
    if not exporting:
        _refuse_unreadable(text, forms, repeats, config)
    # An exported graph has a statement slot and a question slot at least.
    fewest = 1 if exporting else 0
    statements, questions = (
        as_size(count.sum(1).max().clamp(min=fewest)) for count in (forms.statements, forms.question)
    )
    torch._check(statements >= fewest)
    torch._check(questions >= fewest)
    if not exporting and statements > config.max_sentences:
        raise ValueError(
            f"`input_ids` has a prompt of {statements} statements; this model reads up to {config.max_sentences} "
            "(`max_sentences` in its config)"
        )
    slots = _assign_slots(text, forms, statements, questions, config)
    sentences = Sentences(
        *_spell_names(text, forms, slots, config),
        _filled(forms.statements, statements),
        _filled(forms.question, questions),
        _number_tasks(forms, slots, questions),
        _mark_questions(repeats, slots.of_sentence, questions),
        slots.further,
        slots.roles,
        ~forms.unreadable.any(1)
        & ~repeats.any(1)
        & forms.question.any(1)
        & (forms.statements.sum(1) <= config.max_sentences),
    )
    if not exporting and (config.reads("relevance") or config.reads("adjustment")):
        _refuse_wrong_names(sentences, config)
    return sentences


def classify_sentences(text: Text, config: AxiomLoopedConfig) -> SentenceForms:
    """Finds the form of each sentence from its words and the positions of its names."""
    verbs = (config.causes_token_id, config.cause_token_id)
    mentions, verb, does = text.per_sentence(text.begins), text.count(*verbs), text.count(config.does_token_id)
    known = text.per_sentence(text.unknown) == 0
    further = text.count(*config.word_ids.values()) if config.word_ids else torch.zeros_like(verb)
    plain = text.mention_follows(1, *verbs) & (mentions == 2) & (verb == 1) & (further == 0) & known
    none = QuestionForm(torch.zeros_like(plain), text.rank.clamp(max=GIVEN))
    separation = none.matches
    if config.reads("d_separation"):
        words = config.word_ids
        given, commas = text.count(words["given"]), text.count(words[","])
        unconditional = (mentions == 2) & (commas == 0)
        conditional = (mentions > 2) & (given == 1) & (commas == mentions - 3)
        opening = (text.count(words["Are"]) == 1) & (text.count(words["and"]) == 1)
        asks = opening & (text.count(words["d-separated"]) == 1) & (verb == 0) & (does == 0)
        separation = text.mention_follows(1, words["and"]) & asks & (unconditional | conditional) & known
    relevance = relevance_questions(text, config) if config.reads("relevance") else none
    adjustment, hidden = none, none.matches
    if config.reads("adjustment"):
        adjustment, hidden = adjustment_questions(text, config), hidden_statements(text, config)
    roles = none.roles
    for form in (relevance, adjustment):
        roles = torch.where(text.per_token(form.matches), form.roles, roles)
    questions = (plain & (does == 1), separation, relevance.matches, adjustment.matches)
    cause = plain & (does == 0)
    readable = torch.stack([cause, hidden, *questions]).any(0)
    return SentenceForms(cause, hidden, questions, (text.per_sentence(text.real) > 0) & ~readable, roles)


def _refuse_unreadable(text: Text, forms: SentenceForms, repeats: torch.Tensor, config: AxiomLoopedConfig) -> None:
    """Raises `ValueError` for the first sentence that the model cannot read or answer."""
    if forms.unreadable.any():
        row, number = forms.unreadable.nonzero()[0].tolist()
        raise ValueError(
            f"`input_ids` row {row}: sentence {number + 1} cannot be read: {text.spell(row, number, config)!r}; it "
            f"should have the form {_listed_forms(config)}, with names of ASCII letters and digits"
        )
    same = text.repeats_name()
    repeated = repeats & forms.asks[1] | same & forms.hidden
    if repeated.any():
        row, number = repeated.nonzero()[0].tolist()
        raise ValueError(
            f"`input_ids` row {row}: {text.spell(row, number, config)!r} is about a node and itself; it should be "
            "about two different nodes"
        )


def _refuse_wrong_names(sentences: Sentences, config: AxiomLoopedConfig) -> None:
    """Raises `ValueError` for a question about relevance or adjustment that names a node twice.

    Adjustment needs nodes that statements mention. What no statement mentions, nothing can affect.
    """
    of_sets = (sentences.tasks > 1).nonzero().tolist()
    if not of_sets:  # a prompt without names has no spellings to compare either
        return
    batch, width = sentences.statements.shape
    count = batch * sentences.names_per_row
    codes = spelling_codes(sentences.character_ids, sentences.character_words, count, config.vocab_size)
    numbers = number_codes(codes.view(batch, sentences.names_per_row, -1))
    ends = 2 * width, 2 * (width + sentences.questions.shape[1])
    for row, question in of_sets:
        pair = numbers[row, ends[0] : ends[1]].view(-1, 2)[question].tolist()
        names = pair + numbers[row, ends[1] :][sentences.further[row] == question].tolist()
        if len(set(names)) < len(names):
            raise ValueError(f"`input_ids` row {row} names a node twice in one question; it should name each once")
        of_effect = sentences.tasks[row, question] == QUESTION_TASKS.index("adjustment")
        if of_effect and not set(names) <= set(numbers[row, : ends[0]].tolist()):
            raise ValueError(f"`input_ids` row {row} asks about a node that no statement mentions")


def _listed_forms(config: AxiomLoopedConfig) -> str:
    further = {
        "d_separation": ("'Are X and Y d-separated given {Z, W}?'",),
        "relevance": ("'Can changing X or V affect Y if Z and W are held fixed?'",),
        "adjustment": (
            "'X and Y share a hidden cause.'",
            "'Is {Z, W} a valid adjustment set for the effect of X on Y?'",
        ),
    }
    forms = ["'X causes Y.'", "'Does X cause Y?'"]
    forms += [form for grammar, more in further.items() if config.reads(grammar) for form in more]
    return f"{', '.join(forms[:-1])} or {forms[-1]}"


def _assign_slots(
    text: Text, forms: SentenceForms, statements: int, questions: int, config: AxiomLoopedConfig
) -> Slots:
    """Assigns a name slot to each mention; further names of questions come last, in reading order."""
    question, device = forms.question, text.input_ids.device
    number = torch.where(question, question.long().cumsum(1) - 1, forms.statements.cumsum(1) - forms.statements)
    first = torch.where(question, 2 * (statements + number), 2 * number)
    slot, per_row = text.per_token(first) + forms.roles, 2 * (statements + questions)
    further = roles = torch.zeros(question.shape[0], 0, dtype=torch.long, device=device)
    if config.grammars != ["transitivity"]:
        # Further names are counted through the row, so that their reading order is their slot.
        more = text.character & (forms.roles > SECOND)
        begins = text.begins & more
        count = begins.long().cumsum(1)
        slot = torch.where(more, per_row + count - 1, slot)
        shape = question.shape[0], int(count.max()) if count.numel() else 0
        further, roles = torch.full(shape, -1, device=device), torch.zeros(shape, dtype=torch.long, device=device)
        row, column = begins.nonzero(as_tuple=True)
        further[row, count[row, column] - 1] = text.per_token(number)[row, column]
        roles[row, count[row, column] - 1] = forms.roles[row, column]
        per_row = per_row + further.shape[1]
    return Slots(slot, further, roles, number, per_row)


def _spell_names(
    text: Text, forms: SentenceForms, slots: Slots, config: AxiomLoopedConfig
) -> tuple[torch.Tensor, torch.Tensor]:
    """Lists the characters of all names, and the name of each."""
    row, column = (text.character & text.per_token(forms.cause | forms.question)).nonzero(as_tuple=True)
    ids, words = text.input_ids[row, column], row * slots.per_row + slots.of_token[row, column]
    if not config.reads("adjustment") or not forms.hidden.any():
        return ids, words
    lists = [(ids, words)]
    hidden = text.per_token(forms.hidden)
    first = 2 * text.per_token(slots.of_sentence)
    # The effects of the two statements, and twice their cause, whose name has the word between the two others.
    row, column = (text.character & hidden).nonzero(as_tuple=True)
    effect = first[row, column] + 2 * text.rank[row, column] + 1
    lists.append((text.input_ids[row, column], row * slots.per_row + effect))
    row, column = ((text.character | text.is_any(config.word_ids["and"])) & hidden).nonzero(as_tuple=True)
    lists += [(text.input_ids[row, column], row * slots.per_row + first[row, column] + offset) for offset in (0, 2)]
    return torch.cat([ids for ids, _ in lists]), torch.cat([words for _, words in lists])


def _number_tasks(forms: SentenceForms, slots: Slots, questions: int) -> torch.Tensor:
    """Returns what each question slot asks about: (batch, questions)."""
    marked = [_mark_questions(form, slots.of_sentence, questions) for form in forms.asks]
    return sum(number * marks.long() for number, marks in enumerate(marked))  # type: ignore[return-value]


def _mark_questions(marked: torch.Tensor, number: torch.Tensor, questions: int) -> torch.Tensor:
    """Turns marks of sentences into marks of question slots: (batch, sentences) to (batch, questions)."""
    index = torch.arange(questions, device=marked.device)
    return (marked[..., None] & (number[..., None] == index)).any(1)


def _filled(counts: torch.Tensor, width: int) -> torch.Tensor:
    """Marks as many leading slots as the sentences of a row fill: (batch, sentences) to (batch, width)."""
    return torch.arange(width, device=counts.device) < counts.sum(1, keepdim=True)


__all__ = ["SentenceForms", "Sentences", "classify_sentences", "read_sentences"]
