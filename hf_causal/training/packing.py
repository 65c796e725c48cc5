"""Training data as token arrays: packed prompts, and batches of like length in an order of their own each epoch."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch

IGNORED = -100
POOL = 50
"""Batches whose prompts are sorted by length together: more wastes less padding and mixes less."""


class PackedData(Protocol):
    """Training rows grouped by premise, as arrays."""

    lengths: np.ndarray
    """What each pack costs; packs of like cost are batched together."""
    questions: np.ndarray
    """How many questions each pack asks."""

    def collate(self, packs: np.ndarray, pad_token_id: int) -> dict[str, torch.Tensor]:
        """One batch."""
        ...


def describe_family(rows: pa.Table) -> dict[str, Any]:
    """What a card has to say of the training data: rows, sizes, structures and longest name, read from the rows."""
    sizes = pc.min_max(rows["num_nodes"]).as_py()
    return {
        "rows": rows.num_rows,
        "nodes": [sizes["min"], sizes["max"]],
        "structures": sorted(rows["structure"].unique().to_pylist()),
        "longest_name": pc.max(rows["name_length"]).as_py(),
    }


def premise_starts(rows: pa.Table, together: bool = True) -> np.ndarray:
    """Where each premise begins among rows whose `graph_id` stand together, and the number of rows at the end.

    Args:
        rows (`pa.Table`): With `graph_id`.
        together (`bool`): Whether the rows of a graph share their premise; otherwise every row begins one.

    Raises:
        `ValueError`: If there are no rows.
    """
    if rows.num_rows == 0:
        raise ValueError("`rows` is empty: there is nothing to train on")
    new = np.ones(rows.num_rows, dtype=bool)
    if together:
        graph = rows["graph_id"].combine_chunks()
        new[1:] = pc.not_equal(graph[1:], graph[:-1]).to_numpy(zero_copy_only=False)
    return np.append(np.flatnonzero(new), rows.num_rows)


class PackedPrompts:
    """Questions packed behind the premise that they share, as flat token arrays.

    A pack is a tree of tokens, written depth first: the premise is its trunk, and questions branch off where they
    begin to differ, so that what several of them begin with (`Does A cause`) stands there once. A causal model
    computes the same for a token whatever follows, so every question is answered exactly as if it stood alone; see
    `subtree_ends` of [`AxiomModel`].

    Args:
        rows (`pa.Table`): With `premise`, `question`, `completion` and `graph_id`; the rows of a premise stand
            together.
        tokenizer (`TokenizersBackend`): Encodes premise and question apart.
        packing (`bool`): Whether the rows of one `graph_id` share their premise.
        prompt_targets (`bool`): Whether the prompts' own tokens are targets too, beside the answers.
        share_beginnings (`bool`): Whether questions share what they begin with.

    Raises:
        `ValueError`: If there are no rows.
    """

    def __init__(
        self,
        rows: pa.Table,
        tokenizer: Any,
        packing: bool = True,
        prompt_targets: bool = False,
        share_beginnings: bool = True,
    ):
        rows = rows.select(["premise", "question", "completion", "graph_id"]).combine_chunks()
        starts = premise_starts(rows, packing)
        first, self.questions = starts[:-1], np.diff(starts)
        no, yes = tokenizer.convert_tokens_to_ids(["No", "Yes"])
        self.answer_ids = (no, yes)
        premises = _Texts(tokenizer, rows["premise"].take(pa.array(first)), [tokenizer.bos_token_id])
        questions = _Texts(tokenizer, rows["question"])
        pack = np.repeat(np.arange(len(first)), self.questions)

        # Sorted, questions that begin alike stand side by side, and each has to be compared with the one before only.
        grid = questions.grid()
        self.rows = np.lexsort((*grid.T[::-1], pack))
        """Row of each question, in the order in which the packs ask them."""
        grid, lengths = grid[self.rows], questions.lengths[self.rows]
        tree = _Tree(grid, lengths, pack, premises.lengths, share_beginnings)
        self.lengths = tree.pack_lengths
        self._starts = np.cumsum(self.lengths) - self.lengths

        size = int(self.lengths.sum())
        trunk = np.repeat(self._starts, premises.lengths) + premises.places()
        branch = (self._starts[pack, None] + tree.places)[tree.own]
        self._tokens, self._ends = np.empty(size, dtype=np.int32), np.empty(size, dtype=np.int32)
        self._tokens[trunk], self._tokens[branch] = premises.ids, grid[tree.own]
        self._ends[trunk], self._ends[branch] = np.repeat(self.lengths, premises.lengths), tree.ends[tree.own]

        answers = pc.if_else(pc.equal(rows["completion"], "Yes"), yes, no).to_numpy()[self.rows]
        asked = (tree.places[np.arange(len(pack)), lengths - 1], answers, pack)
        parts = [asked]
        if prompt_targets:
            inner = np.arange(grid.shape[1] - 1) < lengths[:, None] - 1
            parts.append((tree.places[:, :-1][inner], grid[:, 1:][inner], np.repeat(pack, lengths - 1)))
            inside = premises.places() > 0
            owner = np.repeat(np.arange(len(first)), premises.lengths)
            parts.append((premises.places()[inside] - 1, premises.ids[inside], owner[inside]))
        place, target, owner = (np.concatenate(column) for column in zip(*parts, strict=True))
        order = np.argsort(owner, kind="stable")
        self._places, self._targets = place[order].astype(np.int32), target[order].astype(np.int32)
        self._target_counts = np.bincount(owner, minlength=len(first))
        self._target_starts = np.cumsum(self._target_counts) - self._target_counts

    def __len__(self) -> int:
        return len(self.lengths)

    def collate(self, packs: np.ndarray, pad_token_id: int) -> dict[str, torch.Tensor]:
        """One batch, padded on the right.

        Sizes are rounded up to multiples of 8: matrix units like that, and there are few different ones.

        Returns:
            `dict`: `int64` tensors, of shape (packs, length) `input_ids` and `subtree_ends` and of shape (packs,
            targets) `target_positions` and `targets`: the token that should follow the one at each position, -100
            where a row has fewer targets. A pack's answers come first.
        """
        packs = np.asarray(packs)
        lengths, counts = self.lengths[packs], self._target_counts[packs]
        place, there = _padded(lengths)
        source = np.where(there, self._starts[packs, None] + place, 0)
        wanted, real = _padded(counts)
        target = np.where(real, self._target_starts[packs, None] + wanted, 0)
        batch = {
            "input_ids": np.where(there, self._tokens[source], pad_token_id),
            # Padding sees itself alone, so that no row of the attention is empty.
            "subtree_ends": np.where(there, self._ends[source], place + 1),
            "target_positions": np.where(real, self._places[target], 0),
            "targets": np.where(real, self._targets[target], IGNORED),
        }
        tensors = {name: torch.from_numpy(array.astype(np.int64, copy=False)) for name, array in batch.items()}
        # From pinned memory a copy to the GPU does not wait for what the GPU is doing.
        return (
            {name: tensor.pin_memory() for name, tensor in tensors.items()} if torch.cuda.is_initialized() else tensors
        )


class _Texts:
    """Token ids of many texts, flat."""

    def __init__(self, tokenizer: Any, texts: pa.ChunkedArray, before: Sequence[int] = ()):
        encoded = tokenizer.backend_tokenizer.encode_batch_fast(texts.to_pylist(), add_special_tokens=False)
        ids = [[*before, *encoding.ids] for encoding in encoded]
        self.lengths = np.fromiter(map(len, ids), dtype=np.int64, count=len(ids))
        self.ids = np.fromiter(chain.from_iterable(ids), dtype=np.int32, count=int(self.lengths.sum()))

    def places(self) -> np.ndarray:
        """Place of each token in its text."""
        starts = np.cumsum(self.lengths) - self.lengths
        return np.arange(len(self.ids)) - np.repeat(starts, self.lengths)

    def grid(self) -> np.ndarray:
        """The texts as rows, -1 after their ends."""
        grid = np.full((len(self.lengths), int(self.lengths.max())), -1, dtype=np.int32)
        grid[np.arange(grid.shape[1]) < self.lengths[:, None]] = self.ids
        return grid


class _Tree:
    """Where the tokens of sorted questions stand in their packs; the tables are of shape (questions, longest)."""

    own: np.ndarray
    """Which tokens a question brings along; the others it has in common with one before it."""
    places: np.ndarray
    """Place of each token in its pack."""
    ends: np.ndarray
    """For the tokens that a question brings along: the place behind all questions that go through them."""

    def __init__(
        self, grid: np.ndarray, lengths: np.ndarray, pack: np.ndarray, trunks: np.ndarray, share_beginnings: bool
    ):
        depth = np.arange(grid.shape[1])
        count = len(grid)
        common = np.zeros(count, dtype=np.int64)
        if share_beginnings:
            alike = (grid[1:] == grid[:-1]) & (pack[1:] == pack[:-1])[:, None]
            common[1:] = np.minimum(np.logical_and.accumulate(alike, axis=1).sum(1), lengths[1:])
        self.own = (depth >= common[:, None]) & (depth < lengths[:, None])
        brought = lengths - common
        self.pack_lengths = trunks + np.bincount(pack, weights=brought, minlength=len(trunks)).astype(np.int64)
        before = np.cumsum(brought) - brought
        first = np.searchsorted(pack, np.arange(len(trunks)))
        starts = trunks[pack] + before - before[first[pack]]
        # A token belongs to the last question so far that parts from the one before it at this depth or earlier, and
        # its subtree ends where the next such question begins.
        parts = common[:, None] <= depth
        owner = np.maximum.accumulate(np.where(parts, np.arange(count)[:, None], 0), axis=0)
        self.places = starts[owner] + depth - common[owner]
        later = np.where(parts, np.arange(count)[:, None], count)
        following = np.full_like(later, count)
        following[:-1] = np.minimum.accumulate(later[::-1], axis=0)[::-1][1:]
        inside = following < count
        inside[inside] = pack[following[inside]] == np.broadcast_to(pack[:, None], inside.shape)[inside]
        self.ends = np.where(inside, starts[np.where(inside, following, 0)], self.pack_lengths[pack][:, None])


def _padded(sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Places of rows that are padded to the largest, rounded up to a multiple of 8, and which of them are filled."""
    place = np.arange(-(-int(sizes.max()) // 8) * 8)[None]
    return place, place < sizes[:, None]


class BatchSampler:
    """The order of training: which packs make up which batch of which epoch, for each of several processes.

    Every epoch is a new permutation, a function of (seed, epoch). Packs are sorted by length inside pools of `POOL`
    batches, so that a batch needs little padding, and the batches are then shuffled.

    Args:
        lengths (`np.ndarray`): Length of each pack.
        batch_size (`int`): Packs per batch and process.
        seed (`int`): Of the permutations.
        world_size (`int`): How many processes there are; they get different batches.
        groups (`np.ndarray`, *optional*): Group of each pack. A batch, over all processes, is then of one group.
    """

    def __init__(
        self, lengths: np.ndarray, batch_size: int, seed: int, world_size: int = 1, groups: np.ndarray | None = None
    ):
        self.lengths, self.batch_size, self.seed, self.world_size = lengths, batch_size, seed, world_size
        members = [np.arange(len(lengths))]
        if groups is not None:
            members = [np.flatnonzero(groups == group) for group in np.unique(groups)]
        self._members = members
        whole = batch_size * world_size
        self.per_epoch = sum(len(own) // whole for own in members)
        if self.per_epoch == 0 or (groups is not None and min(map(len, members)) < whole):
            where = " of one environment" if groups is not None else ""
            raise ValueError(
                f"{min(map(len, members))} premises{where} are fewer than one batch of {batch_size} on each of "
                f"{world_size} processes"
            )

    def epoch(self, number: int) -> np.ndarray:
        """The packs of each batch of an epoch: `int64` of shape (batches, processes, packs)."""
        generator = np.random.default_rng([self.seed, number])
        whole = self.batch_size * self.world_size
        pools = []
        for own in self._members:
            order = own[generator.permutation(len(own))][: len(own) // whole * whole]
            pools += [order[start : start + POOL * whole] for start in range(0, len(order), POOL * whole)]
        order = np.concatenate([pool[np.argsort(self.lengths[pool], kind="stable")] for pool in pools])
        return order.reshape(self.per_epoch, self.world_size, self.batch_size)[generator.permutation(self.per_epoch)]


class Grouped:
    """Packs of which each belongs to an environment, and whose batches are each of one environment.

    Args:
        packs ([`Packs`]): What is grouped.
        rows (`pa.Table`): What they were made of, with `environment`; the rows of a pack have the same one.

    Raises:
        `ValueError`: If the rows have no column `environment`.
    """

    def __init__(self, packs: PackedData, rows: pa.Table):
        if "environment" not in rows.column_names:
            raise ValueError(
                "recipe field 'batches' must be 'pooled' where rows have no column `environment`, got 'environment'"
            )
        self.lengths, self.questions, self._packs = packs.lengths, packs.questions, packs
        alone = len(packs.lengths) == rows.num_rows
        first = np.arange(rows.num_rows) if alone else premise_starts(rows)[:-1]
        self.environments = rows["environment"].to_numpy()[first]
        """Of each pack."""

    def collate(self, packs: np.ndarray, pad_token_id: int) -> dict[str, torch.Tensor]:
        """One batch, as the packs make it."""
        return self._packs.collate(packs, pad_token_id)
