"""Whether an exported graph answers as its model does, on prompts of the corpora."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import cycle
from typing import Any

import numpy as np
import torch

from hf_causal.export.runtime import ExportedModel
from hf_causal.tasks.registry import tasks
from hf_causal.utils.progress import Advance

TOLERANCE = 1e-3
"""Logits of answers lie far apart; runtimes that add in another order differ by about a millionth."""
BATCHES = (1, 2, 8, 3, 16)
"""Sizes of the batches, one after the other, each of prompts of unlike length."""


@dataclass(frozen=True)
class Parity:
    """How a graph compared with its model.

    Args:
        prompts (`int`): Prompts of the evaluation splits, in batches of several sizes, padded on either side.
        longest (`int`): Tokens of the longest prompt.
        largest_difference (`float`): Between any two logits of Yes or No.
        different_answers (`int`): Prompts that were answered differently.
        tolerance (`float`): What the difference may be.
    """

    prompts: int
    longest: int
    largest_difference: float
    different_answers: int
    tolerance: float = TOLERANCE

    @property
    def holds(self) -> bool:
        """Whether the graph can be used instead of the model."""
        return self.largest_difference <= self.tolerance

    def to_dict(self) -> dict[str, Any]:
        """The fields, for JSON."""
        return asdict(self)


def parity_prompts(tokenizer: Any, longest: int | None = None) -> list[str]:
    """Returns prompts of every evaluation split whose words a tokenizer knows, shuffled, so that lengths are mixed.

    Args:
        tokenizer (`PreTrainedTokenizerBase`): Of the model.
        longest (`int`, *optional*): Most tokens that the model reads.

    Raises:
        `ValueError`: If it knows the words of no corpus.
    """
    kept: list[str] = []
    for task in tasks().values():
        config = task.small_config(task.default_evaluation)
        for split in config.splits:
            if split == "train":
                continue
            prompts = task.generate_shard(config, split, 0)["prompt"].to_pylist()
            rows = tokenizer(prompts)["input_ids"]
            if tokenizer.unk_token_id in rows[0]:
                break
            kept += [prompt for prompt, row in zip(prompts, rows, strict=True) if len(row) <= (longest or len(row))]
    if not kept:
        raise ValueError("`model` has a tokenizer that knows the words of no corpus, so its graph cannot be compared")
    return [kept[index] for index in np.random.default_rng(0).permutation(len(kept))]


@torch.no_grad()
def compare(
    model: Any,
    tokenizer: Any,
    exported: ExportedModel,
    prompts: Sequence[str],
    progress: Advance | None = None,
) -> Parity:
    """Asks a model one prompt at a time, and its exported graph the same in batches.

    Args:
        model (`PreTrainedModel`): As `from_pretrained` loads it, in evaluation mode.
        tokenizer (`PreTrainedTokenizerBase`): Its tokenizer.
        exported ([`ExportedModel`]): The folder that was written.
        prompts (sequence of `str`): What to ask.
        progress (callable, *optional*): Called with the number of prompts compared since the last call.
    """
    columns = [exported.no, exported.yes]
    longest, largest, different = 0, 0.0, 0
    for side, batch in zip(cycle(("left", "right")), _batches(prompts), strict=False):
        rows = []
        for prompt in batch:
            inputs = tokenizer(prompt, return_tensors="pt")
            longest = max(longest, inputs.input_ids.shape[1])
            logits = model(input_ids=inputs.input_ids, attention_mask=inputs.attention_mask).logits
            rows.append(logits.flatten(0, -2)[-1, columns].numpy())  # a decoder has logits for every token
        expected, got = np.stack(rows), exported.run(batch, side)["logits"][:, columns]
        difference = np.abs(got - expected).max()
        # A comparison with NaN is false, and NaN is no small difference.
        largest = max(largest, float(difference) if np.isfinite(difference) else float("inf"))
        different += int((got.argmax(1) != expected.argmax(1)).sum())
        if progress:
            progress(len(batch))
    return Parity(len(prompts), longest, largest, different)


def _batches(prompts: Sequence[str]) -> Iterator[list[str]]:
    start = 0
    for size in cycle(BATCHES):
        if start >= len(prompts):
            return
        yield list(prompts[start : start + size])
        start += size
