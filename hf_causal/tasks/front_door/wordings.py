"""Prompts about the front-door criterion in other words."""

from __future__ import annotations

from hf_causal.tasks.front_door.text import Prompt
from hf_causal.tasks.shared.sentences import HIDDEN, Composition, Sentence, Sentences, typed_edges, typed_sentences
from hf_causal.tasks.shared.stories.topics import CHINESE, ENGLISH
from hf_causal.tasks.shared.stories.wordings import MIXED, Templates, Wording

_SET, _EMPTY = "front-door set", "empty front-door set"

_QUESTIONS: dict[str, Templates] = {
    ENGLISH: {
        _SET: (
            "does the set of {2:and} satisfy the front-door criterion for the effect of {0} on {1}",
            "is the effect of {0} on {1} identified through exactly {2:and} by the front-door criterion",
        ),
        _EMPTY: (
            "does the empty set satisfy the front-door criterion for the effect of {0} on {1}",
            "is the effect of {0} on {1} identified through nothing by the front-door criterion",
        ),
    },
    CHINESE: {
        _SET: (
            "由{2:and}组成的集合是否满足估计{0}对{1}的效应的前门准则",
            "按照前门准则，恰好通过{2:and}能否识别{0}对{1}的效应",
        ),
        _EMPTY: ("空集是否满足估计{0}对{1}的效应的前门准则", "按照前门准则，不通过任何变量能否识别{0}对{1}的效应"),
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
