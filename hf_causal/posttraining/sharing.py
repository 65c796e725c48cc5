"""Training rows in which the questions about a premise share one copy of it, and the loss on them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, NamedTuple

import datasets
import numpy as np
import torch

from hf_causal.posttraining.data import TrainingRows
from hf_causal.training.packing import IGNORED
from hf_causal.utils.shared_prefix import attention_mask, common_length, fill_rows, pad_rows, share_prefixes

_ROW_TOKENS = 512
"""Tokens of a row from which a batch has several: attention takes time with the square of a row's length."""


class SharedRows(NamedTuple):
    """Rows that hold many questions each."""

    rows: TrainingRows
    """With columns `input_ids`, `labels`, `position_ids` and `subtree_ends`, see [`SharedRow`]."""
    batch_size: int
    """Rows of a batch, which together have as many tokens as the questions of a batch had in rows of their own."""
    tokens: int
    """Tokens of all rows."""


def share_premises(separate: TrainingRows, batch_size: int, seed: int) -> SharedRows:
    """Puts the questions about a premise behind one copy of it, and several premises into a row.

    What all prompts begin with, such as an instruction, is stored once in a row, too. A batch keeps its number of
    tokens, and so has more questions.

    Args:
        separate ([`TrainingRows`]): Tokenized questions, one a row.
        batch_size (`int`): Questions of a batch in rows of their own.
        seed (`int`): Seed of the order in which premises are put into rows.
    """
    ids, labels = separate.dataset["input_ids"][:], separate.dataset["labels"][:]
    budget = max(batch_size * sum(map(len, ids)) // len(ids), max(map(len, ids)))
    # The tokens before a question's own are the same in its answer's loss; its last prompt token stays its own, from
    # which the answer is predicted.
    shareable = [next(index for index, label in enumerate(row) if label != IGNORED) - 1 for row in labels]
    packs = list(_packs(ids, separate.groups, shareable, budget))
    packs = [packs[index] for index in np.random.default_rng(seed).permutation(len(packs))]
    beginning = min(common_length(min(ids), max(ids)), min(shareable))
    sizes = [len(_share(ids, shareable, pack)) - beginning for pack in packs]
    rows_in_batch = max(1, budget // max(max(sizes) + beginning, _ROW_TOKENS))
    filled = fill_rows(sizes, budget // rows_in_batch - beginning)
    rows = [_row(ids, labels, shareable, [index for pack in row for index in packs[pack]]) for row in filled]
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    shared = replace(separate, dataset=datasets.Dataset.from_dict(columns))
    return SharedRows(shared, rows_in_batch, sum(len(row["input_ids"]) for row in rows))


def _packs(
    ids: Sequence[Sequence[int]], groups: Sequence[str], shareable: Sequence[int], budget: int
) -> Iterator[list[int]]:
    """Yields the indices of the questions about each premise, in several packs where they have too many tokens."""
    members: dict[str, list[int]] = {}
    for index, group in enumerate(groups):
        members.setdefault(group, []).append(index)
    for pack in members.values():
        # An upper bound first: most premises need no second look.
        while sum(len(ids[index]) for index in pack) > budget and len(_share(ids, shareable, pack)) > budget:
            size = next(
                size for size in range(len(pack) - 1, 0, -1) if len(_share(ids, shareable, pack[:size])) <= budget
            )
            yield pack[:size]
            pack = pack[size:]
        yield pack


def _share(ids: Sequence[Sequence[int]], shareable: Sequence[int], pack: Sequence[int]) -> Any:
    return share_prefixes([ids[index] for index in pack], [shareable[index] for index in pack])


def _row(
    ids: Sequence[Sequence[int]], labels: Sequence[Sequence[int]], shareable: Sequence[int], questions: Sequence[int]
) -> dict[str, list[int]]:
    shared = _share(ids, shareable, questions)
    targets = [IGNORED] * len(shared)
    for number, question in enumerate(questions):
        for index, label in zip(shared.indices(number), labels[question], strict=True):
            targets[index] = label
    return {
        "input_ids": shared.input_ids,
        "labels": targets,
        "position_ids": shared.position_ids,
        "subtree_ends": shared.subtree_ends,
    }


class SharedCollator:
    """Pads rows on the right.

    Args:
        pad_token_id (`int`): Padding token; it sees itself alone and has no label.
    """

    def __init__(self, pad_token_id: int):
        self.values = {"input_ids": pad_token_id, "labels": IGNORED, "position_ids": 0, "subtree_ends": 0}

    def __call__(self, rows: Sequence[dict[str, list[int]]]) -> dict[str, torch.Tensor]:
        return {name: pad_rows([row[name] for row in rows], value) for name, value in self.values.items()}


class SharedLoss:
    """A mixin before TRL's `SFTTrainer`: the loss on shared rows, with logits of the answers' tokens alone.

    In rows of their own the logits of every token are computed: on a CPU a good part of the time of a small model.
    """

    def compute_loss(
        self: Any, model: Any, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        """Returns the mean loss of the tokens that have a label; its sum over `num_items_in_batch`, where it is set.

        Raises:
            `ValueError`: If outputs are asked for, which have no logits for most tokens.
        """
        if return_outputs:
            raise ValueError("`return_outputs` is not supported: logits are computed for the answers alone")
        bare = self.accelerator.unwrap_model(model)
        labels, ends = inputs["labels"][:, 1:], inputs["subtree_ends"]
        predicts = torch.nn.functional.pad(labels != IGNORED, (0, 1))
        with _only_at(predicts, bare.get_output_embeddings()):
            logits = model(
                input_ids=inputs["input_ids"],
                position_ids=inputs["position_ids"],
                attention_mask=attention_mask(ends, bare),
                use_cache=False,
            ).logits.float()
        targets = labels[labels != IGNORED]
        self._count(logits, targets, ends)
        loss = torch.nn.functional.cross_entropy(logits, targets, reduction="sum")
        if num_items_in_batch is None:
            return loss / targets.numel()
        # The number is that of all processes, over which gradients are averaged.
        scale = self.accelerator.num_processes if self.args.average_tokens_across_devices else 1
        return loss * scale / num_items_in_batch

    @torch.no_grad()
    def _count(self: Any, logits: torch.Tensor, targets: torch.Tensor, ends: torch.Tensor) -> None:
        """Adds what TRL logs: the share of tokens whose likeliest value is right, and the tokens read so far."""
        mode = "train" if self.model.training else "eval"
        right, tokens, read = (
            self.accelerator.gather_for_metrics(torch.as_tensor(count, device=logits.device)).sum().item()
            for count in ((logits.argmax(-1) == targets).sum(), targets.numel(), (ends > 0).sum())
        )
        self._metrics[mode]["mean_token_accuracy"].append(right / tokens)
        self._total_train_tokens += read if mode == "train" else 0
        self._metrics[mode]["num_tokens"] = [self._total_train_tokens]


@contextmanager
def _only_at(positions: torch.Tensor, head: torch.nn.Module) -> Iterator[None]:
    """Makes the head of a language model compute logits at some positions alone, of shape (positions, vocabulary)."""
    handle = head.register_forward_pre_hook(lambda module, inputs: (inputs[0][positions], *inputs[1:]))
    try:
        yield
    finally:
        handle.remove()
