"""The corpus of quantities: a structural model with its numbers, and "What is the average treatment effect of A on B?"

The cells are the types of quantities, and two of insufficient information, where every premise has one question that
its statements determine and one that they do not:

- `missing`: one sentence of the model is missing.
- `open_responses`: nothing says how responses are coupled, and the quantities are counterfactual.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import pyarrow as pa

from hf_causal.tasks.quantities.proof import decide, hops_of
from hf_causal.tasks.quantities.text import Prompt
from hf_causal.tasks.shared.chance_rows import (
    COUPLED,
    MISSING,
    OPEN,
    ChanceCell,
    DrawnModel,
    questions_about_models,
    types_of,
)
from hf_causal.tasks.shared.chances import Premise
from hf_causal.tasks.shared.configs import mixed_splits
from hf_causal.tasks.shared.model_questions import Question
from hf_causal.tasks.shared.quantity_texts import Quantity
from hf_causal.tasks.shared.reply_numbers import INSUFFICIENT
from hf_causal.tasks.shared.schema import CorpusConfig, arrow_schema

SCHEMA = arrow_schema(
    ("quantity", pa.string()),
    ("rung", pa.int32()),
    ("answer_type", pa.string()),
    ("responses", pa.string()),
)
"""The shared columns, and: the type of the quantity, its rung, `value`, `bounds` or `insufficient`, and the coupling
of responses that the premise states, null where it states none."""
NATURAL = "natural_effect"
"""The structure of natural direct and indirect effects, of which a small model may have one each."""
_MOST_TRIES = 24
"""Quantities that are drawn for a question before its model is left."""


def questions_about(drawn: DrawnModel) -> tuple[Premise, list[Question]] | None:
    """Returns a premise about a model and two questions; `None` where none are found."""
    cell = drawn.cell
    if cell.structure not in (MISSING, OPEN):
        coupling = None if cell.structure not in COUPLED and not drawn.draws.below(3) else drawn.draw_coupling()
        premise = drawn.premise(coupling)
        return _pair(premise, _answered(drawn, premise, _TYPES.get(cell.structure, (cell.structure,)), False), None)
    if cell.structure == OPEN:
        premise = drawn.premise(None)
        rest = tuple(name for name in types_of((3,)) if name not in COUPLED)
        return _pair(premise, _answered(drawn, premise, rest, False), _answered(drawn, premise, COUPLED, True))
    types = tuple(name for name in types_of(cell.rungs) if name not in COUPLED)
    coupling = drawn.draw_coupling() if drawn.draws.below(3) else None
    for without in drawn.draws.shuffled(range(len(drawn.chances))):
        premise = drawn.premise(coupling, without)
        pair = _pair(premise, _answered(drawn, premise, types, False), _answered(drawn, premise, types, True))
        if pair is not None:
            first, second = pair[1]
            return premise, [first, second] if drawn.draws.below(2) else [second, first]
    return None


def _pair(
    premise: Premise, first: Iterator[Question], second: Iterator[Question] | None
) -> tuple[Premise, list[Question]] | None:
    """Returns a premise with the first question of each of two sources, or with two different ones of one source."""
    one = next(first, None)
    if one is None:
        return None
    other = next(second or (further for further in first if further.text != one.text), None)
    return None if other is None else (premise, [one, other])


def _answered(drawn: DrawnModel, premise: Premise, types: tuple[str, ...], insufficient: bool) -> Iterator[Question]:
    """Yields random questions whose answer is, or is not, insufficient information."""
    for _, quantity in zip(range(_MOST_TRIES), drawn.quantities(types), strict=False):
        try:
            answer, certificate = decide(quantity, premise.model, premise.decimals)
        except ValueError:
            continue
        if (answer == INSUFFICIENT) == insufficient:
            yield _question(premise, quantity, answer, certificate)


def _question(premise: Premise, quantity: Quantity, answer: str, certificate: str) -> Question:
    columns = {
        "quantity": quantity.type,
        "rung": quantity.rung,
        "answer_type": answer_type(answer),
        "responses": premise.coupling,
    }
    text = Prompt(premise, quantity).question_text
    return Question(text, answer, certificate, hops_of(quantity, premise.edges), columns)


def answer_type(answer: str) -> str:
    """Returns `"insufficient"`, `"bounds"` or `"value"`."""
    return "insufficient" if answer == INSUFFICIENT else "bounds" if answer.startswith("[") else "value"


_TYPES = {NATURAL: ("natural_direct_effect", "natural_indirect_effect")}
"""From structure to the types of its quantities, where it has several."""


QUESTIONS = questions_about_models(questions_about, SCHEMA, yes_no=False)


def structures_of(rungs: tuple[int, ...]) -> tuple[str, ...]:
    """Returns the structures of cells about some rungs."""
    by_type = {name: structure for structure, names in _TYPES.items() for name in names}
    structures = dict.fromkeys(by_type.get(name, name) for name in types_of(rungs))
    return (*structures, *([MISSING] if 1 in rungs or 2 in rungs else []), *([OPEN] if 3 in rungs else []))


def quantities_config(
    rows: int = 60_000,
    validation_rows: int = 6_000,
    nodes: tuple[int, ...] = (3, 4),
    rungs: tuple[int, ...] = (1, 2),
    seed: int = 0,
    rows_per_shard: int = 2_500,
) -> CorpusConfig:
    """Makes the training config: observations and interventions in models of 3 and 4 variables.

    Args:
        rows, validation_rows (`int`): Rows of the splits, equally many of each type and size.
        nodes (`tuple[int, ...]`): Numbers of variables.
        rungs (`tuple[int, ...]`): Rungs of the quantities; 3 are the counterfactuals.
        seed (`int`): Of the random numbers.
        rows_per_shard (`int`): Rows of one Parquet file.
    """
    if not rungs or not set(rungs) <= {1, 2, 3}:
        raise ValueError(f"`rungs` must be some of 1, 2 and 3, got {rungs}")
    mix = dict.fromkeys(structures_of(rungs), 1.0)
    rows_of = {"train": rows, "validation": validation_rows}
    splits = mixed_splits(mix, nodes, rows_of, partial(ChanceCell, rungs=rungs))
    description = (
        "Probabilities and effects in binary structural models of 3 and 4 variables with decimals, of the rungs of "
        "observation and intervention. The answer is a number, or that the information is insufficient."
    )
    return CorpusConfig("quantities", description, splits, seed=seed, rows_per_shard=rows_per_shard)


def generalization_config(
    rows_per_cell: int = 500,
    nodes: tuple[int, ...] = (5, 6, 8),
    seed: int = 0,
    rows_per_shard: int = 2_500,
) -> CorpusConfig:
    """Makes the evaluation config: one split for each way of leaving the training family.

    Args:
        rows_per_cell (`int`): Questions of each cell, two about each premise.
        nodes (`tuple[int, ...]`): Numbers of variables of the axis `size`.
        seed (`int`): Of the random numbers.
        rows_per_shard (`int`): Rows of one Parquet file.
    """
    low = structures_of((1, 2))

    def cells(structures: tuple[str, ...], sizes: tuple[int, ...], **options: object) -> tuple[ChanceCell, ...]:
        return tuple(
            ChanceCell(structure, size, rows_per_cell, **options)  # type: ignore[arg-type]
            for structure in structures
            for size in sizes
        )

    splits = {
        "size": cells(low, nodes),
        "long_names": cells(low, (3, 4), name_lengths=(4, 10), uniform_names=True),
        "fractions": cells(low, (3, 4), numbers="fractions"),
        "hundredths": cells(low, (3, 4), numbers="hundredths"),
        "shuffled": cells(low, (4, 5), shuffled=True),
        "counterfactuals": cells(structures_of((3,)), (3, 4)),
    }
    description = (
        "One split for each axis: more variables, longer names, fractions, finer decimals, shuffled sentences, and "
        "the rung of counterfactuals, with how responses are coupled."
    )
    return CorpusConfig("quantities_generalization", description, splits, seed=seed, rows_per_shard=rows_per_shard)


CONFIGS: dict[str, Callable[..., CorpusConfig]] = {
    "quantities": quantities_config,
    "quantities_generalization": generalization_config,
}
generate_shard = QUESTIONS.generate_shard
