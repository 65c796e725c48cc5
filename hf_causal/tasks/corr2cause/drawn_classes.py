"""Equivalence classes of more variables than can be enumerated, drawn at random.

Each class of named variables is equally likely, so that a class up to isomorphism is as likely as it has labellings.
A draw is a random graph along an order of its nodes, each edge with probability 1/2. A DAG with e such orders comes
out e times as often as one with a single order, and a class of m DAGs m times as often as one of a single DAG, so a
draw is kept with probability 1/(e m).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from hf_causal.graphs.class_search import count_members
from hf_causal.graphs.enumeration import canonical_codes
from hf_causal.graphs.equivalence import cpdags
from hf_causal.utils.randomness import Stream

_BATCH = 1024


def draw_codes(num_nodes: int, stream: Stream) -> Iterator[int]:
    """Yields the canonical codes of random classes without end; a class may come again.

    Args:
        num_nodes (`int`): At most 7.
        stream ([`Stream`]): The random numbers.
    """
    early, late = np.triu_indices(num_nodes, k=1)
    while True:
        dags = np.zeros((_BATCH, num_nodes, num_nodes), dtype=bool)
        dags[:, early, late] = stream.words((_BATCH, len(early))) >> np.uint64(63) == 1
        chances = stream.uniform((_BATCH,)) * num_orders(dags)
        graphs = cpdags(dags[chances < 1])
        sizes = [count_members(graph) for graph in graphs]
        graphs = graphs[chances[chances < 1] * sizes < 1]
        if len(graphs):
            yield from canonical_codes(graphs).tolist()


def draw_different_codes(num_nodes: int, stream: Stream) -> Iterator[int]:
    """Yields the codes of [`draw_codes`], each only once."""
    seen = set()
    for code in draw_codes(num_nodes, stream):
        if code not in seen:
            seen.add(code)
            yield code


def num_orders(dags: np.ndarray) -> np.ndarray:
    """Returns the number of orders of the nodes of each DAG in which all causes come before their effects.

    Args:
        dags (`np.ndarray`): Boolean of shape (graphs, nodes, nodes).

    Returns:
        `np.ndarray`: `int64` of shape (graphs,).
    """
    size = dags.shape[-1]
    causes = (dags * (1 << np.arange(size))[:, None]).sum(axis=1)  # [graph, node], as bits
    counts = np.zeros((2**size, len(dags)), dtype=np.int64)
    counts[0] = 1
    for placed in range(1, 2**size):
        for last in range(size):
            if placed >> last & 1:
                before = placed & ~(1 << last)
                counts[placed] += np.where(causes[:, last] & ~before, 0, counts[before])
    return counts[-1]
