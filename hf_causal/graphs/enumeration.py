"""All DAGs and all Markov equivalence classes of a few nodes, up to isomorphism.

| nodes | 2 | 3 | 4 | 5 | 6 |
|---|---|---|---|---|---|
| DAGs | 2 | 6 | 31 | 302 | 5,984 |
| classes | 2 | 5 | 20 | 142 | 2,201 |

Counting all labellings, six nodes have 1,067,825 classes and 3,781,503 DAGs (sequences A007984 and A003024 of the
OEIS).
"""

from __future__ import annotations

from functools import cache
from itertools import permutations

import numpy as np

from hf_causal.graphs.equivalence import cpdags

SIZES = (2, 3, 4, 5, 6)
NUM_CLASSES = {2: 2, 3: 5, 4: 20, 5: 142, 6: 2201}
"""Numbers of [`class_codes`], for callers that do not need the classes themselves."""


@cache
def dags(num_nodes: int) -> np.ndarray:
    """Returns one DAG of each isomorphism class.

    Args:
        num_nodes (`int`): 2 to 6.

    Returns:
        `np.ndarray`: Boolean of shape (graphs, num_nodes, num_nodes), strictly upper triangular: every DAG is
        isomorphic to a strictly upper triangular one.
    """
    _check_size(num_nodes)
    early, late = np.triu_indices(num_nodes, k=1)
    graphs = np.zeros((2 ** len(early), num_nodes, num_nodes), dtype=bool)
    graphs[:, early, late] = (np.arange(len(graphs))[:, None] >> np.arange(len(early))) & 1 == 1
    _, first = np.unique(canonical_codes(graphs), return_index=True)
    return graphs[first]


@cache
def class_codes(num_nodes: int) -> np.ndarray:
    """Returns the [`canonical_codes`] of the CPDAGs of all equivalence classes, sorted; a code identifies a class."""
    return np.unique(canonical_codes(cpdags(dags(num_nodes))))


@cache
def classes(num_nodes: int) -> np.ndarray:
    """Returns one CPDAG of each class, in the order of [`class_codes`]: boolean (classes, num_nodes, num_nodes)."""
    return graphs_of_codes(num_nodes, class_codes(num_nodes))


def graphs_of_codes(num_nodes: int, codes: np.ndarray) -> np.ndarray:
    """Returns the graphs that [`canonical_codes`] stand for: boolean (codes, num_nodes, num_nodes)."""
    bits = num_nodes**2 - 1 - np.arange(num_nodes**2)
    return ((np.asarray(codes)[:, None] >> bits) & 1 == 1).reshape(-1, num_nodes, num_nodes)


def canonical_codes(graphs: np.ndarray) -> np.ndarray:
    """Returns a number for each graph that is equal for isomorphic graphs and differs between others.

    It is the smallest of the graph's n! relabelled adjacency matrices, read row by row as binary numbers.

    Args:
        graphs (`np.ndarray`): Boolean of shape (graphs, nodes, nodes) with at most 7 nodes.

    Returns:
        `np.ndarray`: `int64` of shape (graphs,).
    """
    size = graphs.shape[-1]
    orders = np.array(list(permutations(range(size))))
    powers = size**2 - 1 - (orders[:, :, None] * size + orders[:, None, :]).reshape(len(orders), -1)
    weights = (2.0**powers).T  # exact: below 2^49
    batch = 4096 * 720 // max(len(orders), 720)
    flat = graphs.reshape(len(graphs), -1).astype(np.float64)
    codes = [(flat[start : start + batch] @ weights).min(axis=1) for start in range(0, len(flat), batch)]
    return np.concatenate(codes).astype(np.int64)


def _check_size(num_nodes: int) -> None:
    if num_nodes not in SIZES:
        raise ValueError(f"`num_nodes` must be one of {', '.join(map(str, SIZES))}, got {num_nodes}")
