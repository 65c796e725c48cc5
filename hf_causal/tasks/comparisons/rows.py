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

import numpy as np
import pyarrow as pa

from hf_causal.tasks.comparisons.proof import KEYS, value_and_terms
from hf_causal.tasks.quantities.proof import hops_of
from hf_causal.tasks.shared.chance_rows import ChanceCell, DrawnModel, draw_models
from hf_causal.tasks.shared.chances import WORDS, Premise
from hf_causal.tasks.shared.configs import share_out
from hf_causal.tasks.shared.named_graphs import names_then_edges
from hf_causal.tasks.shared.names import RESERVED_WORDS, decode_names
from hf_causal.tasks.shared.quantity_texts import Quantity
from hf_causal.tasks.shared.rows import QuestionBatch, generate_rows
from hf_causal.tasks.shared.schema import Cell, CorpusConfig, arrow_schema
from hf_causal.tasks.shared.split_assignment import SplitAssigner
from hf_causal.utils.randomness import Draws, Stream

SCHEMA = arrow_schema(
    ("rung", pa.int32()),
)
"""The shared columns, and the higher rung of the two quantities."""
STRUCTURES = ("seen_or_set", "set_values", "two_treatments", "treated_or_all", "direct_or_indirect")
_MOST_TRIES = 12
_GRAPHS_PER_USED_GRAPH = 1.3


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


class Row(NamedTuple):
    """A question with its answer."""

    first: Quantity
    second: Quantity
    yes: bool
    certificate: str


def questions_about(drawn: DrawnModel, cell: ChanceCell) -> tuple[Premise, list[Row]] | None:
    """Returns a premise about a model, and a Yes and a No in random order; `None` where none are found."""
    premise = drawn.premise(drawn.draw_coupling() if drawn.draws.below(2) else None)
    source = _comparisons(drawn, premise, cell.structure)
    one = next(source, None)
    if one is None:
        return None
    other = next(source, one)
    return premise, drawn.draws.shuffled([_row(one, True), _row(other, False)])


def _row(one: Comparison, yes: bool) -> Row:
    sides, terms = (one.larger, one.smaller), one.terms
    if not yes:
        sides, terms = sides[::-1], terms[::-1]
    return Row(*sides, yes, json.dumps(dict(zip(KEYS, terms, strict=True))))


def _draw(cell: Cell, rows: int, stream: Stream, assigner: SplitAssigner) -> tuple[np.ndarray, np.ndarray]:
    return names_then_edges(cell, _GRAPHS_PER_USED_GRAPH * rows / 2, stream, assigner, draw_models)


def _ask(cell: Cell, edges: np.ndarray, names: np.ndarray, rows: int, stream: Stream) -> QuestionBatch:
    assert isinstance(cell, ChanceCell)
    used, premises, questions = list[int](), list[Premise](), list[Row]()
    seeds = stream.words((len(edges),)).tolist()
    for index, (words, graph) in enumerate(zip(decode_names(names), edges.tolist(), strict=True)):
        if len(questions) >= rows:
            break
        found = questions_about(DrawnModel(words, graph, cell, Draws(seeds[index])), cell)
        if found is not None:
            used.append(index)
            premises.append(found[0])
            questions += found[1]
    stated = [premise for premise in premises for _ in range(2)]
    hops = [hops_of(one.first, premise.edges) for one, premise in zip(questions, stated, strict=True)]
    return QuestionBatch(
        edges[used],
        names[used],
        np.repeat(np.arange(len(premises)), 2),
        pa.array([f"Is {one.first} larger than {one.second}?" for one in questions], pa.string()),
        np.array([one.yes for one in questions], dtype=bool),
        np.array(hops, dtype=np.int32),
        pa.array([one.certificate for one in questions], pa.string()),
        pa.array(list(map(str, premises)), pa.string()),
        {"rung": pa.array([max(one.first.rung, one.second.rung) for one in questions], pa.int32())},
    )


def generate_shard(config: CorpusConfig, split: str, shard: int) -> pa.Table:
    """Generates one shard as an Arrow table; the two rows of a premise are next to each other."""
    return generate_rows(config, split, shard, _draw, _ask, SCHEMA, RESERVED_WORDS | WORDS)


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
    splits = {
        split: tuple(
            ChanceCell(structure, size, count) for (structure, size), count in share_out(mix, (3, 4), total).items()
        )
        for split, total in (("train", rows), ("validation", validation_rows))
    }
    splits["test"] = tuple(ChanceCell(structure, size, rows_per_cell) for structure in mix for size in nodes)
    description = (
        "Which of two quantities of a structural model is larger, in models of 3 and 4 variables; `test` goes to 6."
    )
    return CorpusConfig("comparisons", description, splits, seed=seed, rows_per_shard=rows_per_shard)


CONFIGS: dict[str, Callable[..., CorpusConfig]] = {"comparisons": comparisons_config}
