"""Prompts about adjustment sets in other words."""

from __future__ import annotations

from hf_causal.tasks.adjustment.text import Prompt
from hf_causal.tasks.shared.sentences import HIDDEN, Composition, Sentence, Sentences, typed_edges, typed_sentences
from hf_causal.tasks.shared.stories.topics import CHINESE, ENGLISH
from hf_causal.tasks.shared.stories.wordings import MIXED, Templates, Wording

_SET, _EMPTY = "valid set", "valid empty set"

_QUESTIONS: dict[str, Templates] = {
    ENGLISH: {
        _SET: (
            "is the set of {2:and} a valid adjustment set for the effect of {0} on {1}",
            "does adjusting for exactly {2:and} give the total effect of {0} on {1}",
        ),
        _EMPTY: (
            "is the empty set a valid adjustment set for the effect of {0} on {1}",
            "does the total effect of {0} on {1} show without any adjustment",
        ),
    },
    CHINESE: {
        _SET: (
            "由{2:and}组成的集合是否为估计{0}对{1}的效应的有效调整集",
            "恰好调整{2:and}，能否得到{0}对{1}的总效应",
        ),
        _EMPTY: ("空集是否为估计{0}对{1}的效应的有效调整集", "不作任何调整，能否得到{0}对{1}的总效应"),
    },
}


def _take_apart(prompt: Prompt) -> Sentences:
    (x, y), given = prompt.question, prompt.given
    question = Sentence(_SET, ((x,), (y,), given)) if given else Sentence(_EMPTY, ((x,), (y,)))
    return Sentences(typed_sentences(prompt.statements, HIDDEN), question)


def _put_together(sentences: Sentences, like: Prompt | None) -> Prompt:
    (x,), (y,), *given = sentences.question.names
    return Prompt(typed_edges(sentences.statements), (x, y), *given)


COMPOSITION = Composition(_take_apart, _put_together)
WORDINGS = {language: Wording(language, MIXED[language], _QUESTIONS[language]) for language in _QUESTIONS}
