"""Which equivalence classes belong to a split, and the labellings under which a class can be stated.

The assignment is the same for every config and every seed: no class, and so no isomorphic graph, is in two splits.
"""

from __future__ import annotations

import hashlib
from functools import cache, lru_cache
from itertools import permutations

import numpy as np

from hf_causal.graphs.enumeration import NUM_CLASSES, class_codes, graphs_of_codes
from hf_causal.graphs.equivalence import numbers
from hf_causal.graphs.equivalence_classes import EquivalenceClass

SPLITS = ("train", "validation", "test")

HELD_OUT = {2: 1, 3: 2, 4: 2, 5: 8, 6: 50}
"""From number of variables to the number of classes of `validation`, which is also that of `test`."""


def num_classes(num_nodes: int, split: str) -> int:
    """Returns how many classes a split has, without enumerating them."""
    return HELD_OUT[num_nodes] if split != "train" else NUM_CLASSES[num_nodes] - 2 * HELD_OUT[num_nodes]


@cache
def split_classes(num_nodes: int, split: str) -> tuple[int, ...]:
    """Returns the classes of a split by their codes, see `hf_causal.graphs.enumeration.class_codes`.

    In the order of the SHA-256 of their names, the first classes are `test`, the next ones `validation` and the others
    `train`.
    """
    held_out = HELD_OUT[num_nodes]
    ranked = sorted(class_codes(num_nodes).tolist(), key=lambda code: _sha256(class_name(num_nodes, code)))
    ranks = {"test": (0, held_out), "validation": (held_out, 2 * held_out), "train": (2 * held_out, None)}
    return tuple(ranked[slice(*ranks[split])])


def class_name(num_nodes: int, code: int) -> str:
    """Returns the name of a class: its number of variables and its canonical code in hexadecimal."""
    return f"{num_nodes}-{code:x}"


@lru_cache(maxsize=4096)
def canonical_class(num_nodes: int, code: int) -> EquivalenceClass:
    """Returns a class under its canonical labelling."""
    return EquivalenceClass(graphs_of_codes(num_nodes, np.array([code]))[0])


@lru_cache(maxsize=4096)
def labellings(num_nodes: int, code: int) -> np.ndarray:
    """Returns all orders of the nodes that give different labelled classes: `int64` of shape (labellings, nodes)."""
    orders = _orders(num_nodes)
    labelled = canonical_class(num_nodes, code).cpdag[orders[:, :, None], orders[:, None, :]]
    _, first = np.unique(numbers(labelled), return_index=True)
    return orders[np.sort(first)]


@cache
def _orders(num_nodes: int) -> np.ndarray:
    return np.array(list(permutations(range(num_nodes))))


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
