"""Prompts of relevance in other words."""

from __future__ import annotations

from hf_causal.tasks.relevance.text import Prompt
from hf_causal.tasks.shared.sentences import Composition, Sentence, Sentences, causal_edges, causal_sentences
from hf_causal.tasks.shared.stories.topics import CHINESE, ENGLISH
from hf_causal.tasks.shared.stories.wordings import CAUSAL, Templates, Wording

_ALONE, _HELD = "affects", "affects while held"

_QUESTIONS: dict[str, Templates] = {
    ENGLISH: {
        _ALONE: ("can changing {0:or} affect {1:or}", "can a change in {0:or} make a difference to {1:or}"),
        _HELD: (
            "can changing {0:or} affect {1:or} with {2:and} held fixed",
            "can a change in {0:or} make a difference to {1:or} while nobody lets {2:and} change",
        ),
    },
    CHINESE: {
        _ALONE: ("改变{0:or}能否影响{1:or}", "{0:or}的变化能否给{1:or}带来变化"),
        _HELD: (
            "在{2:and}保持不变的情况下，改变{0:or}能否影响{1:or}",
            "如果不让{2:and}变化，{0:or}的变化能否给{1:or}带来变化",
        ),
    },
}


def _take_apart(prompt: Prompt) -> Sentences:
    sets = (prompt.changed, prompt.targets)
    question = Sentence(_HELD, (*sets, prompt.given)) if prompt.given else Sentence(_ALONE, sets)
    return Sentences(causal_sentences(prompt.edges), question)


def _put_together(sentences: Sentences, like: Prompt | None) -> Prompt:
    changed, targets, *held = sentences.question.names
    return Prompt(causal_edges(sentences.statements), (*changed, *targets), held[0] if held else (), len(changed))


COMPOSITION = Composition(_take_apart, _put_together)
WORDINGS = {language: Wording(language, CAUSAL[language], _QUESTIONS[language]) for language in _QUESTIONS}
