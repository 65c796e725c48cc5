"""Prompts of quantities in other words."""

from __future__ import annotations

from hf_causal.tasks.quantities.text import Prompt
from hf_causal.tasks.shared.chance_sentences import CHANCES, EFFECTS_FIRST, FIXED, chance_sentences, stated_chances
from hf_causal.tasks.shared.quantity_sentences import PHRASES, quantity_sentence, stated_quantity
from hf_causal.tasks.shared.sentences import Composition, Sentences
from hf_causal.tasks.shared.stories.topics import CHINESE, ENGLISH
from hf_causal.tasks.shared.stories.wordings import Templates, Wording


def _take_apart(prompt: Prompt) -> Sentences:
    return Sentences(chance_sentences(prompt.stated), quantity_sentence(prompt.quantity))


def _put_together(sentences: Sentences, like: Prompt | None) -> Prompt:
    return Prompt(stated_chances(sentences.statements), stated_quantity(sentences.question))


def _questions(language: str) -> Templates:
    frames = {ENGLISH: ("what is {}", "what are {}"), CHINESE: ("{}是多少", "{}是什么")}[language]
    return {
        head: tuple(frames[head.startswith("bounds")].replace("{}", phrase) for phrase in variety)
        for head, variety in PHRASES[language].items()
    }


COMPOSITION = Composition(_take_apart, _put_together, fixed=FIXED, effects_first=EFFECTS_FIRST)
WORDINGS = {
    language: Wording(language, CHANCES[language], _questions(language), plain_first=True) for language in CHANCES
}
