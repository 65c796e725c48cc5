"""From correlation to causation: which causal hypotheses follow from all independences of a closed system?

The task is that of Corr2Cause (arXiv 2306.05836). Every Markov equivalence class of 2 to 6 variables belongs to one
split, in every config and under every seed, so no class and no isomorphic graph is in two splits. A class is stated
under random labellings of its variables that give different premises. The classes of six variables alone have
1,067,825 labellings and 96 million questions; `default` has one labelling of each class, like the published data.
Classes of seven variables are drawn, see `drawn_classes`, and belong to `test`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from hf_causal.graphs.enumeration import SIZES
from hf_causal.graphs.equivalence import RELATIONS
from hf_causal.graphs.equivalence_classes import EquivalenceClass
from hf_causal.tasks.corr2cause.class_splits import (
    canonical_class,
    class_name,
    labellings,
    split_classes,
)
from hf_causal.tasks.corr2cause.configs import Systems, num_questions
from hf_causal.tasks.corr2cause.drawn_classes import draw_different_codes
from hf_causal.tasks.corr2cause.proof import VERDICTS, ClassProofs
from hf_causal.tasks.corr2cause.text import MIRRORED, ClosedSystem, hypothesis, join
from hf_causal.tasks.shared.schema import LABELS, CorpusConfig, arrow_schema
from hf_causal.utils.randomness import Stream

SCHEMA = arrow_schema(
    ("relation", pa.string()),
    ("equivalence_class", pa.string()),
    ("verdict", pa.int64()),
    classes=(("verdict", VERDICTS),),
)


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
    class_code: int
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


@lru_cache(maxsize=8)
def _planned_premises(
    cells: tuple[Systems, ...], split: str, seed: int, version: str
) -> tuple[list[_PlannedPremise], np.ndarray]:
    """Returns the premises of a split in random order, and the number of the first row of each."""
    premises = [planned for cell in cells for planned in _premises(cell, split, seed, version)]
    order = Stream(seed, version, "corr2cause", split).permutations(1, len(premises))[0]
    premises = [premises[index] for index in order]
    questions = np.array([planned.questions for planned in premises])
    return premises, np.cumsum(questions) - questions


def _premises(cell: Systems, split: str, seed: int, version: str) -> Iterator[_PlannedPremise]:
    """Yields each class under its first labelling, then each under its second, until the cell has all its rows."""
    missing, labelling = cell.rows, 0
    while missing > 0:
        missing_before = missing
        for code in _codes(cell.num_nodes, split, seed, version):
            questions = min(_most_questions(cell, code), missing)
            if questions and (labelling == 0 or labelling < len(labellings(cell.num_nodes, code))):
                yield _PlannedPremise(cell, code, labelling, questions)
                missing -= questions
            if not missing:
                return
        if missing == missing_before:
            raise ValueError(
                f"`rows` of {cell.num_nodes} variables in {split!r} must be at most {cell.rows - missing}, "
                f"all that its classes have; got {cell.rows}"
            )
        labelling += 1


def _codes(num_nodes: int, split: str, seed: int, version: str) -> Iterable[int]:
    """Returns the classes of a split: all of them, or different random ones without end."""
    if num_nodes in SIZES:
        return split_classes(num_nodes, split)
    return draw_different_codes(num_nodes, Stream(seed, version, "corr2cause", split, num_nodes))


def _most_questions(cell: Systems, code: int) -> int:
    """Returns how many questions a premise of a class can have in a cell."""
    if not cell.balanced:
        return cell.questions_per_premise
    equivalence_class = canonical_class(cell.num_nodes, code)
    if len(equivalence_class.members) < cell.fewest_members:
        return 0
    upper = np.triu_indices(cell.num_nodes, k=1)
    follows = equivalence_class.shares[:, *upper] == 1
    if cell.same_relation:
        return 2 * int((follows.any(axis=1) & ~follows.all(axis=1)).any())
    yes = int(follows.sum())
    return 2 * min(yes, num_questions(cell.num_nodes) - yes, cell.questions_per_premise // 2)


def _rows(planned: _PlannedPremise, seed: int, version: str) -> Iterator[_Row]:
    """Yields the rows of a premise.

    Its labelling and questions do not depend on the config, so that `default`, `paraphrased` and `refactored` ask the
    same.
    """
    cell, size = planned.cell, planned.cell.num_nodes
    name = class_name(size, planned.class_code)
    orders = labellings(size, planned.class_code)
    drawn = Stream(seed, version, "labellings", name).permutations(1, len(orders))[0, planned.labelling]
    labelled = canonical_class(size, planned.class_code).relabelled(orders[drawn])
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
        if planned.cell.even_relations:
            relations = stream.permutations(1, len(RELATIONS))[0].tolist()
            yes = sorted(yes, key=lambda index: relations.index(grid[index][0]))
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
