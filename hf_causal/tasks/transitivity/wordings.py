"""Prompts of transitivity in other words."""

from __future__ import annotations

from hf_causal.tasks.shared.sentences import Composition, Sentences, causal_edges, causal_sentences, pair
from hf_causal.tasks.shared.stories.topics import CHINESE, ENGLISH
from hf_causal.tasks.shared.stories.wordings import CAUSAL, Templates, Wording
from hf_causal.tasks.transitivity.text import Prompt

QUESTIONS: dict[str, Templates] = {
    ENGLISH: {
        "cause": (
            "does {0} lead to {1}",
            "is {1} a result of {0}, directly or through other things",
            "going by these statements, is {0} a cause of {1}",
        )
    },
    CHINESE: {"cause": ("{0}是否导致{1}", "{1}是否由{0}直接或间接引起", "根据这些陈述，{0}是否为{1}的原因")},
}


def _take_apart(prompt: Prompt) -> Sentences:
    return Sentences(causal_sentences(prompt.edges), pair("cause", *prompt.question))


def _put_together(sentences: Sentences, like: Prompt | None) -> Prompt:
    (cause,), (effect,) = sentences.question.names
    return Prompt(causal_edges(sentences.statements), (cause, effect))


COMPOSITION = Composition(_take_apart, _put_together)
WORDINGS = {language: Wording(language, CAUSAL[language], QUESTIONS[language]) for language in QUESTIONS}
