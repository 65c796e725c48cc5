"""From correlation to causation: which causal hypotheses follow from all independences of a closed system?

The task is that of Corr2Cause (arXiv 2306.05836). Every Markov equivalence class of 2 to 6 variables belongs to one
split, in every config and under every seed, so no class and no isomorphic graph is in two splits. A class is stated
under random labellings of its variables that give different premises. The classes of six variables alone have
1,067,825 labellings and 96 million questions; `default` has one labelling of each class, like the published data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from math import comb
from string import ascii_uppercase
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from hf_causal.graphs.enumeration import SIZES
from hf_causal.graphs.equivalence import RELATIONS, EquivalenceClass
from hf_causal.tasks.corr2cause.class_splits import (
    SPLITS,
    canonical_class,
    class_name,
    labellings,
    num_classes,
    split_classes,
)
from hf_causal.tasks.corr2cause.proof import VERDICTS, ClassProofs
from hf_causal.tasks.corr2cause.text import MIRRORED, ClosedSystem, hypothesis, join
from hf_causal.tasks.shared.schema import LABELS, BaseCell, CorpusConfig, arrow_schema
from hf_causal.utils.randomness import Stream

EVALUATION_QUESTIONS = {2: 6, 3: 18, 4: 36, 5: 60, 6: 11}
"""Questions about each premise of `validation` and `test`: all that there are, except for six variables."""

BALANCED_SHARES = {4: 7, 5: 93, 6: 900}
"""Shares of the sizes in the balanced training rows. With two variables no hypothesis ever follows, and with three
only one class has hypotheses that do."""

LARGEST_BALANCED_CELL = {4: 160}
"""From size to the most rows that its held-out classes have."""

SCHEMA = arrow_schema(
    ("relation", pa.string()),
    ("equivalence_class", pa.string()),
    ("verdict", pa.int64()),
    classes=(("verdict", VERDICTS),),
)


@dataclass(frozen=True)
class Systems(BaseCell):
    """The closed systems of one size in a split."""

    questions_per_premise: int = 0
    paraphrased: bool = False
    letters: str = ascii_uppercase
    """The names of the variables, in order."""
    balanced: bool = False
    """Whether half the questions of every premise are Yes."""
    same_relation: bool = False
    """Whether a premise has one Yes and one No, of the same relation."""
    fewest_members: int = 1
    """Graphs of an equivalence class, at least."""


def every_class_config(
    name: str,
    description: str,
    paraphrased: bool = False,
    letters: str = ascii_uppercase,
    nodes: tuple[int, ...] = SIZES,
    seed: int = 0,
    rows_per_shard: int = 25_000,
) -> CorpusConfig[Systems]:
    """Makes a config with one premise of every class, and every hypothesis about it in `train`.

    Args:
        name, description (`str`): For the card.
        paraphrased (`bool`): Whether the hypotheses are in the words of the published paraphrases.
        letters (`str`): The names of the variables.
        nodes (`tuple[int, ...]`): Numbers of variables.
        seed (`int`): Of the random numbers; the splits have the same classes under every seed.
        rows_per_shard (`int`): Approximate number of rows of a Parquet file; a premise is never in two files.
    """

    _check_nodes(nodes, SIZES)

    def cell(split: str, size: int) -> Systems:
        questions = _num_questions(size) if split == "train" else EVALUATION_QUESTIONS[size]
        rows = questions * num_classes(size, split)
        return Systems("closed_system", size, rows, None, questions, paraphrased, letters)

    return _config(name, description, cell, nodes, seed, rows_per_shard)


def balanced_config(
    rows: int = 100_000,
    rows_per_cell: int = 500,
    nodes: tuple[int, ...] = tuple(BALANCED_SHARES),
    seed: int = 0,
    rows_per_shard: int = 25_000,
) -> CorpusConfig[Systems]:
    """Makes a config in which, for each premise, as many hypotheses follow from it as do not.

    Args:
        rows (`int`): Rows of `train`, divided by `BALANCED_SHARES`.
        rows_per_cell (`int`): Rows of each size in `validation` and `test`, two about each premise except for 4
            variables.
        nodes (`tuple[int, ...]`): Numbers of variables, among 4, 5 and 6.
        seed (`int`): Of the random numbers.
        rows_per_shard (`int`): Approximate number of rows of a Parquet file.
    """
    _check_nodes(nodes, tuple(BALANCED_SHARES))
    for option, value in (("rows", rows), ("rows_per_cell", rows_per_cell)):
        if value < 2 or value % 2:
            raise ValueError(f"`{option}` must be even and at least 2, half Yes and half No; got {value}")
    ends = np.cumsum([BALANCED_SHARES[size] for size in nodes])
    pairs = dict(zip(nodes, np.diff(rows // 2 * ends // ends[-1], prepend=0).tolist(), strict=True))

    def cell(split: str, size: int) -> Systems:
        most = LARGEST_BALANCED_CELL.get(size)
        if split == "train":
            return Systems("closed_system", size, 2 * pairs[size], None, _num_questions(size), balanced=True)
        if most is not None:
            return Systems("closed_system", size, min(rows_per_cell, most), None, _num_questions(size), balanced=True)
        return Systems("closed_system", size, rows_per_cell, None, 2, balanced=True)

    description = (
        "As many hypotheses that follow as that do not, half and half about each premise of 4 to 6 variables."
    )
    return _config("balanced", description, cell, nodes, seed, rows_per_shard)


CONFIGS: dict[str, Callable[..., CorpusConfig]] = {
    "default": partial(
        every_class_config,
        "default",
        "One labelling of every equivalence class of 2 to 6 variables; in train with every pair and relation.",
    ),
    "paraphrased": partial(
        every_class_config,
        "paraphrased",
        "The questions of `default` with their hypotheses in other words.",
        paraphrased=True,
    ),
    "refactored": partial(
        every_class_config,
        "refactored",
        "The questions of `default` with the variables named Z, Y, X, … instead of A, B, C, …",
        letters=ascii_uppercase[::-1],
    ),
    "balanced": balanced_config,
}


def generate_shard(config: CorpusConfig[Systems], split: str, shard: int) -> pa.Table:
    """Generates one shard as an Arrow table: premises in random order, the rows of each next to each other."""
    premises, starts = _planned_premises(config.splits[split], split, config.seed, config.version)
    num_shards, total = config.num_shards(split), config.num_rows(split)
    first, last = np.searchsorted(starts, [total * shard // num_shards, total * (shard + 1) // num_shards])
    rows = [row for planned in premises[first:last] for row in _rows(planned, config.seed, config.version)]
    columns: dict[str, Any] = {name: [row[index] for row in rows] for index, name in enumerate(_Row._fields)}
    yes = [verdict == VERDICTS.index("entailment") for verdict in columns["verdict"]]
    columns |= {
        "prompt": [join(row.premise, row.question) for row in rows],
        "completion": [LABELS[answer] for answer in yes],
        "label": [int(answer) for answer in yes],
        "structure": ["closed_system"] * len(rows),
        "branching_factor": [None] * len(rows),
        "hops": [None] * len(rows),
        "name_length": [1] * len(rows),
    }
    return pa.table({name: columns[name] for name in SCHEMA.names}, schema=SCHEMA)


class _PlannedPremise(NamedTuple):
    """A premise of a split and the number of its questions."""

    cell: Systems
    class_index: int
    labelling: int
    questions: int


class _Row(NamedTuple):
    """The columns that differ between the rows of a shard."""

    premise: str
    question: str
    certificate: str
    num_nodes: int
    num_edges: int
    graph_id: str
    relation: str
    equivalence_class: str
    verdict: int


def _check_nodes(nodes: tuple[int, ...], allowed: tuple[int, ...]) -> None:
    if not nodes or len(set(nodes)) < len(nodes) or not set(nodes) <= set(allowed):
        raise ValueError(
            f"`nodes` must be different numbers of variables from {allowed[0]} to {allowed[-1]}, got {nodes}"
        )


def _config(
    name: str,
    description: str,
    cell: Callable[[str, int], Systems],
    nodes: tuple[int, ...],
    seed: int,
    rows_per_shard: int,
) -> CorpusConfig[Systems]:
    cells = {split: tuple(cell(split, size) for size in nodes) for split in SPLITS}
    splits = {split: tuple(cell for cell in group if cell.rows) for split, group in cells.items()}
    if not splits["train"]:
        raise ValueError(f"`nodes` {nodes} leave no class for the split 'train'; add a number from 3 to 6")
    return CorpusConfig(name, description, splits, seed=seed, rows_per_shard=rows_per_shard)


def _num_questions(size: int) -> int:
    return comb(size, 2) * len(RELATIONS)


@lru_cache(maxsize=8)
def _planned_premises(
    cells: tuple[Systems, ...], split: str, seed: int, version: str
) -> tuple[list[_PlannedPremise], np.ndarray]:
    """Returns the premises of a split in random order, and the number of the first row of each."""
    premises = [planned for cell in cells for planned in _premises(cell, split)]
    order = Stream(seed, version, "corr2cause", split).permutations(1, len(premises))[0]
    premises = [premises[index] for index in order]
    questions = np.array([planned.questions for planned in premises])
    return premises, np.cumsum(questions) - questions


def _premises(cell: Systems, split: str) -> Iterator[_PlannedPremise]:
    """Yields each class under its first labelling, then each under its second, until the cell has all its rows."""
    missing, labelling = cell.rows, 0
    while missing > 0:
        missing_before = missing
        for index in split_classes(cell.num_nodes, split):
            questions = min(_most_questions(cell, index), missing)
            if questions and (labelling == 0 or labelling < len(labellings(cell.num_nodes, index))):
                yield _PlannedPremise(cell, index, labelling, questions)
                missing -= questions
        if missing == missing_before:
            raise ValueError(
                f"`rows` of {cell.num_nodes} variables in {split!r} must be at most {cell.rows - missing}, "
                f"all that its classes have; got {cell.rows}"
            )
        labelling += 1


def _most_questions(cell: Systems, index: int) -> int:
    """Returns how many questions a premise of a class can have in a cell."""
    if not cell.balanced:
        return cell.questions_per_premise
    equivalence_class = canonical_class(cell.num_nodes, index)
    if len(equivalence_class.members) < cell.fewest_members:
        return 0
    upper = np.triu_indices(cell.num_nodes, k=1)
    follows = equivalence_class.shares[:, *upper] == 1
    if cell.same_relation:
        return 2 * int((follows.any(axis=1) & ~follows.all(axis=1)).any())
    yes = int(follows.sum())
    return 2 * min(yes, _num_questions(cell.num_nodes) - yes, cell.questions_per_premise // 2)


def _rows(planned: _PlannedPremise, seed: int, version: str) -> Iterator[_Row]:
    """Yields the rows of a premise.

    Its labelling and questions do not depend on the config, so that `default`, `paraphrased` and `refactored` ask the
    same.
    """
    cell, size = planned.cell, planned.cell.num_nodes
    name = class_name(size, planned.class_index)
    orders = labellings(size, planned.class_index)
    drawn = Stream(seed, version, "labellings", name).permutations(1, len(orders))[0, planned.labelling]
    labelled = canonical_class(size, planned.class_index).relabelled(orders[drawn])
    names = tuple(cell.letters[:size])
    premise, proofs = ClosedSystem.of_table(names, labelled.independences).text, ClassProofs(labelled, names)
    num_edges = int((labelled.cpdag | labelled.cpdag.T).sum()) // 2
    stream = Stream(seed, version, "questions", name, planned.labelling)
    for relation_index, first, second, mirrored in _questions(planned, labelled, stream):
        verdict, certificate = proofs.prove(relation_index, first, second)
        relation, pair = RELATIONS[relation_index], (names[first], names[second])
        if mirrored:
            question = hypothesis(MIRRORED[relation], pair[::-1], cell.paraphrased)
        else:
            question = hypothesis(relation, pair, cell.paraphrased)
        graph_id = f"{name}/{planned.labelling}"
        yield _Row(premise, question, certificate, size, num_edges, graph_id, relation, name, VERDICTS.index(verdict))


def _questions(
    planned: _PlannedPremise, labelled: EquivalenceClass, stream: Stream
) -> list[tuple[int, int, int, bool]]:
    """Returns (relation, i, j) with i < j in random order, and whether to state it as a relation of (j, i)."""
    size = planned.cell.num_nodes
    pairs = [(i, j) for i in range(size) for j in range(i + 1, size)]
    grid = [(relation, *pair) for pair in pairs for relation in range(len(RELATIONS))]
    order = stream.permutations(1, len(grid))[0].tolist()
    mirrored = (stream.words((len(grid),)) >> np.uint64(63) == 1).tolist()
    if planned.cell.balanced:
        yes = [index for index in order if labelled.shares[grid[index]] == 1]
        no = [index for index in order if labelled.shares[grid[index]] < 1]
        if planned.cell.same_relation:
            yes, no = _of_one_relation(yes, no, grid)
        kept = {*yes[: planned.questions // 2], *no[: planned.questions // 2]}
        order = [index for index in order if index in kept]
    return [(*grid[index], mirrored[index]) for index in order[: planned.questions]]


def _of_one_relation(yes: list[int], no: list[int], grid: list[tuple[int, int, int]]) -> tuple[list[int], list[int]]:
    """Returns the first Yes whose relation also has a No, and the first of those; all are indices into `grid`."""
    relations = {grid[index][0] for index in no}
    first = next(index for index in yes if grid[index][0] in relations)
    return [first], [next(index for index in no if grid[index][0] == grid[first][0])]
