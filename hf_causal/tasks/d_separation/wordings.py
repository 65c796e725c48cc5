"""Prompts of d-separation in other words."""

from __future__ import annotations

from hf_causal.tasks.d_separation.text import Prompt
from hf_causal.tasks.shared.sentences import Composition, Sentence, Sentences, causal_edges, causal_sentences
from hf_causal.tasks.shared.stories.topics import CHINESE, ENGLISH
from hf_causal.tasks.shared.stories.wordings import CAUSAL, Templates, Wording

_SEPARATED, _GIVEN = "separated", "separated given"

# Two nodes are independent in every model of a graph if and only if it d-separates them.
_QUESTIONS: dict[str, Templates] = {
    ENGLISH: {
        _SEPARATED: (
            "are {0} and {1} d-separated",
            "must {0} and {1} be independent in every model of these statements",
        ),
        _GIVEN: (
            "are {0} and {1} d-separated by {2:and}",
            "when we know {2:and}, must {0} and {1} be independent in every model of these statements",
        ),
    },
    CHINESE: {
        _SEPARATED: ("{0}和{1}是否d-分离", "在符合这些陈述的每个模型中，{0}和{1}是否必然独立"),
        _GIVEN: (
            "给定{2:and}，{0}和{1}是否d-分离",
            "已知{2:and}时，在符合这些陈述的每个模型中，{0}和{1}是否必然独立",
        ),
    },
}


def _take_apart(prompt: Prompt) -> Sentences:
    (x, y), given = prompt.question, prompt.given
    question = Sentence(_GIVEN, ((x,), (y,), given)) if given else Sentence(_SEPARATED, ((x,), (y,)))
    return Sentences(causal_sentences(prompt.edges), question)


def _put_together(sentences: Sentences, like: Prompt | None) -> Prompt:
    (x,), (y,), *given = sentences.question.names
    return Prompt(causal_edges(sentences.statements), (x, y), *given)


COMPOSITION = Composition(_take_apart, _put_together)
WORDINGS = {language: Wording(language, CAUSAL[language], _QUESTIONS[language]) for language in _QUESTIONS}
