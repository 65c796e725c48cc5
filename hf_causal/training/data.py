"""Training data as token arrays: packed prompts, and batches of like length in an order of their own each epoch."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch

IGNORED = -100
PADDING_SEGMENT = -1
POOL = 50
"""Batches whose prompts are sorted by length together: more wastes less padding and mixes less."""


class Packs(Protocol):
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

    Each pack is `premise question₁ question₂ …` with segment ids 0, 1, 2, … and next-token targets; the target at the
    last token of a question is its answer.

    Args:
        rows (`pa.Table`): With `premise`, `question`, `completion` and `graph_id`; the rows of a premise stand
            together.
        tokenizer (`TokenizersBackend`): Encodes premise and question apart.
        packing (`bool`): Whether the rows of one `graph_id` share their premise.
    """

    def __init__(self, rows: pa.Table, tokenizer: Any, packing: bool = True):
        rows = rows.select(["premise", "question", "completion", "graph_id"]).combine_chunks()
        starts = premise_starts(rows, packing)
        self.questions = np.diff(starts)
        premises = _encode(tokenizer, rows["premise"].take(pa.array(starts[:-1])).to_pylist())
        questions = _encode(tokenizer, rows["question"].to_pylist())
        answers = {word: tokenizer.convert_tokens_to_ids(word) for word in ("No", "Yes")}
        self.answer_ids = (answers["No"], answers["Yes"])
        answer = np.array([answers[word] for word in rows["completion"].to_pylist()], dtype=np.int32)

        tokens, segments, targets, lengths = [], [], [], []
        row = 0
        for premise, count in zip(premises, self.questions, strict=True):
            premise = [tokenizer.bos_token_id, *premise]
            pack_tokens, pack_segments, pack_targets = [premise], [0] * len(premise), [*premise[1:], IGNORED]
            for segment in range(1, count + 1):
                question = questions[row]
                pack_tokens.append(question)
                pack_segments += [segment] * len(question)
                pack_targets += [*question[1:], answer[row]]
                row += 1
            tokens.append(np.concatenate(pack_tokens).astype(np.int32))
            segments.append(np.array(pack_segments, dtype=np.int32))
            targets.append(np.array(pack_targets, dtype=np.int32))
            lengths.append(len(pack_segments))
        self.lengths = np.array(lengths)
        self._ends = np.cumsum(self.lengths)
        self._tokens, self._segments, self._targets = (np.concatenate(part) for part in (tokens, segments, targets))

    def __len__(self) -> int:
        return len(self.lengths)

    def collate(self, packs: np.ndarray, pad_token_id: int) -> dict[str, torch.Tensor]:
        """One batch, padded on the right.

        Returns:
            `dict`: `input_ids`, `segment_ids` (-1 for padding) and `targets` (-100 where no loss is taken), `int64` of
            shape (packs, longest rounded up to 8).
        """
        longest = -(-int(self.lengths[packs].max()) // 8) * 8
        columns = {
            "input_ids": (self._tokens, pad_token_id),
            "segment_ids": (self._segments, PADDING_SEGMENT),
            "targets": (self._targets, IGNORED),
        }
        batch = {name: np.full((len(packs), longest), fill, dtype=np.int64) for name, (_, fill) in columns.items()}
        for index, pack in enumerate(packs):
            end, size = self._ends[pack], self.lengths[pack]
            for name, (flat, _) in columns.items():
                batch[name][index, :size] = flat[end - size : end]
        return {name: torch.from_numpy(array) for name, array in batch.items()}


class Batches:
    """The order of training: which packs make up which batch of which epoch, for each of several processes.

    Every epoch is a new permutation, a function of (seed, epoch). Packs are sorted by length inside pools of `POOL`
    batches, so that a batch needs little padding, and the batches are then shuffled.

    Args:
        lengths (`np.ndarray`): Length of each pack.
        batch_size (`int`): Packs per batch and process.
        seed (`int`): Of the permutations.
        world_size (`int`): How many processes there are; they get different batches.
    """

    def __init__(self, lengths: np.ndarray, batch_size: int, seed: int, world_size: int = 1):
        self.lengths, self.batch_size, self.seed, self.world_size = lengths, batch_size, seed, world_size
        self.per_epoch = len(lengths) // (batch_size * world_size)
        if self.per_epoch == 0:
            raise ValueError(
                f"{len(lengths)} premises are fewer than one batch of {batch_size} on each of {world_size} processes"
            )

    def epoch(self, number: int) -> np.ndarray:
        """The packs of each batch of an epoch: `int64` of shape (batches, processes, packs)."""
        generator = np.random.default_rng([self.seed, number])
        whole = self.batch_size * self.world_size
        order = generator.permutation(len(self.lengths))[: self.per_epoch * whole]
        pools = [order[start : start + POOL * whole] for start in range(0, len(order), POOL * whole)]
        order = np.concatenate([pool[np.argsort(self.lengths[pool], kind="stable")] for pool in pools])
        return order.reshape(self.per_epoch, self.world_size, self.batch_size)[generator.permutation(self.per_epoch)]


def _encode(tokenizer: Any, texts: list[str]) -> list[list[int]]:
    return [
        encoding.ids for encoding in tokenizer.backend_tokenizer.encode_batch_fast(texts, add_special_tokens=False)
    ]
