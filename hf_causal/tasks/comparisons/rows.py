"""The corpus of comparisons: "Is the probability that B is 1 if A is set to 1 larger than … if A is observed to be 1?"

The cells are what is compared:

- `seen_or_set`: what is observed to be, and what is set.
- `set_values`: a variable set to 1, and set to 0.
- `two_treatments`: the average effects of two treatments on one outcome.
- `treated_or_all`: the effect on the treated, and the average one.
- `direct_or_indirect`: natural direct and indirect effects.

About each premise there is a Yes and a No, about different quantities where there are some.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

import pyarrow as pa

from hf_causal.tasks.comparisons.proof import KEYS, value_and_terms
from hf_causal.tasks.comparisons.text import Prompt
from hf_causal.tasks.quantities.proof import hops_of
from hf_causal.tasks.shared.chance_rows import ChanceCell, DrawnModel, questions_about_models
from hf_causal.tasks.shared.chances import Premise
from hf_causal.tasks.shared.configs import mixed_splits
from hf_causal.tasks.shared.model_questions import Question
from hf_causal.tasks.shared.quantity_texts import Quantity
from hf_causal.tasks.shared.schema import CorpusConfig, arrow_schema

SCHEMA = arrow_schema(
    ("rung", pa.int32()),
)
"""The shared columns, and the higher rung of the two quantities."""
STRUCTURES = ("seen_or_set", "set_values", "two_treatments", "treated_or_all", "direct_or_indirect")
_MOST_TRIES = 12


class Comparison(NamedTuple):
    """Two quantities, the first of which is larger, with the values of their terms."""

    larger: Quantity
    smaller: Quantity
    terms: tuple[dict[str, str], dict[str, str]]


def _pairs(drawn: DrawnModel, structure: str) -> Iterator[tuple[Quantity, Quantity]]:
    """Yields pairs of quantities of a structure, without end."""
    first_types = {
        "seen_or_set": "intervention",
        "set_values": "intervention",
        "two_treatments": "average_effect",
        "treated_or_all": "average_effect",
        "direct_or_indirect": "natural_direct_effect",
    }
    source = drawn.quantities((first_types[structure],))
    for one in source:
        if structure == "seen_or_set":
            yield one, replace(one, type="observation")
        elif structure == "set_values":
            (name, value), *more = one.values
            yield one, replace(one, values=((name, 1 - value), *more))
        elif structure == "two_treatments":
            yield one, replace(next(source), y=one.y)
        elif structure == "treated_or_all":
            yield one, replace(one, type="effect_on_treated")
        else:
            yield one, replace(one, type="natural_indirect_effect")


def _comparisons(drawn: DrawnModel, premise: Premise, structure: str) -> Iterator[Comparison]:
    """Yields comparisons of different values, each pair of quantities once."""
    seen = set[frozenset[Quantity]]()
    for _, (one, other) in zip(range(_MOST_TRIES), _pairs(drawn, structure), strict=False):
        if frozenset((one, other)) in seen or one.x == other.y or one.x == one.y or other.x == other.y != "":
            continue
        seen.add(frozenset((one, other)))
        try:
            first, second = (value_and_terms(side, premise.model, premise.decimals) for side in (one, other))
        except ValueError:  # natural effects may depend on how responses are coupled
            continue
        if first[0] > second[0]:
            yield Comparison(one, other, (first[1], second[1]))
        elif first[0] < second[0]:
            yield Comparison(other, one, (second[1], first[1]))


def questions_about(drawn: DrawnModel) -> tuple[Premise, list[Question]] | None:
    """Returns a premise about a model, and a Yes and a No in random order; `None` where none are found."""
    premise = drawn.premise(drawn.draw_coupling() if drawn.draws.below(2) else None)
    source = _comparisons(drawn, premise, drawn.cell.structure)
    one = next(source, None)
    if one is None:
        return None
    other = next(source, one)
    return premise, drawn.draws.shuffled([_question(premise, one, "Yes"), _question(premise, other, "No")])


def _question(premise: Premise, one: Comparison, answer: str) -> Question:
    """Returns the question whose answer is Yes, or the one the other way around."""
    step = 1 if answer == "Yes" else -1
    first, second = (one.larger, one.smaller)[::step]
    certificate = json.dumps(dict(zip(KEYS, one.terms[::step], strict=True)))
    columns = {"rung": max(first.rung, second.rung)}
    return Question(
        Prompt(premise, first, second).question_text, answer, certificate, hops_of(first, premise.edges), columns
    )


QUESTIONS = questions_about_models(questions_about, SCHEMA)


def comparisons_config(
    rows: int = 60_000,
    validation_rows: int = 6_000,
    rows_per_cell: int = 500,
    nodes: tuple[int, ...] = (3, 4, 5, 6),
    seed: int = 0,
    rows_per_shard: int = 2_500,
) -> CorpusConfig:
    """Makes the config; training and validation models have 3 and 4 variables, `nodes` are the sizes of `test`.

    Args:
        rows, validation_rows (`int`): Rows of the splits, equally many of each structure and size.
        rows_per_cell (`int`): Rows of each cell of `test`.
        nodes (`tuple[int, ...]`): Sizes in `test`.
        seed (`int`): Of the random numbers.
        rows_per_shard (`int`): Rows of one Parquet file.
    """
    mix = dict.fromkeys(STRUCTURES, 1.0)
    splits = mixed_splits(mix, (3, 4), {"train": rows, "validation": validation_rows}, ChanceCell)
    splits["test"] = tuple(ChanceCell(structure, size, rows_per_cell) for structure in mix for size in nodes)
    description = (
        "Which of two quantities of a structural model is larger, in models of 3 and 4 variables; `test` goes to 6."
    )
    return CorpusConfig("comparisons", description, splits, seed=seed, rows_per_shard=rows_per_shard)


CONFIGS: dict[str, Callable[..., CorpusConfig]] = {"comparisons": comparisons_config}
generate_shard = QUESTIONS.generate_shard
