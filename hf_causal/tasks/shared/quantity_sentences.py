"""Quantities as sentences, and their words in stories and in Chinese."""

from __future__ import annotations

from collections.abc import Mapping

from hf_causal.tasks.shared.quantity_texts import CAUSATION, Quantity, check_roles
from hf_causal.tasks.shared.sentences import Sentence
from hf_causal.tasks.shared.stories.topics import CHINESE, ENGLISH
from hf_causal.tasks.shared.stories.wordings import Templates

_PARAMETERS = {
    "observation": ("value", "values"),
    "intervention": ("value", "values"),
    "controlled_direct_effect": ("value",),
    "individual": ("value", "set_value", "values"),
}
"""From type to the fields of a quantity that its words have beside names."""
_OF_CAUSATION = ("causation", "bounds")

PHRASES: Mapping[str, Templates] = {
    ENGLISH: {
        "observation": (
            "the probability that {0#0} if we observe that {1#1}",
            "the share of the cases where {0#0:present} among those where we see that {1#1:present}",
        ),
        "intervention": (
            "the probability that {0#0} if we set things so that {1#1}",
            "the share of the cases where {0#0:present} if somebody sees to it that {1#1:present}",
        ),
        "average_effect": ("the average treatment effect of {0} on {1}",),
        "controlled_direct_effect": (
            "the controlled direct effect of {0} on {1} when we set things so that {2#0}",
            "the controlled direct effect of {0} on {1} when somebody sees to it that {2#0:present}",
        ),
        "effect_on_treated": (
            "the effect of treatment on the treated of {0} on {1}",
            "the average effect of {0} on {1} among the cases that have {0}",
        ),
        "natural_direct_effect": ("the natural direct effect of {0} on {1} with mediator {2}",),
        "natural_indirect_effect": ("the natural indirect effect of {0} on {1} through {2}",),
        "individual": (
            "the probability that {1#0} would hold, had we set things so that {0#1}, in a case where we observe that "
            "{2#2}",
            "the probability that {1#0:present} would hold, had somebody seen to it that {0#1:present}, in a case "
            "where we see that {2#2:present}",
        ),
        **{f"causation {which}": (f"the probability of {which} of {{0}} for {{1}}",) for which in CAUSATION},
        **{
            f"bounds {which}": (
                f"the tightest bounds on the probability of {which} of {{0}} for {{1}} that their distribution and "
                "the effects of the first on the second imply",
            )
            for which in CAUSATION
        },
    },
    CHINESE: {
        "observation": (
            "观察到{1#1}时，{0#0}的概率",
            "在看到{1#1:present}的情形中，{0#0:present}的比例",
        ),
        "intervention": (
            "人为使{1#1}时，{0#0}的概率",
            "有人设法使{1#1:present}时，{0#0:present}的比例",
        ),
        "average_effect": ("{0}对{1}的平均处理效应",),
        "controlled_direct_effect": (
            "人为使{2#0}时，{0}对{1}的受控直接效应",
            "有人设法使{2#0:present}时，{0}对{1}的受控直接效应",
        ),
        "effect_on_treated": ("{0}对{1}的处理组平均处理效应", "在有{0}的情形中，{0}对{1}的平均效应"),
        "natural_direct_effect": ("以{2}为中介，{0}对{1}的自然直接效应",),
        "natural_indirect_effect": ("通过{2}，{0}对{1}的自然间接效应",),
        "individual": (
            "在观察到{2#2}的个案中，假如当初人为使{0#1}，{1#0}的概率",
            "在看到{2#2:present}的个案中，假如当初有人设法使{0#1:present}，{1#0:present}的概率",
        ),
        **{
            f"causation {which}": (f"{{0}}对{{1}}的{words}概率",)
            for which, words in zip(CAUSATION, ("必要性", "充分性", "必要且充分性"), strict=True)
        },
        **{
            f"bounds {which}": (f"由两者的分布和前者对后者的效应得出的，{{0}}对{{1}}的{words}概率的最紧界限",)
            for which, words in zip(CAUSATION, ("必要性", "充分性", "必要且充分性"), strict=True)
        },
    },
}
"""Words of quantities; a variable is present where it is 1."""


def quantity_sentence(quantity: Quantity) -> Sentence:
    """Returns a quantity as a sentence: treatment, outcome and mediator, then what is observed or set."""
    single = (quantity.x, quantity.y, quantity.mediator)
    names: list[tuple[str, ...]] = [(name,) for name in single if name]
    if quantity.values:
        names.append(tuple(name for name, _ in quantity.values))
    fields = {
        "value": str(quantity.value),
        "set_value": str(quantity.set_value),
        "values": "".join(str(value) for _, value in quantity.values),
    }
    head = f"{quantity.type} {quantity.which}" if quantity.type in _OF_CAUSATION else quantity.type
    return Sentence("#".join([head, *(fields[name] for name in _PARAMETERS.get(quantity.type, ()))]), tuple(names))


def stated_quantity(sentence: Sentence) -> Quantity:
    """Returns the quantity of a sentence; raises `ValueError` if it has a variable in two roles."""
    kind, _, which = sentence.head.partition(" ")
    fields = dict(zip(_PARAMETERS.get(kind, ()), sentence.parameters, strict=True))
    *single, last = sentence.names
    values = tuple(zip(last, map(int, fields.get("values", "")), strict=True)) if "values" in fields else ()
    single = single if values else [*single, last]
    (y,) = single[0] if kind in ("observation", "intervention") else single[1]
    (x,) = ("",) if kind in ("observation", "intervention") else single[0]
    (mediator,) = single[2] if len(single) > 2 else ("",)
    quantity = Quantity(
        kind, y, x, mediator, int(fields.get("value", 1)), int(fields.get("set_value", 0)), values, which
    )
    check_roles(quantity, str(quantity))
    return quantity
