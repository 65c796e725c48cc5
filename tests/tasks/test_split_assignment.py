"""Which named graphs belong to a split and a shard, and how names are moved there."""

import numpy as np
import pytest

from hf_causal.tasks.shared import split_assignment
from hf_causal.tasks.shared.names import ALPHABET, decode_names, draw_names
from hf_causal.tasks.shared.split_assignment import BUCKETS, SplitAssigner
from hf_causal.utils.randomness import Stream

SPLITS = [range(1), BUCKETS["validation"]]


def drawn(num_nodes: int = 5, lengths: tuple[int, int] = (1, 3)) -> np.ndarray:
    return draw_names(Stream("assignment", num_nodes), 3000, num_nodes, lengths)


@pytest.mark.parametrize("buckets", SPLITS)
@pytest.mark.parametrize(("num_nodes", "lengths"), [(3, (1, 3)), (12, (1, 3)), (4, (2, 2)), (6, (4, 10))])
@pytest.mark.parametrize("num_shards", [1, 5])
def test_most_names_are_moved_to_their_bucket_and_stay_in_their_shard(buckets, num_nodes, lengths, num_shards):
    assigner = SplitAssigner(buckets, num_shards - 1, num_shards)
    before = assigner.move_to_shard(drawn(num_nodes, lengths))
    after = assigner.move_to_bucket(before, Stream("move", num_nodes))
    assert (after != before).sum(axis=(1, 2)).max() == 2
    assert ((after != 0) == (before != 0)).all()
    assert assigner.accept_new(after).mean() > 0.55
    assert SplitAssigner(buckets, num_shards - 1, num_shards).accept_new(before).mean() < 0.15


def test_names_stay_as_they_are_where_most_belong():
    names = drawn()
    assert SplitAssigner(BUCKETS["train"], 0, 1).move_to_bucket(names, Stream("stay")) is names


def test_the_same_names_are_accepted_once():
    assigner, names = SplitAssigner(BUCKETS["train"], 0, 1), drawn()
    first = assigner.accept_new(names)
    assert 0.8 < first.mean() < 1
    assert not assigner.accept_new(names[:, ::-1]).any()


def test_splits_share_no_names():
    names = drawn()
    accepted = [SplitAssigner(buckets, 0, 1).accept_new(names) for buckets in (range(1), *BUCKETS.values())]
    assert (np.sum(accepted, axis=0) <= 1).all()
    assert np.sum(accepted, axis=0).mean() > 0.99


def moved_by_hand(names: list[str], start: float, buckets: range) -> list[str]:
    """Moves one graph in plain Python: by the first shift, from a random one on, that brings it to the buckets."""
    values = [ALPHABET.index(name[-1]) for name in names[:2]]
    shifts = [s for s in range(-61, 62) if 0 <= values[0] + s <= 61 and 0 <= values[1] - s <= 61]
    begin = int(start * len(shifts))
    for shift in shifts[begin:] + shifts[:begin]:
        moved = [names[0][:-1] + ALPHABET[values[0] + shift], names[1][:-1] + ALPHABET[values[1] - shift], *names[2:]]
        if bucket_of(moved) in buckets:
            return moved
    return names


def bucket_of(names: list[str], width: int = 3) -> int:
    signature = sum(mixed(code(name.ljust(width, "\0"))) for name in names) % 2**64
    return mixed(signature) % 32


def code(padded: str) -> int:
    digits = [ALPHABET.index(letter) + 1 if letter != "\0" else 0 for letter in padded]
    return sum(digit * 63**power for power, digit in enumerate(reversed(digits)))


def mixed(value: int) -> int:
    """The finalizer of splitmix64."""
    value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9 % 2**64
    value = (value ^ value >> 27) * 0x94D049BB133111EB % 2**64
    return value ^ value >> 31


@pytest.mark.parametrize("buckets", SPLITS)
def test_every_graph_is_moved_by_the_first_shift_that_fits(buckets):
    """Also graphs that need more shifts than are tried at once, and the few that no shift brings to the split."""
    names = drawn(3)
    after = decode_names(SplitAssigner(buckets, 0, 1).move_to_bucket(names, Stream("move")))
    starts = Stream("move").uniform((len(names),))
    expected = [moved_by_hand(graph, start, buckets) for graph, start in zip(decode_names(names), starts, strict=True)]
    assert after == expected
    assert sum(bucket_of(graph) not in buckets for graph in after) > 10


def test_the_example_of_the_documentation():
    """The names "xb" and "d" have five shifts."""
    lowest, num_shifts = split_assignment._possible_shifts(np.array([[1, 3]]))
    assert (lowest.tolist(), num_shifts.tolist()) == ([-1], [5])
