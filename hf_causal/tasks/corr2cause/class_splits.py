"""Which equivalence classes belong to a split, and the labellings under which a class can be stated.

The assignment is the same for every config and every seed: no class, and so no isomorphic graph, is in two splits.
"""

from __future__ import annotations

import hashlib
from functools import cache, lru_cache
from itertools import permutations

import numpy as np

from hf_causal.graphs.enumeration import NUM_CLASSES, class_codes, classes
from hf_causal.graphs.equivalence import EquivalenceClass

SPLITS = ("train", "validation", "test")

HELD_OUT = {2: 1, 3: 2, 4: 2, 5: 8, 6: 50}
"""From number of variables to the number of classes of `validation`, which is also that of `test`."""


def num_classes(num_nodes: int, split: str) -> int:
    """Returns how many classes a split has, without enumerating them."""
    return HELD_OUT[num_nodes] if split != "train" else NUM_CLASSES[num_nodes] - 2 * HELD_OUT[num_nodes]


@cache
def split_classes(num_nodes: int, split: str) -> tuple[int, ...]:
    """Returns the classes of a split as indices into `hf_causal.graphs.enumeration.classes`.

    In the order of the SHA-256 of their names, the first classes are `test`, the next ones `validation` and the others
    `train`.
    """
    held_out = HELD_OUT[num_nodes]
    ranked = sorted(range(NUM_CLASSES[num_nodes]), key=lambda index: _sha256(class_name(num_nodes, index)))
    ranks = {"test": (0, held_out), "validation": (held_out, 2 * held_out), "train": (2 * held_out, None)}
    return tuple(ranked[slice(*ranks[split])])


def class_name(num_nodes: int, index: int) -> str:
    """Returns the name of a class: its number of variables and its canonical code in hexadecimal."""
    return f"{num_nodes}-{class_codes(num_nodes)[index]:x}"


@lru_cache(maxsize=4096)
def canonical_class(num_nodes: int, index: int) -> EquivalenceClass:
    """Returns a class under its canonical labelling."""
    return EquivalenceClass(classes(num_nodes)[index])


@lru_cache(maxsize=4096)
def labellings(num_nodes: int, index: int) -> np.ndarray:
    """Returns all orders of the nodes that give different labelled classes: `int64` of shape (labellings, nodes)."""
    orders = np.array(list(permutations(range(num_nodes))))
    labelled = classes(num_nodes)[index][orders[:, :, None], orders[:, None, :]].reshape(len(orders), -1)
    _, first = np.unique(np.packbits(labelled, axis=1), axis=0, return_index=True)
    return orders[np.sort(first)]


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
