"""Which named graphs belong to a split and a shard, decided without comparing shards with each other.

- A graph's *signature* is a hash of its set of names. Signatures are spread over buckets, and training, validation and
  generalization splits draw from buckets of their own, so no two of them share a premise, however its sentences are
  ordered.
- The sum of a graph's name numbers is, modulo the number of shards, the number of its shard, so two shards cannot
  share a premise either; inside a shard a signature is used once.
"""

from __future__ import annotations

import numpy as np

from hf_causal.tasks.shared.names import ALPHABET, name_codes, valid_names
from hf_causal.utils.randomness import Stream

NUM_BUCKETS = 32
BUCKETS = {"train": range(3, NUM_BUCKETS), "validation": range(1, 3)}
"""Buckets of signatures; every other split is a generalization split and draws from bucket 0."""


class Admission:
    """Decides which named graphs belong to this split and shard, and keeps those it has seen."""

    def __init__(self, buckets: range, shard: int, num_shards: int):
        self.buckets, self.shard, self.num_shards = buckets, shard, num_shards
        self.seen = np.zeros(0, dtype=np.uint64)

    def move_to_shard(self, names: np.ndarray) -> np.ndarray:
        """Changes the last characters of each graph's longest name so that its name numbers sum to this shard.

        Solving for one name costs the same for any number of shards, where drawing until the sum fits would not. Names
        too short to get there are left, and `admits` refuses them.
        """
        if self.num_shards == 1:
            return names
        size = (names != 0).sum(axis=2)
        rows, node = np.arange(len(names)), size.argmax(axis=1)
        digits = np.minimum(size[rows, node], _DIGITS)
        value = _name_numbers(names)
        missing = (self.shard - value.sum(axis=1)) % self.num_shards
        target = value[rows, node] + missing
        target = np.where(target < len(ALPHABET) ** digits, target, target - self.num_shards)
        moved = names.copy()
        for place in range(_DIGITS):
            where = np.flatnonzero((place < digits) & (target >= 0))
            column = size[where, node[where]] - 1 - place
            moved[where, node[where], column] = _LETTERS[(target[where] // len(ALPHABET) ** place) % len(ALPHABET)]
        return moved

    @property
    def share(self) -> float:
        """The share of signatures that belong to this split."""
        return len(self.buckets) / NUM_BUCKETS

    def move_to_bucket(self, names: np.ndarray, stream: Stream) -> np.ndarray:
        """Changes the last characters of two names of each graph so that its signature belongs to this split.

        One character goes forward in the alphabet by as much as the other goes back, so the sum of the name numbers,
        and with it the shard, stays as it is. Graphs that no such change brings there are left, and `admits` refuses
        them; where most signatures belong to the split, all are left.
        """
        if self.share > 0.5:
            return names
        codes, size = name_codes(names), (names != 0).sum(axis=2)[:, :2]
        rest = _mixed(codes[:, 2:]).sum(axis=1, dtype=np.uint64)
        pair, left, result = np.arange(2), np.arange(len(names)), names.copy()
        value = _LETTER_VALUES[names[left[:, None], pair, size - 1]]
        step = np.uint64(len(ALPHABET) + 1) ** (names.shape[2] - size).astype(np.uint64)
        least = np.maximum(-value[:, 0], value[:, 1] - _LAST)
        room = np.minimum(_LAST - value[:, 0], value[:, 1]) - least + 1
        start = (stream.uniform((len(names),)) * room).astype(np.int64)
        # All shifts that leave both characters in the alphabet, some at a time: most graphs need only the first ones.
        for trial in range(0, _LAST + 1, _AT_ONCE):
            shift = least[left, None] + (start[left, None] + trial + np.arange(_AT_ONCE)) % room[left, None]
            changed = np.stack([value[left, :1] + shift, value[left, 1:] - shift], axis=-1)
            moved = codes[left, None, :2] + (changed - value[left, None]).astype(np.uint64) * step[left, None]
            fits = self._belongs(rest[left, None] + _mixed(moved[..., 0]) + _mixed(moved[..., 1]))
            found = np.flatnonzero(fits.any(axis=1))
            rows = left[found, None]
            result[rows, pair, size[left[found]] - 1] = _LETTERS[changed[found, fits[found].argmax(axis=1)]]
            left = np.delete(left, found)
        return result

    def _belongs(self, signature: np.ndarray) -> np.ndarray:
        bucket = _mixed(signature) % np.uint64(NUM_BUCKETS)
        return (bucket >= self.buckets.start) & (bucket < self.buckets.stop)

    def admits(self, names: np.ndarray) -> np.ndarray:
        """Which graphs have proper names, belong here and were not admitted before; remembers those."""
        signature = _mixed(name_codes(names)).sum(axis=1, dtype=np.uint64)
        belongs = self._belongs(signature)
        belongs &= _name_numbers(names).sum(axis=1) % self.num_shards == self.shard
        first = np.zeros(len(names), dtype=bool)
        first[np.unique(signature, return_index=True)[1]] = True
        admitted = valid_names(names) & belongs & first & ~np.isin(signature, self.seen)
        self.seen = np.concatenate([self.seen, signature[admitted]])
        return admitted


_DIGITS = 3
_LAST = len(ALPHABET) - 1
_AT_ONCE = 8
_LETTERS = np.frombuffer(ALPHABET.encode(), dtype=np.uint8)
_LETTER_VALUES = np.zeros(256, dtype=np.int64)
_LETTER_VALUES[_LETTERS] = np.arange(len(ALPHABET))


def _name_numbers(names: np.ndarray) -> np.ndarray:
    """The last three characters of each name as a number in base 62: (graphs, nodes, width) to (graphs, nodes)."""
    size = (names != 0).sum(axis=2)
    numbers = np.zeros(names.shape[:2], dtype=np.int64)
    for place in range(_DIGITS):
        column = np.maximum(size - 1 - place, 0)[..., None]
        digit = _LETTER_VALUES[np.take_along_axis(names, column, axis=2)[..., 0]]
        numbers += np.where(place < size, digit * len(ALPHABET) ** place, 0)
    return numbers


def _mixed(values: np.ndarray) -> np.ndarray:
    """The splitmix64 finalizer: spreads integers over all 64 bits."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
