"""The loop: flags are passed through the blocks until they no longer change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import nn

from .block_axiom_looped import AxiomLoopedBlock, Matches
from .configuration_axiom_looped import AxiomLoopedConfig
from .long_axiom_looped import LongPrompt
from .questions_axiom_looped import NameVectors

CONVERGED = 1e-4
"""A row has reached its fixed point when no flag moves by more than this."""
LONG = 256
"""Prompts with more statements than this are joined by name, see [`LongPrompt`]."""


def is_long(statements: int) -> bool:
    """Returns whether prompts of this length are joined by name; not in an export, nor where gradients flow."""
    return not (torch.compiler.is_exporting() or torch.is_grad_enabled()) and statements > LONG


class LoopState(NamedTuple):
    """State of a batch between two loops."""

    flags: torch.Tensor
    """(batch, questions, sentences, heads)."""
    used: torch.Tensor
    """Loops of each row until now: (batch,)."""
    moving: torch.Tensor
    """Which rows have not converged: (batch,)."""


class LoopResult(NamedTuple):
    """Flags of a batch after its loops."""

    flags: torch.Tensor
    """(batch, questions, sentences, heads)."""
    used: torch.Tensor
    """Loops of each row: (batch,)."""
    history: tuple[torch.Tensor, ...] | None
    """Flags after every loop, where they are recorded."""


class FlagLoop:
    """The blocks of a model, ready to be repeated over the flags of a batch.

    Args:
        config ([`AxiomLoopedConfig`]): Of the model.
        blocks (sequence of [`AxiomLoopedBlock`]): Applied one after the other in each loop.
        names ([`NameVectors`]): The batch.
        num_loops (`int`, *optional*): Exactly this many loops. By default each row loops until it converges, and a
            batch in training for a random number of loops.
        training (`bool`): Whether noise is added to the flags.
    """

    def __init__(
        self,
        config: AxiomLoopedConfig,
        blocks: Sequence[AxiomLoopedBlock],
        names: NameVectors,
        num_loops: int | None,
        training: bool,
    ):
        self.config, self.blocks, self.names = config, blocks, names
        simple = config.monotone and config.aggregation == "or" and config.sentence_positions == "none"
        # Such loops do not need to look at all pairs of sentences.
        self.joins = simple and len(blocks) == 1 and is_long(names.statements.shape[1]) and not training
        self.noise = config.flag_noise if training else 0.0
        batch, questions = names.questions.shape[:2]
        shape = (batch, questions, names.statements.shape[1] + 1, config.num_attention_heads)
        flags = torch.zeros(shape, device=names.statements.device)
        count = names.statement_mask.sum(1)
        if num_loops is None and training:
            low, high = config.training_loops or (1, 1)
            num_loops = int(torch.randint(low, high + 1, ()))
        self.until_converged = num_loops is None
        longest = (2 * (count + 2)).clamp(max=config.max_loops)
        self.limit = longest if num_loops is None else torch.full_like(count, num_loops)
        # The convergence test ignores padding.
        self.filled = nn.functional.pad(names.statement_mask, (0, 1), value=True)[:, None, :, None]
        self.start = LoopState(flags, torch.zeros_like(count), torch.ones_like(count, dtype=torch.bool))

    def run(self, record: bool = False) -> LoopResult:
        """Loops; with `record`, the result has the flags after every loop."""
        if self.joins and self.until_converged and not record:
            return self._run_long()
        names = self.names
        average = self.config.aggregation == "softmax"
        heads = [block.open_heads() for block in self.blocks]
        self.matches = [
            Matches(block.match(names, few), average, few) for block, few in zip(self.blocks, heads, strict=True)
        ]
        self.contexts = [block.context(names) for block in self.blocks]
        if torch.compiler.is_exporting() and self.until_converged:
            return self._run_exported()
        return self._run_eager(record)

    def _run_long(self) -> LoopResult:
        """Loops over each prompt by itself, along the names that its sentences share."""
        flags, used = self.start.flags, self.start.used
        for row in range(len(flags)):
            prompt = LongPrompt(self.blocks[0], self.names.select(torch.tensor([row], device=flags.device)))
            result, used[row] = prompt.run(int(self.limit[row]), CONVERGED)
            flags[row, :, : prompt.count], flags[row, :, -1] = result[:, :-1], result[:, -1]
        return LoopResult(flags, used, None)

    def _run_eager(self, record: bool) -> LoopResult:
        state, history = self.start, []
        for _ in range(int(self.limit.max())):
            state = self._step(state)
            if record:
                history.append(state.flags)
            if self.until_converged and not state.moving.any():
                break
        return LoopResult(state.flags, state.used, tuple(history) if record else None)

    def _run_exported(self) -> LoopResult:
        def any_moves(flags, used, moving):
            return moving.any()

        def step(flags, used, moving):
            return tuple(self._step(LoopState(flags, used, moving)))

        flags, used, _ = torch.while_loop(any_moves, step, tuple(self.start))
        return LoopResult(flags, used, None)

    def _step(self, state: LoopState) -> LoopState:
        """Runs one loop; rows that have converged keep their flags."""
        flags, used = state.flags, state.used + state.moving
        for block, match, context in zip(self.blocks, self.matches, self.contexts, strict=True):
            logits = block(match, flags, context)
            if self.noise:
                logits = logits + self.noise * torch.randn_like(logits)
            flags = logits.sigmoid()
        if not self.until_converged:
            return LoopState(flags, used, state.moving)
        # Each row stops by itself, so that its answer does not depend on its batch.
        flags = torch.where(state.moving[:, None, None, None], flags, state.flags)
        change = ((flags - state.flags).abs() * self.filled).amax((1, 2, 3))
        return LoopState(flags, used, state.moving & (change > CONVERGED) & (used < self.limit))


def merge_histories(first: Sequence[torch.Tensor], second: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    """Merges the loop histories of two block stacks, repeating the final state of the shorter.

    Args:
        first, second (sequence of `torch.Tensor`): Flags after every loop, all of one shape and zero for the
            questions that the stack does not answer. The first may be empty.
    """
    if not first:
        return list(second)
    longest = max(len(first), len(second))
    histories = [[*states, *[states[-1]] * (longest - len(states))] for states in (first, second)]
    return [state + other for state, other in zip(*histories, strict=True)]


__all__ = ["FlagLoop", "LoopResult", "LoopState", "merge_histories"]
