"""Training rows as token arrays: the questions about a premise packed behind one copy of it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any, NamedTuple, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch

IGNORED = -100
"""Target that no loss is computed for."""


class PackedData(Protocol):
    """Training rows as arrays; a pack is a premise with all its questions."""

    lengths: np.ndarray
    """Cost of each pack; packs of similar cost are batched together."""
    questions: np.ndarray
    """Number of questions in each pack."""

    def collate(self, packs: np.ndarray, pad_token_id: int) -> dict[str, torch.Tensor]:
        """Returns one batch of the packs with these indices."""
        ...


def describe_family(rows: pa.Table) -> dict[str, Any]:
    """Returns the description of the training rows on a card: rows, graph sizes, structures and longest name."""
    sizes = pc.min_max(rows["num_nodes"]).as_py()
    return {
        "rows": rows.num_rows,
        "nodes": [sizes["min"], sizes["max"]],
        "structures": sorted(rows["structure"].unique().to_pylist()),
        "longest_name": pc.max(rows["name_length"]).as_py(),
    }


def premise_starts(rows: pa.Table, shared: bool = True) -> np.ndarray:
    """Returns the index of the first row of each premise, followed by the number of rows.

    Args:
        rows (`pa.Table`): With `graph_id`; rows of one graph are consecutive.
        shared (`bool`): Whether the rows of a graph share their premise; otherwise every row begins one.

    Raises:
        `ValueError`: If there are no rows.
    """
    if rows.num_rows == 0:
        raise ValueError("`rows` is empty: there is nothing to train on")
    new = np.ones(rows.num_rows, dtype=bool)
    if shared:
        graph = rows["graph_id"].combine_chunks()
        new[1:] = pc.not_equal(graph[1:], graph[:-1]).to_numpy(zero_copy_only=False)
    return np.append(np.flatnonzero(new), rows.num_rows)


class PackedPrompts:
    """Questions packed behind the premise that they share, as flat token arrays.

    A pack is a prefix tree of tokens, written depth first: the premise is its trunk, and questions branch off where
    they begin to differ, so that a common beginning (`Does A cause`) is stored once. A causal model computes the same
    for a token whatever follows it, so every question gets the same answer as in a prompt of its own; see
    `subtree_ends` of [`AxiomModel`].

    Args:
        rows (`pa.Table`): With `premise`, `question`, `completion` and `graph_id`; rows of a premise are consecutive.
        tokenizer (`TokenizersBackend`): Encodes premise and question separately.
        packing (`bool`): Whether the rows of one `graph_id` share their premise.
        prompt_targets (`bool`): Whether the prompts' tokens are targets too, in addition to the answers.
        share_beginnings (`bool`): Whether questions share their common beginnings.

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
        first_rows, self.questions = starts[:-1], np.diff(starts)
        no, yes = tokenizer.convert_tokens_to_ids(["No", "Yes"])
        self.answer_ids = (no, yes)
        premises = _TokenizedTexts(tokenizer, rows["premise"].take(pa.array(first_rows)), [tokenizer.bos_token_id])
        questions = _TokenizedTexts(tokenizer, rows["question"])
        pack = np.repeat(np.arange(len(first_rows)), self.questions)

        # In sorted order a question shares its longest prefix with the one before it, the only one to compare it with.
        grid = questions.grid()
        self.rows = np.lexsort((*grid.T[::-1], pack))
        """Row of each question, in the order of the questions in the packs."""
        grid, lengths = grid[self.rows], questions.lengths[self.rows]
        tree = _question_tree(grid, lengths, pack, premises.lengths, share_beginnings)
        self.lengths = tree.pack_lengths
        self._starts = np.cumsum(self.lengths) - self.lengths
        self._write_tokens(premises, grid, pack, tree)

        answers = pc.if_else(pc.equal(rows["completion"], "Yes"), yes, no).to_numpy()[self.rows]
        targets = [_Targets(tree.positions[np.arange(len(pack)), lengths - 1], answers, pack)]
        if prompt_targets:
            targets += [_next_tokens(grid, lengths, pack, tree), _next_premise_tokens(premises)]
        self._write_targets(targets)

    def __len__(self) -> int:
        return len(self.lengths)

    def collate(self, packs: np.ndarray, pad_token_id: int) -> dict[str, torch.Tensor]:
        """Returns one batch, padded on the right.

        Sizes are rounded up to multiples of 8, which matrix units prefer and which leaves few different shapes.

        Returns:
            `dict`: `int64` tensors, of shape (packs, length) `input_ids` and `subtree_ends` and of shape (packs,
            targets) `target_positions` and `targets`: the token that should follow each position, -100 where a row has
            fewer targets. A pack's answers come first.
        """
        packs = np.asarray(packs)
        position, is_token = _padded_positions(self.lengths[packs])
        token = np.where(is_token, self._starts[packs, None] + position, 0)
        slot, is_target = _padded_positions(self._target_counts[packs])
        target = np.where(is_target, self._target_starts[packs, None] + slot, 0)
        batch = {
            "input_ids": np.where(is_token, self._tokens[token], pad_token_id),
            # A padding token attends to itself, so that no row of the attention is empty.
            "subtree_ends": np.where(is_token, self._ends[token], position + 1),
            "target_positions": np.where(is_target, self._target_positions[target], 0),
            "targets": np.where(is_target, self._targets[target], IGNORED),
        }
        tensors = {name: torch.from_numpy(array.astype(np.int64, copy=False)) for name, array in batch.items()}
        # A copy from pinned memory does not wait until the GPU is idle.
        return (
            {name: tensor.pin_memory() for name, tensor in tensors.items()} if torch.cuda.is_initialized() else tensors
        )

    def _write_tokens(
        self, premises: _TokenizedTexts, grid: np.ndarray, pack: np.ndarray, tree: _QuestionTree
    ) -> None:
        """Writes the tokens of all packs, and where the subtree of each token ends in its pack."""
        size, new = int(self.lengths.sum()), tree.new_tokens
        trunk = np.repeat(self._starts, premises.lengths) + premises.positions()
        branch = (self._starts[pack, None] + tree.positions)[new]
        self._tokens, self._ends = np.empty(size, dtype=np.int32), np.empty(size, dtype=np.int32)
        self._tokens[trunk], self._tokens[branch] = premises.ids, grid[new]
        self._ends[trunk], self._ends[branch] = np.repeat(self.lengths, premises.lengths), tree.subtree_ends[new]

    def _write_targets(self, targets: list[_Targets]) -> None:
        """Writes the targets pack by pack, in the order of the list within a pack."""
        position, token, pack = (np.concatenate(column) for column in zip(*targets, strict=True))
        order = np.argsort(pack, kind="stable")
        self._target_positions, self._targets = position[order].astype(np.int32), token[order].astype(np.int32)
        self._target_counts = np.bincount(pack, minlength=len(self.lengths))
        self._target_starts = np.cumsum(self._target_counts) - self._target_counts


class _TokenizedTexts:
    """Token ids of many texts, concatenated."""

    def __init__(self, tokenizer: Any, texts: pa.ChunkedArray, prefix: Sequence[int] = ()):
        encoded = tokenizer.backend_tokenizer.encode_batch_fast(texts.to_pylist(), add_special_tokens=False)
        ids = [[*prefix, *encoding.ids] for encoding in encoded]
        self.lengths = np.fromiter(map(len, ids), dtype=np.int64, count=len(ids))
        self.ids = np.fromiter(chain.from_iterable(ids), dtype=np.int32, count=int(self.lengths.sum()))

    def positions(self) -> np.ndarray:
        """Returns the position of each token in its text."""
        starts = np.cumsum(self.lengths) - self.lengths
        return np.arange(len(self.ids)) - np.repeat(starts, self.lengths)

    def grid(self) -> np.ndarray:
        """Returns the texts as rows, filled up with -1: shape (texts, longest)."""
        grid = np.full((len(self.lengths), int(self.lengths.max())), -1, dtype=np.int32)
        grid[np.arange(grid.shape[1]) < self.lengths[:, None]] = self.ids
        return grid


class _Targets(NamedTuple):
    """Tokens to predict: one entry a target."""

    position: np.ndarray
    """Position in the pack after which the token should follow."""
    token: np.ndarray
    pack: np.ndarray


class _QuestionTree(NamedTuple):
    """Layout of sorted questions in their packs. All tables but `pack_lengths` have shape (questions, longest).

    Two questions behind a premise of four tokens, which share their first three tokens:

        position      0-3       4     5  6      7  8    9  10
        token         premise   Does  A  cause  B  ?    C  ?
        question      both      both  ...       1  1    2  2
        subtree end   11        11    11 11     9  9    11 11

    The second question has `new_tokens` at depths 3 and 4 only; its `positions` are 4, 5, 6, 9, 10. A token is visible
    from every later position before its `subtree_ends`.
    """

    new_tokens: np.ndarray
    """Whether a question stores the token itself; it shares the others with a question before it."""
    positions: np.ndarray
    """Position of each token in its pack."""
    subtree_ends: np.ndarray
    """For new tokens: the position after the last question that contains them."""
    pack_lengths: np.ndarray
    """Tokens of each pack, shape (packs,)."""


def _question_tree(
    grid: np.ndarray, lengths: np.ndarray, pack: np.ndarray, premise_lengths: np.ndarray, share_beginnings: bool
) -> _QuestionTree:
    """Lays out sorted questions behind their premises.

    Args:
        grid (`np.ndarray` of shape `(questions, longest)`): Token ids, -1 after the end.
        lengths, pack (`np.ndarray` of shape `(questions,)`): Tokens of each question, and its pack.
        premise_lengths (`np.ndarray` of shape `(packs,)`): Tokens of each premise.
        share_beginnings (`bool`): Whether common prefixes are stored once.
    """
    depth = np.arange(grid.shape[1])
    shared = _shared_prefix(grid, lengths, pack) if share_beginnings else np.zeros(len(grid), dtype=np.int64)
    new_counts = lengths - shared
    new_per_pack = np.bincount(pack, weights=new_counts, minlength=len(premise_lengths)).astype(np.int64)
    pack_lengths = premise_lengths + new_per_pack
    # Position at which a question's new tokens begin: after the premise and the new tokens of earlier questions.
    tokens_before = np.cumsum(new_counts) - new_counts
    first_question = np.searchsorted(pack, np.arange(len(premise_lengths)))
    branch_starts = premise_lengths[pack] + tokens_before - tokens_before[first_question[pack]]
    return _QuestionTree(
        new_tokens=(depth >= shared[:, None]) & (depth < lengths[:, None]),
        positions=_positions(depth, shared, branch_starts),
        subtree_ends=_subtree_ends(depth, shared, branch_starts, pack, pack_lengths),
        pack_lengths=pack_lengths,
    )


def _shared_prefix(grid: np.ndarray, lengths: np.ndarray, pack: np.ndarray) -> np.ndarray:
    """Returns how many first tokens each question shares with the one before it in its pack."""
    shared = np.zeros(len(grid), dtype=np.int64)
    equal = (grid[1:] == grid[:-1]) & (pack[1:] == pack[:-1])[:, None]
    shared[1:] = np.minimum(np.logical_and.accumulate(equal, axis=1).sum(1), lengths[1:])
    return shared


def _positions(depth: np.ndarray, shared: np.ndarray, branch_starts: np.ndarray) -> np.ndarray:
    """Returns the position of each token: that of the latest question that stores a token at this depth or before."""
    branches = shared[:, None] <= depth
    owner = np.maximum.accumulate(np.where(branches, np.arange(len(shared))[:, None], 0), axis=0)
    return branch_starts[owner] + depth - shared[owner]


def _subtree_ends(
    depth: np.ndarray, shared: np.ndarray, branch_starts: np.ndarray, pack: np.ndarray, pack_lengths: np.ndarray
) -> np.ndarray:
    """Returns the end of each token's subtree.

    It ends where the next question begins that branches off at this depth or before, or at the end of the pack.
    """
    count = len(shared)
    branching = np.where(shared[:, None] <= depth, np.arange(count)[:, None], count)
    next_branching = np.full_like(branching, count)
    next_branching[:-1] = np.minimum.accumulate(branching[::-1], axis=0)[::-1][1:]
    in_pack = next_branching < count
    in_pack[in_pack] = pack[next_branching[in_pack]] == np.broadcast_to(pack[:, None], in_pack.shape)[in_pack]
    ends = branch_starts[np.where(in_pack, next_branching, 0)]
    return np.where(in_pack, ends, pack_lengths[pack][:, None])


def _next_tokens(grid: np.ndarray, lengths: np.ndarray, pack: np.ndarray, tree: _QuestionTree) -> _Targets:
    """Returns the second and later tokens of every question as targets."""
    has_next = np.arange(grid.shape[1] - 1) < lengths[:, None] - 1
    return _Targets(tree.positions[:, :-1][has_next], grid[:, 1:][has_next], np.repeat(pack, lengths - 1))


def _next_premise_tokens(premises: _TokenizedTexts) -> _Targets:
    """Returns the second and later tokens of every premise as targets."""
    positions, pack = premises.positions(), np.repeat(np.arange(len(premises.lengths)), premises.lengths)
    later = positions > 0
    return _Targets(positions[later] - 1, premises.ids[later], pack[later])


def _padded_positions(sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns positions up to the largest size, rounded up to a multiple of 8, and which of them each row fills."""
    position = np.arange(-(-int(sizes.max()) // 8) * 8)[None]
    return position, position < sizes[:, None]
