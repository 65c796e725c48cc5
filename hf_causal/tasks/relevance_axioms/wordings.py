"""Prompts about statements of irrelevance in other words."""

from __future__ import annotations

from hf_causal.tasks.relevance_axioms.text import Claim, Prompt
from hf_causal.tasks.shared.sentences import Composition, Sentence, Sentences
from hf_causal.tasks.shared.stories.topics import CHINESE, ENGLISH
from hf_causal.tasks.shared.stories.wordings import Templates, Wording

_ALONE, _HELD = "cannot affect", "cannot affect while held"

_CLAIMS: dict[str, Templates] = {
    ENGLISH: {
        _ALONE: ("changing {0:or} cannot affect {1:or}", "a change in {0:or} makes no difference to {1:or}"),
        _HELD: (
            "changing {0:or} cannot affect {1:or} with {2:and} held fixed",
            "a change in {0:or} makes no difference to {1:or} while nobody lets {2:and} change",
        ),
    },
    CHINESE: {
        _ALONE: ("改变{0:or}不能影响{1:or}", "{0:or}的变化不会给{1:or}带来变化"),
        _HELD: (
            "在{2:and}保持不变的情况下，改变{0:or}不能影响{1:or}",
            "如果不让{2:and}变化，{0:or}的变化不会给{1:or}带来变化",
        ),
    },
}
_OPENINGS = {ENGLISH: "does it follow that ", CHINESE: "是否由此得出，"}


def _sentence(claim: Claim) -> Sentence:
    sets = (claim.changed, claim.targets)
    return Sentence(_HELD, (*sets, claim.held)) if claim.held else Sentence(_ALONE, sets)


def _claim(sentence: Sentence) -> Claim:
    return Claim(*sentence.names)


def _take_apart(prompt: Prompt) -> Sentences:
    return Sentences(tuple(map(_sentence, prompt.statements)), _sentence(prompt.question))


def _put_together(sentences: Sentences, like: Prompt | None) -> Prompt:
    return Prompt(tuple(map(_claim, sentences.statements)), _claim(sentences.question))


def _questions(language: str) -> Templates:
    return {
        kind: tuple(_OPENINGS[language] + template for template in templates)
        for kind, templates in _CLAIMS[language].items()
    }


COMPOSITION = Composition(_take_apart, _put_together)
WORDINGS = {language: Wording(language, _CLAIMS[language], _questions(language)) for language in _CLAIMS}
