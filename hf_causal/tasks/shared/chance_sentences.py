"""Statements of probabilities as sentences, by which variants of rows are made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hf_causal.tasks.shared.chances import COUPLINGS, NO_HIDDEN_CAUSES, Chance, Premise, make_chance
from hf_causal.tasks.shared.sentences import Sentence
from hf_causal.tasks.shared.stories.topics import CHINESE, ENGLISH
from hf_causal.tasks.shared.stories.wordings import Templates

CLOSED, ALONE, WITH_CAUSES = "closed", "chance", "chance with causes"
"""Types of statements: that there are no hidden causes, and a probability without and with causes."""
FIXED = frozenset({CLOSED, *COUPLINGS})
"""Types of statements of which a premise has one, about no variable in particular."""
EFFECTS_FIRST = frozenset({WITH_CAUSES})

CHANCES: Mapping[str, Templates] = {
    ENGLISH: {
        CLOSED: ("there are no hidden common causes", "nothing that is left out here causes two of these things"),
        "independent": ("responses to different causes are independent",),
        "threshold": (
            "one uniform number for each variable decides its responses: it is 1 if the number is below its "
            "probability",
            "one uniform number for each thing decides its responses: it is present if the number is below its "
            "probability",
        ),
        ALONE: (
            "{0} is 1 with probability {#0}",
            "{0} is present with probability {#0}",
            "the probability that {0} is present is {#0}",
        ),
        WITH_CAUSES: (
            "{0} is 1 with probability {#0} if {1#1}",
            "{0} is present with probability {#0} if {1#1:present}",
            "when {1#1:present}, the probability that {0} is present is {#0}",
        ),
    },
    CHINESE: {
        CLOSED: ("没有隐藏的共同原因", "没有提到的因素都不会同时导致这里的两项"),
        "independent": ("对不同原因的反应相互独立",),
        "threshold": (
            "每个变量的反应由一个均匀分布的数决定：如果这个数小于其概率，该变量为1",
            "每一项的反应由一个均匀分布的数决定：如果这个数小于其概率，该项出现",
        ),
        ALONE: ("{0}为1的概率是{#0}", "{0}出现的概率是{#0}", "{0}以{#0}的概率出现"),
        WITH_CAUSES: (
            "如果{1#1}，{0}为1的概率是{#0}",
            "如果{1#1:present}，{0}出现的概率是{#0}",
            "当{1#1:present}时，{0}以{#0}的概率出现",
        ),
    },
}
"""Templates of the statements of a structural model; a variable is present where it is 1."""


def chance_sentences(stated: Premise) -> tuple[Sentence, ...]:
    """Returns what holds of all variables, and a sentence for each probability.

    The type of the latter has the number as it is written, and the values of the causes.
    """
    fixed = [Sentence(CLOSED, ()), *([Sentence(stated.coupling, ())] if stated.coupling else [])]
    return (*fixed, *map(_sentence, stated.chances))


def _sentence(one: Chance) -> Sentence:
    if not one.condition:
        return Sentence(f"{ALONE}#{one.written}", ((one.variable,),))
    values = "".join(str(value) for _, value in one.condition)
    return Sentence(
        f"{WITH_CAUSES}#{one.written}#{values}", ((one.variable,), tuple(name for name, _ in one.condition))
    )


def stated_chances(sentences: Sequence[Sentence]) -> Premise:
    """Returns the premise of sentences.

    Raises:
        `ValueError`: If it does not say once that there are no hidden causes, or a sentence is no probability.
    """
    fixed = [one.type for one in sentences if one.type in FIXED]
    if fixed.count(CLOSED) != 1:
        raise ValueError(f"the premise does not say once {NO_HIDDEN_CAUSES!r}")
    couplings = [one for one in fixed if one != CLOSED]
    if len(couplings) > 1:
        raise ValueError("the premise says twice how responses are coupled")
    chances = tuple(_chance(one) for one in sentences if one.type not in FIXED)
    return Premise(chances, couplings[0] if couplings else None)


def _chance(sentence: Sentence) -> Chance:
    ((variable,), *causes), (written, *values) = sentence.names, sentence.parameters
    condition = tuple(zip(causes[0], map(int, values[0]), strict=True)) if causes else ()
    if variable in dict(condition) or len(dict(condition)) < len(condition):
        raise ValueError(f"a sentence about {variable!r} has a variable twice")
    return make_chance(variable, condition, written)
