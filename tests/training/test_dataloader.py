from itertools import islice

import numpy as np
import pytest
import torch

from hf_causal.training.dataloader import StatefulLoader


class Numbered:
    """Packs whose batches name their epoch and themselves."""

    def __init__(self, epoch, size):
        self.epoch, self.lengths, self.questions = epoch, np.arange(size), np.full(size, 3)

    def collate(self, packs, pad_token_id):
        return {"packs": torch.tensor([[self.epoch, pack] for pack in packs])}


def feed(rank=0, world_size=1, batch_size=4, micro_batches=1):
    return StatefulLoader(
        lambda epoch: Numbered(epoch, 40 + 4 * epoch), 0, batch_size, 7, rank, world_size, micro_batches
    )


def taken(feed, steps):
    return [sum((batch["packs"].tolist() for batch in step.micro_batches), []) for step in islice(feed, steps)]


def test_every_epoch_is_read_once_and_may_have_another_size():
    read = sum(taken(feed(), 10 + 11 + 12), [])
    assert sorted(read) == [[epoch, pack] for epoch in range(3) for pack in range(40 + 4 * epoch)]


@pytest.mark.parametrize("stop", [0, 1, 9, 10, 11, 21, 30])
def test_a_feed_resumes_where_its_state_says(stop):
    whole = taken(feed(), 35)
    first, second = feed(), feed()
    assert taken(first, stop) == whole[:stop]
    second.load_state_dict(first.state_dict())
    assert taken(second, 35 - stop) == whole[stop:]
    assert second.questions == 35 * 4 * 3


@pytest.mark.parametrize(("world_size", "batch_size", "micro_batches"), [(2, 2, 1), (1, 1, 4), (4, 1, 1), (2, 1, 2)])
def test_any_division_takes_the_same_steps(world_size, batch_size, micro_batches):
    whole = taken(feed(batch_size=4), 25)
    feeds = [feed(rank, world_size, batch_size, micro_batches) for rank in range(world_size)]
    shares = [taken(each, 25) for each in feeds]
    for step, parts in zip(whole, zip(*shares, strict=True), strict=True):
        assert sorted(sum(parts, [])) == sorted(step)
        assert {len(part) for part in parts} == {batch_size * micro_batches}
    states = [each.state_dict() for each in feeds]
    assert states == [{"epoch": 2, "batch": 4, "questions": 25 * 4 * 3}] * world_size


def test_a_step_says_which_packs_every_process_reads():
    step = next(iter(feed(rank=1, world_size=2, batch_size=1, micro_batches=2)))
    assert step.packs.shape == (2, 2, 1) and (step.epoch, step.batch) == (0, 0)
    read = [batch["packs"][:, 1].tolist() for batch in step.micro_batches]
    assert read == step.packs[:, 1].tolist()
