"""Splits of the axiomatic corpora, generated once for the tests that read them.

A training split has a fifth of its published rows, unless `HF_CAUSAL_FULL_SIZE` is set, as `make attack` does.
"""

import os
from collections import defaultdict
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import pairwise

import networkx as nx
import numpy as np
import pyarrow as pa

from hf_causal.corpora import generate_shard, get_config
from hf_causal.tasks.shared.schema import CorpusConfig

Edge = tuple[str, str]

TRAINING_ROWS = 175_000 if os.environ.get("HF_CAUSAL_FULL_SIZE") else 35_000

GENERALIZATION = "transitivity_generalization"
D_SEPARATION = "d_separation_generalization"
GENERALIZATIONS = (GENERALIZATION, D_SEPARATION)
TRAINING = ("transitivity_ts2", "transitivity_ts1", "transitivity_occ", "d_separation", "d_separation_trees")
AXES = ("sequential", "flipped", "reversed", "shuffled", "branching", "long_names")
ALL_SPLITS = [
    *((config, split) for config in TRAINING for split in ("train", "validation")),
    *((config, axis) for config in GENERALIZATIONS for axis in AXES),
]


def published_cells(config: str, axis: str) -> list[tuple[str, int, float | None]]:
    """The (structure, size, branching factor) of each cell, as they are promised."""
    larger = config == GENERALIZATION
    small, chains = [*range(3, 16)], [*range(7, 16), 20, *([50, 100] if larger else [])]
    if axis == "branching":
        cells = [("branching", size, factor) for factor in (1.4, 2.0) for size in (5, 8, 10, 12, 20, 40)[: 5 + larger]]
        # With ten edges five nodes are all neighbours, and no two of them are d-separated.
        return cells if larger else [cell for cell in cells if cell != ("branching", 5, 2.0)]
    sizes = {"sequential": chains, "flipped": chains, "shuffled": [*small, 50] if larger else small}.get(axis, small)
    kinds = {"shuffled": ("shuffled", "shuffled_flipped"), "long_names": ("sequential",)}.get(axis, (axis,))
    return [(kind, size, None) for kind in kinds for size in sizes]


def read_edges(premise: str) -> list[Edge]:
    """By plain splitting, independent of the package's reader."""
    return [tuple(statement.split(" causes ")) for statement in premise.removesuffix(".").split(". ")]


def generate(config: CorpusConfig, split: str) -> list[pa.Table]:
    return [generate_shard("axiomatic", config, split, shard) for shard in range(config.num_shards(split))]


@dataclass(frozen=True)
class Generated:
    """A split with what many tests read from it."""

    config: str
    split: str
    table: pa.Table

    @cached_property
    def premises(self) -> dict[str, list[Edge]]:
        return {premise: read_edges(premise) for premise in self.table["premise"].unique().to_pylist()}

    @cached_property
    def edge_sets(self) -> set[frozenset[Edge]]:
        return {frozenset(edges) for edges in self.premises.values()}

    @cached_property
    def graphs(self) -> list[dict]:
        """The first row of each premise."""
        first = np.unique(self.table["graph_id"].to_numpy(zero_copy_only=False).astype(str), return_index=True)[1]
        return self.table.take(pa.array(np.sort(first))).to_pylist()

    def sample(self, rows: int) -> list[dict]:
        """At most so many rows, evenly spread, so that every cell of an evaluation split is met."""
        return self.table.take(pa.array(np.arange(0, len(self.table), max(1, len(self.table) // rows)))).to_pylist()

    def cells(self) -> dict[tuple, list[str]]:
        """From (structure, size, branching factor) to the premise of each question."""
        cells = defaultdict(list)
        columns = (self.table[name].to_pylist() for name in ("structure", "num_nodes", "branching_factor", "premise"))
        for *cell, premise in zip(*columns, strict=True):
            cells[tuple(cell)].append(premise)
        return cells


def published_config(name: str) -> CorpusConfig:
    """Returns a config as it is published, but for the rows of its training split."""
    return get_config("axiomatic", name, **({"rows": TRAINING_ROWS} if name in TRAINING else {}))


@cache
def published(config: str, split: str) -> Generated:
    return Generated(config, split, pa.concat_tables(generate(published_config(config), split)))


def runs_along(edges: list[Edge]) -> bool:
    """Whether each sentence takes up the effect of the one before."""
    return all(before[1] == after[0] for before, after in pairwise(edges))


def has_structure(structure: str, edges: list[Edge]) -> bool:
    """What the name of a structure promises, judged from the sentences alone."""
    if len({name for edge in edges for name in edge}) != len(edges) + 1:
        return False
    backward = [(effect, cause) for cause, effect in edges]
    if structure == "sequential":
        return runs_along(edges)
    if structure == "reversed":
        return runs_along(backward)
    if structure == "flipped":
        ways = [[backward[0]], [edges[0]]]
        return any(_chain_from(start, edges) for start in ways) and not runs_along(edges) and not runs_along(backward)
    graph = nx.DiGraph(edges)
    undirected = graph.to_undirected()
    if structure == "tree":
        return nx.is_tree(undirected)
    is_chain = nx.is_tree(undirected) and max(dict(undirected.degree).values()) <= 2
    one_way = max(dict(graph.in_degree).values()) <= 1 and max(dict(graph.out_degree).values()) <= 1
    return is_chain and one_way == (structure == "shuffled")


def _chain_from(start: list[Edge], edges: list[Edge]) -> bool:
    """Whether each later sentence goes on, in either direction, from the end that the chain has reached."""
    end = start[0][1]
    for cause, effect in edges[1:]:
        if end not in (cause, effect):
            return False
        end = effect if end == cause else cause
    return True
