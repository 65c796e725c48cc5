"""Prompts of comparisons in other words."""

from __future__ import annotations

import re
from dataclasses import dataclass

from hf_causal.tasks.comparisons.text import Prompt
from hf_causal.tasks.shared.chance_sentences import CHANCES, EFFECTS_FIRST, FIXED, chance_sentences, stated_chances
from hf_causal.tasks.shared.exact_numbers import read_number
from hf_causal.tasks.shared.quantity_sentences import PHRASES, quantity_sentence, stated_quantity
from hf_causal.tasks.shared.quantity_texts import Quantity
from hf_causal.tasks.shared.sentences import Composition, Sentence, Sentences
from hf_causal.tasks.shared.stories.topics import CHINESE, ENGLISH, Topic
from hf_causal.tasks.shared.stories.wordings import Templates, Wording
from hf_causal.utils.randomness import Draws

_NUMBER, _LARGER = "number", " > "
_BETWEEN: tuple[str, ...] = ()
"""The names between those of the two sides."""
_FRAMES = {ENGLISH: "is {} larger than {}", CHINESE: "{}是否大于{}"}


@dataclass(frozen=True)
class ComparisonWording(Wording):
    """Templates of the sides of a comparison: quantities, and a number on the second one."""

    def write_question(self, question: Sentence, topic: Topic | None, draws: Draws) -> str:
        """Writes a question without its mark."""
        sides = (self.write_sentence(self.questions, side, topic, draws) for side in _sides(question))
        return _FRAMES[self.language].format(*sides)

    def read_question(self, text: str, topic: Topic | None) -> Sentence | None:
        """Returns a question without its mark, or `None` if its frame or one of its sides has another form."""
        text = text[:1].lower() + text[1:] if topic is not None else text
        match = re.fullmatch(_FRAMES[self.language].replace("{}", "(.+)"), text)
        sides = [self.read_sentence(self.questions, side, topic) for side in match.groups()] if match else [None]
        known = [side for side in sides if side is not None]
        return _join(*known) if len(known) == 2 and known[0].head != _NUMBER else None


def _join(first: Sentence, second: Sentence) -> Sentence:
    return Sentence(f"{first.type}{_LARGER}{second.type}", (*first.names, _BETWEEN, *second.names))


def _sides(question: Sentence) -> tuple[Sentence, Sentence]:
    (first, second), end = question.type.split(_LARGER), question.names.index(_BETWEEN)
    return Sentence(first, question.names[:end]), Sentence(second, question.names[end + 1 :])


def _take_apart(prompt: Prompt) -> Sentences:
    second = prompt.second
    number = Sentence(f"{_NUMBER}#{second}", ())
    side = quantity_sentence(second) if isinstance(second, Quantity) else number
    return Sentences(chance_sentences(prompt.stated), _join(quantity_sentence(prompt.first), side))


def _put_together(sentences: Sentences, like: Prompt | None) -> Prompt:
    first, side = _sides(sentences.question)
    second = _read_number(side) if side.head == _NUMBER else stated_quantity(side)
    return Prompt(stated_chances(sentences.statements), stated_quantity(first), second)


def _read_number(side: Sentence) -> str:
    (text,) = side.parameters
    read_number(text)
    return text


def _phrases(language: str) -> Templates:
    compared = {head: variety for head, variety in PHRASES[language].items() if not head.startswith("bounds")}
    return {**compared, _NUMBER: ("{#0}",)}


COMPOSITION = Composition(_take_apart, _put_together, fixed=FIXED, effects_first=EFFECTS_FIRST, complete=True)
WORDINGS = {
    language: ComparisonWording(language, CHANCES[language], _phrases(language), plain_first=True)
    for language in CHANCES
}
