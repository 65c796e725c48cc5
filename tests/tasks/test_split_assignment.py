"""Which named graphs belong to a split and a shard, and how names are moved there."""

import numpy as np
import pytest

from hf_causal.tasks.shared.names import draw_names
from hf_causal.tasks.shared.split_assignment import BUCKETS, SplitAssigner
from hf_causal.utils.randomness import Stream

SPLITS = [range(1), BUCKETS["validation"]]


def drawn(num_nodes: int = 5, lengths: tuple[int, int] = (1, 3)) -> np.ndarray:
    return draw_names(Stream("admission", num_nodes), 3000, num_nodes, lengths)


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


def test_the_same_names_are_admitted_once():
    assigner, names = SplitAssigner(BUCKETS["train"], 0, 1), drawn()
    first = assigner.accept_new(names)
    assert 0.8 < first.mean() < 1
    assert not assigner.accept_new(names[:, ::-1]).any()


def test_splits_share_no_names():
    names = drawn()
    admitted = [SplitAssigner(buckets, 0, 1).accept_new(names) for buckets in (range(1), *BUCKETS.values())]
    assert (np.sum(admitted, axis=0) <= 1).all()
    assert np.sum(admitted, axis=0).mean() > 0.99
