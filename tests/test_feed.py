from itertools import islice

import numpy as np
import pytest
import torch

from hf_causal.training.feed import Feed


class Numbered:
    """Packs whose batches name their epoch and themselves."""

    def __init__(self, epoch, size):
        self.epoch, self.lengths, self.questions = epoch, np.arange(size), np.full(size, 3)

    def collate(self, packs, pad_token_id):
        return {"packs": torch.tensor([[self.epoch, pack] for pack in packs])}


def feed(rank=0, world_size=1, batch_size=4):
    return Feed(lambda epoch: Numbered(epoch, 40 + 4 * epoch), 0, batch_size, 7, rank, world_size)


def taken(feed, batches):
    return [batch["packs"].tolist() for batch in islice(feed, batches)]


def test_every_epoch_is_read_once_and_may_have_another_size():
    read = sum(taken(feed(), 10 + 11 + 12), [])
    assert sorted(read) == [[epoch, pack] for epoch in range(3) for pack in range(40 + 4 * epoch)]


@pytest.mark.parametrize("stop", [0, 1, 9, 10, 11, 21, 30])
def test_a_feed_goes_on_where_its_state_says(stop):
    whole = taken(feed(), 35)
    first, second = feed(), feed()
    assert taken(first, stop) == whole[:stop]
    second.load_state_dict(first.state_dict())
    assert taken(second, 35 - stop) == whole[stop:]
    assert second.questions == 35 * 4 * 3


def test_two_processes_share_the_batches_of_one():
    one = taken(feed(batch_size=4), 10)
    two = [feed(rank, 2, batch_size=2) for rank in range(2)]
    halves = [taken(each, 10) for each in two]
    assert [first + second for first, second in zip(*halves, strict=True)] == one
    assert two[0].state_dict() == two[1].state_dict() == {"epoch": 0, "batch": 10, "questions": 120}
