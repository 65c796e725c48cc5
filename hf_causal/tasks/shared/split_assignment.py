"""Which named graphs belong to a split and a shard, decided without comparing shards with each other.

- A graph's *signature* is a hash of its set of names. Signatures are spread over buckets, and training, validation and
  generalization splits each have buckets of their own, so no two of them share a premise, however its sentences are
  ordered.
- The sum of a graph's name numbers, modulo the number of shards, is the number of its shard, so two shards cannot
  share a premise either; within a shard a signature is used once.
"""

from __future__ import annotations

import numpy as np

from hf_causal.tasks.shared.names import ALPHABET, RESERVED_WORDS, name_codes, valid_names
from hf_causal.utils.randomness import Stream

NUM_BUCKETS = 32
BUCKETS = {"train": range(3, NUM_BUCKETS), "validation": range(1, 3)}
"""Buckets of signatures; every other split is a generalization split and has bucket 0."""


class SplitAssigner:
    """Decides which named graphs belong to a split and a shard, and remembers those that it accepted.

    Args:
        buckets (`range`): Buckets of the split.
        shard, num_shards (`int`): The shard and their number.
        reserved_words (`frozenset[str]`): Words that no name may be, in any case.
    """

    def __init__(
        self, buckets: range, shard: int, num_shards: int, reserved_words: frozenset[str] = RESERVED_WORDS
    ) -> None:
        self.buckets, self.shard, self.num_shards = buckets, shard, num_shards
        self.reserved_words = reserved_words
        self.accepted = np.zeros(0, dtype=np.uint64)

    @property
    def share(self) -> float:
        """The share of signatures that belong to this split."""
        return len(self.buckets) / NUM_BUCKETS

    def accept_new(self, names: np.ndarray) -> np.ndarray:
        """Accepts graphs with proper names that belong here and were not accepted before, and remembers them.

        Args:
            names (`np.ndarray`): `uint8` of shape (graphs, nodes, width).

        Returns:
            `np.ndarray`: Which graphs were accepted, boolean of shape (graphs,).
        """
        signatures, belongs = _signatures(names), self.belong(names)
        is_first = np.zeros(len(names), dtype=bool)
        is_first[np.unique(signatures, return_index=True)[1]] = True
        accepted = valid_names(names, self.reserved_words) & belongs & is_first & ~np.isin(signatures, self.accepted)
        self.accepted = np.concatenate([self.accepted, signatures[accepted]])
        return accepted

    def belong(self, names: np.ndarray) -> np.ndarray:
        """Returns which graphs belong to this split and shard by their names: boolean of shape (graphs,)."""
        return self._in_buckets(_signatures(names)) & (
            _name_numbers(names).sum(axis=1) % self.num_shards == self.shard
        )

    def move_to_shard(self, names: np.ndarray) -> np.ndarray:
        """Changes the last characters of each graph's longest name so that its name numbers sum to this shard.

        Solving for one name costs the same for any number of shards, where drawing until the sum fits would not. Names
        too short for that stay as they are, and `accept_new` refuses them.
        """
        if self.num_shards == 1:
            return names
        lengths = (names != 0).sum(axis=2)
        graphs, node = np.arange(len(names)), lengths.argmax(axis=1)
        num_digits = np.minimum(lengths[graphs, node], _DIGITS)
        numbers = _name_numbers(names)
        missing = (self.shard - numbers.sum(axis=1)) % self.num_shards
        target = numbers[graphs, node] + missing
        target = np.where(target < len(ALPHABET) ** num_digits, target, target - self.num_shards)
        moved = names.copy()
        for digit in range(_DIGITS):
            rows = np.flatnonzero((digit < num_digits) & (target >= 0))
            column = lengths[rows, node[rows]] - 1 - digit
            moved[rows, node[rows], column] = _LETTERS[(target[rows] // len(ALPHABET) ** digit) % len(ALPHABET)]
        return moved

    def move_to_bucket(self, names: np.ndarray, stream: Stream) -> np.ndarray:
        """Changes the last characters of two names of each graph so that its signature belongs to this split.

        One character moves forward in the alphabet by as much as the other moves back, so the sum of the name numbers,
        and with it the shard, stays the same, while the signature changes. In the alphabet a … z, A … Z, 0 … 9, the
        names "xb" and "d" end in the characters 1 and 3, so the shifts -1 to 3 are possible: they give ("xa", "e"),
        ("xb", "d"), ("xc", "c"), ("xd", "b") and ("xe", "a"). The possible shifts are tried in turn, from a random one
        on, until a signature falls into the split's buckets.

        Graphs that no shift brings there stay as they are, and `accept_new` refuses them. Where most signatures belong
        to the split, all graphs stay as they are.
        """
        if self.share > 0.5:
            return names
        codes, lengths = name_codes(names), (names != 0).sum(axis=2)[:, :2]
        other_names = _mix(codes[:, 2:]).sum(axis=1, dtype=np.uint64)
        pair = np.arange(2)
        last = _LETTER_VALUES[names[np.arange(len(names))[:, None], pair, lengths - 1]]
        # A name's code is a number in base 63, padded to the width; this is the weight of its last character.
        weight = np.uint64(len(ALPHABET) + 1) ** (names.shape[2] - lengths).astype(np.uint64)
        lowest, num_shifts = _possible_shifts(last)
        start = (stream.uniform((len(names),)) * num_shifts).astype(np.int64)
        moved, remaining = names.copy(), np.arange(len(names))
        # Most graphs need only the first few shifts.
        for first in range(0, len(ALPHABET), _SHIFTS_AT_ONCE):
            turn = start[remaining, None] + first + np.arange(_SHIFTS_AT_ONCE)
            shift = lowest[remaining, None] + turn % num_shifts[remaining, None]
            shifts = np.stack([shift, -shift], axis=-1)  # (remaining, shifts at once, 2)
            shifted = codes[remaining, None, :2] + shifts.astype(np.uint64) * weight[remaining, None]
            signatures = other_names[remaining, None] + _mix(shifted).sum(axis=-1, dtype=np.uint64)
            fits = self._in_buckets(signatures)
            solved = np.flatnonzero(fits.any(axis=1))
            rows = remaining[solved]
            new_last = last[rows] + shifts[solved, fits[solved].argmax(axis=1)]
            moved[rows[:, None], pair, lengths[rows] - 1] = _LETTERS[new_last]
            remaining = np.delete(remaining, solved)
        return moved

    def _in_buckets(self, signatures: np.ndarray) -> np.ndarray:
        buckets = _mix(signatures) % np.uint64(NUM_BUCKETS)
        return (buckets >= self.buckets.start) & (buckets < self.buckets.stop)


_DIGITS = 3
_SHIFTS_AT_ONCE = 8
_LETTERS = np.frombuffer(ALPHABET.encode(), dtype=np.uint8)
_LETTER_VALUES = np.zeros(256, dtype=np.int64)
_LETTER_VALUES[_LETTERS] = np.arange(len(ALPHABET))


def _signatures(names: np.ndarray) -> np.ndarray:
    """Returns the signature of each graph: `uint64` of shape (graphs,)."""
    return _mix(name_codes(names)).sum(axis=1, dtype=np.uint64)


def _possible_shifts(last: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns the lowest shift that leaves both characters in the alphabet, and the number of such shifts.

    `last` has the shape (graphs, 2): the first character moves by the shift, the second by its negative.
    """
    highest_value = len(ALPHABET) - 1
    lowest = np.maximum(-last[:, 0], last[:, 1] - highest_value)
    highest = np.minimum(highest_value - last[:, 0], last[:, 1])
    return lowest, highest - lowest + 1


def _name_numbers(names: np.ndarray) -> np.ndarray:
    """Returns the last three characters of each name as a number in base 62: shape (graphs, nodes)."""
    lengths = (names != 0).sum(axis=2)
    numbers = np.zeros(names.shape[:2], dtype=np.int64)
    for digit in range(_DIGITS):
        column = np.maximum(lengths - 1 - digit, 0)[..., None]
        value = _LETTER_VALUES[np.take_along_axis(names, column, axis=2)[..., 0]]
        numbers += np.where(digit < lengths, value * len(ALPHABET) ** digit, 0)
    return numbers


def _mix(values: np.ndarray) -> np.ndarray:
    """Spreads integers over all 64 bits by the finalizer of splitmix64."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
