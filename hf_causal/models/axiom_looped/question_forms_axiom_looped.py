"""The forms of sentences about relevance and adjustment sets, word by word, and the role of each name in them.

Can changing A, B or C affect D or E if F and G are held fixed?
A and B share a hidden cause.
Is {C, D} a valid adjustment set for the effect of A on B?
"""

from __future__ import annotations

from typing import NamedTuple

import torch

from .configuration_axiom_looped import AxiomLoopedConfig
from .text_axiom_looped import Text, is_among

FIRST, SECOND, GIVEN, MORE_FIRST, MORE_SECOND = range(5)
"""Roles of a name in a question: one of the two nodes, held fixed or in the set, or a further node next to the first
or the second."""
SHARES = "share a hidden cause"
ADJUSTS = "a valid adjustment set for the effect of"


class QuestionForm(NamedTuple):
    """Which sentences have a form, and the roles of names in them."""

    matches: torch.Tensor
    """(batch, sentences), bool."""
    roles: torch.Tensor
    """Role of the mention that each token belongs to, (batch, length)."""


def hidden_statements(text: Text, config: AxiomLoopedConfig) -> torch.Tensor:
    """Marks the sentences of the form 'X and Y share a hidden cause.': (batch, sentences)."""
    ids = config.word_ids
    shares = text.is_any(ids[SHARES])
    ends = text.per_sentence(shares & (text.rank == 1) & _after_name(text)) == 1
    words = (text.count(ids["and"]) == 1) & (text.per_sentence(shares) == 1)
    exact = _count_words(text, config) == 2 + text.count(config.stop_token_id)
    return text.mention_follows(1, ids["and"]) & ends & words & exact & _known(text) & (_mentions(text) == 2)


def adjustment_questions(text: Text, config: AxiomLoopedConfig) -> QuestionForm:
    """Finds the sentences of the form 'Is {Z, W} a valid adjustment set for the effect of X on Y?'."""
    ids = config.word_ids
    mentions = _mentions(text)
    of_token = text.per_token(mentions)
    before_last = text.rank - of_token  # -2 for the treatment, -1 for the outcome
    roles = torch.where(before_last == -2, FIRST, torch.where(before_last == -1, SECOND, GIVEN))
    opener = torch.where(before_last == -2, ids[ADJUSTS], torch.where(before_last == -1, ids["on"], ids[","]))
    opener = torch.where((text.rank == 0) & (of_token > 2), ids["{"], opener)
    in_order = (
        _follow(text, config, "{", text.previous == ids["Is"])
        & _follow(text, config, "}", _after_name(text) | (text.previous == ids["{"]))
        & _follow(text, config, ADJUSTS, text.previous == ids["}"])
        & _follow(text, config, "on", _after_name(text))
    )
    words = ("Is", "{", "}", ADJUSTS, "on")
    expected = len(words) + (mentions - 3).clamp(min=0) + text.count(config.question_token_id)
    matches = _each_once(text, config, *words) & in_order & _all_follow(text, opener) & (mentions >= 2)
    return QuestionForm(matches & (_count_words(text, config) == expected) & _known(text), roles)


def relevance_questions(text: Text, config: AxiomLoopedConfig) -> QuestionForm:
    """Finds the sentences of the form 'Can changing A or B affect C or D if E and F are held fixed?'."""
    ids = config.word_ids
    section = _count_before(text, ids["affect"], ids["if"])
    sizes = [text.per_sentence(text.begins & (section == number)) for number in range(3)]
    first = torch.where(section == 0, 0, text.per_token(sizes[0]) + (section > 1) * text.per_token(sizes[1]))
    index, size = text.rank - first, _by_section(section, [text.per_token(size) for size in sizes])
    opener = _by_section(section, [ids["changing"], ids["affect"], ids["if"]])
    last = _by_section(section, [ids["or"], ids["or"], ids["and"]])
    opener = torch.where(index == 0, opener, torch.where(index == size - 1, last, ids[","]))
    alone = _by_section(section, [FIRST, SECOND, GIVEN])
    roles = torch.where(index == 0, alone, _by_section(section, [MORE_FIRST, MORE_SECOND, GIVEN]))
    holds = text.count(ids["if"])
    verb = torch.where(sizes[2] == 1, text.count(ids["is"]), text.count(ids["are"]))
    in_order = (
        _follow(text, config, "changing", text.previous == ids["Can"])
        & _follow(text, config, "affect", _after_name(text))
        & _follow(text, config, "if", _after_name(text))
        & _follow(text, config, "held", is_among(text.previous, (ids["is"], ids["are"])))
        & _follow(text, config, "fixed", text.previous == ids["held"])
        & _follow(text, config, "is", _after_name(text) & (section == 2))
        & _follow(text, config, "are", _after_name(text) & (section == 2))
    )
    in_order = in_order & _ends_after(text, config, holds)
    once = _each_once(text, config, "Can", "changing", "affect") & (holds <= 1)
    once = once & (verb == holds) & (text.count(ids["held"]) == holds) & (text.count(ids["fixed"]) == holds)
    full = (sizes[0] > 0) & (sizes[1] > 0) & ((sizes[2] > 0) == (holds == 1))
    separators = sum((size - 1).clamp(min=0) for size in sizes)
    expected = 3 + 4 * holds + separators + text.count(config.question_token_id)
    matches = once & full & in_order & _all_follow(text, opener) & (_count_words(text, config) == expected)
    return QuestionForm(matches & _known(text), roles)


def _ends_after(text: Text, config: AxiomLoopedConfig, holds: torch.Tensor) -> torch.Tensor:
    """Marks the sentences in which no word comes between the last name, or 'fixed', and the question mark."""
    fixed = text.previous == config.word_ids["fixed"]
    right = torch.where(text.per_token(holds) == 1, fixed, _after_name(text))
    return text.per_sentence(text.is_any(config.question_token_id) & ~right) == 0


def _by_section(section: torch.Tensor, values: list) -> torch.Tensor:
    """Selects one of three values by the section of each token."""
    return torch.where(section == 0, values[0], torch.where(section == 1, values[1], values[2]))


def _known(text: Text) -> torch.Tensor:
    return text.per_sentence(text.unknown) == 0


def _mentions(text: Text) -> torch.Tensor:
    return text.per_sentence(text.begins)


def _count_words(text: Text, config: AxiomLoopedConfig) -> torch.Tensor:
    """Counts the tokens of each sentence that are no characters of names."""
    return text.count(*config.word_token_ids)


def _count_before(text: Text, *ids: int) -> torch.Tensor:
    """Counts, for each token, the tokens of its sentence before it that have one of these ids."""
    marked = text.is_any(*ids).long()
    in_sentences = text.per_sentence(marked)
    return marked.cumsum(1) - marked - text.per_token(in_sentences.cumsum(1) - in_sentences)


def _after_name(text: Text) -> torch.Tensor:
    """Marks the tokens that follow a character of a name."""
    return torch.nn.functional.pad(text.character[:, :-1], (1, 0))


def _follow(text: Text, config: AxiomLoopedConfig, word: str, right: torch.Tensor) -> torch.Tensor:
    """Marks the sentences in which every token that is a word follows what it should."""
    return text.per_sentence(text.is_any(config.word_ids[word]) & ~right) == 0


def _all_follow(text: Text, opener: torch.Tensor) -> torch.Tensor:
    """Marks the sentences each of whose mentions follows the token that it should."""
    return text.per_sentence(text.begins & (text.previous != opener)) == 0


def _each_once(text: Text, config: AxiomLoopedConfig, *words: str) -> torch.Tensor:
    """Marks the sentences that have each of these words once."""
    return torch.stack([text.count(config.word_ids[word]) == 1 for word in words]).all(0)


__all__ = ["QuestionForm", "adjustment_questions", "hidden_statements", "relevance_questions"]
