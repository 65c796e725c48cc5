"""Prompts about closed systems in other words."""

from __future__ import annotations

from hf_causal.tasks.corr2cause.text import MIRRORED, ClosedSystem, Prompt
from hf_causal.tasks.shared.sentences import Composition, Sentence, Sentences, pair
from hf_causal.tasks.shared.stories.topics import CHINESE, ENGLISH
from hf_causal.tasks.shared.stories.wordings import Templates, Wording

_SYSTEM, _CORRELATED, _INDEPENDENT, _GIVEN = "system", "correlated", "independent", "independent given"

_STATEMENTS: dict[str, Templates] = {
    ENGLISH: {
        _SYSTEM: ("nothing but {0:and} plays a role, and all their statistical relations are these",),
        _CORRELATED: ("{0} correlates with {1}", "{0} and {1} are statistically dependent"),
        _INDEPENDENT: ("{0} is independent of {1}", "{0} and {1} are statistically independent"),
        _GIVEN: (
            "{0} and {1} are independent given {2:and}",
            "when we know {2:and}, it holds that {0} and {1} are statistically independent",
        ),
    },
    CHINESE: {
        _SYSTEM: ("除了{0:and}之外没有别的变量，它们之间的全部统计关系如下",),
        _CORRELATED: ("{0}和{1}相关", "{0}和{1}在统计上不独立"),
        _INDEPENDENT: ("{0}和{1}独立", "{0}和{1}在统计上没有关系"),
        _GIVEN: ("给定{2:and}，{0}和{1}独立", "已知{2:and}时，{0}和{1}在统计上没有关系"),
    },
}
_QUESTIONS: dict[str, Templates] = {
    ENGLISH: {
        "parent": ("does it follow that {0} directly causes {1}",),
        "non-parent ancestor": ("does it follow that {0} causes something else which causes {1}",),
        "non-child descendant": ("does it follow that {1} is a cause of {0}, but not a direct one",),
        "has_collider": ("does it follow that {0} and {1} have a common effect, each by a path around the other",),
        "has_confounder": ("does it follow that {0} and {1} have a common cause, each by a path around the other",),
    },
    CHINESE: {
        "parent": ("是否由此得出，{0}直接导致{1}",),
        "non-parent ancestor": ("是否由此得出，{0}导致别的变量，后者又导致{1}",),
        "non-child descendant": ("是否由此得出，{1}是{0}的原因，但不是直接原因",),
        "has_collider": ("是否由此得出，{0}和{1}各自绕过对方导致一个共同的结果",),
        "has_confounder": ("是否由此得出，{0}和{1}有一个共同的原因，它到两者的路径各自绕过对方",),
    },
}


def _take_apart(prompt: Prompt) -> Sentences:
    system = prompt.system
    statements = [Sentence(_SYSTEM, (system.variables,))]
    statements += [pair(_CORRELATED, *names) for names in system.correlations]
    for first, second, given in system.independences:
        names = ((first,), (second,))
        statements.append(Sentence(_GIVEN, (*names, given)) if given else Sentence(_INDEPENDENT, names))
    question = pair(prompt.relation, *prompt.pair)
    if prompt.relation == "child":
        question = pair(MIRRORED["child"], *prompt.pair[::-1])  # the same sentence, which is read so
    return Sentences(tuple(statements), question)


def _put_together(sentences: Sentences, like: Prompt | None) -> Prompt:
    variables = next(one.names[0] for one in sentences.statements if one.type == _SYSTEM)
    correlations, independences = [], []
    for kind, names in sentences.statements:
        if kind == _CORRELATED:
            correlations.append((names[0][0], names[1][0]))
        elif kind != _SYSTEM:
            independences.append((names[0][0], names[1][0], names[2] if len(names) > 2 else ()))
    system = ClosedSystem(variables, tuple(correlations), tuple(independences))
    (first,), (second,) = sentences.question.names
    return Prompt(system, sentences.question.type, (first, second), like is not None and like.paraphrased)


COMPOSITION = Composition(
    _take_apart,
    _put_together,
    symmetric=frozenset({_CORRELATED, _INDEPENDENT, _GIVEN}),
    fixed=frozenset({_SYSTEM}),
    complete=True,
)
WORDINGS = {language: Wording(language, _STATEMENTS[language], _QUESTIONS[language]) for language in _QUESTIONS}
