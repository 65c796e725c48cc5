"""The block that loops: message passing between sentences whose names match."""

from __future__ import annotations

import math
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import nn
from transformers import initialization as init
from transformers.modeling_layers import GradientCheckpointingLayer

from .configuration_axiom_looped import AxiomLoopedConfig
from .names_axiom_looped import Linear
from .questions_axiom_looped import NameVectors

FLAG_GAIN = 4.0
"""Flag logits are this multiple of the update layer's output, so that flags can saturate early in training."""
WEIGHT_COST = 2.0
"""Weight of the mean size of weights in [`AxiomLoopedBlock.cost`], relative to the mean openness of gates."""
CONTEXT_SIZES = {"d_separation": 4, "relevance": 4, "adjustment": 8}
"""Constant inputs of a sentence in questions about each task: whether the sentence is a statement or the question,
which of a statement's two nodes are in the set of the question, and for adjustment which are its two nodes."""
DENSE_LIMIT = 64
"""Prompts with more sentences than this pass flags along their matches only, the others along all pairs."""


class AxiomLoopedBlock(GradientCheckpointingLayer):
    """The block that loops: names are compared, heads select comparisons, flags are passed along the matches.

    A sentence has two names, so that there are four comparisons between two sentences (its cause with their cause,
    with their effect, and so on). Each head learns a gate for each comparison, separately for statements and for the
    question.
    """

    def __init__(self, config: AxiomLoopedConfig, context_task: str | None = None):
        super().__init__()
        self.config = config
        heads = config.num_attention_heads
        # Receiver and sender (statements from statements, statements from the question, the question from statements,
        # the question from itself), head, name of the receiver, name of the sender.
        self.gates = nn.Parameter(torch.empty(4, heads, 2, 2))
        self.log_scale = nn.Parameter(torch.empty(()))
        self.threshold = nn.Parameter(torch.empty(()))
        if config.sentence_positions == "relative":
            self.distance_bias = nn.Parameter(torch.empty(heads, 2 * config.max_sentence_distance + 1))
        self.up_proj = Linear(2 * heads, config.intermediate_size)
        self.kind_proj = Linear(2, config.intermediate_size, bias=False)
        self.context_task = context_task
        if context_task is not None:
            self.context_proj = Linear(CONTEXT_SIZES[context_task], config.intermediate_size, bias=False)
        self.down_proj = Linear(config.intermediate_size, heads)

    def initialize(self) -> None:
        """Draws the weights that linear layers do not have, and all of a monotone block."""
        init.normal_(self.gates, mean=0.0, std=self.config.initializer_range)
        init.constant_(self.log_scale, math.log(self.config.initial_scale))
        init.constant_(self.threshold, self.config.initial_threshold)
        if self.config.monotone:
            # Flags begin near 0: where all weights are positive, a few high flags would raise all the others.
            for linear in (self.up_proj, self.down_proj):
                bound = 0.15 / math.sqrt(linear.in_features)
                init.uniform_(linear.weight, -bound, bound)
            init.constant_(self.up_proj.bias, -0.1)
            init.constant_(self.down_proj.bias, -1.0)
        if hasattr(self, "distance_bias"):
            init.constant_(self.distance_bias, -4.0)

    def open_heads(self) -> torch.Tensor | None:
        """Returns the indices of the heads in which sentences can match; `None` for all of them.

        A head whose gates are all below the floor of matches passes nothing on, in training as well, and no gradient
        of the answers reaches its gates. In an export, whose shapes do not depend on weights, every head counts.
        """
        distances = self.config.sentence_positions == "relative"  # match without gates
        if torch.compiler.is_exporting() or distances:
            return None
        gates = (self.config.gate_gain * self.gates.detach().float()).sigmoid()
        heads = (gates.amax((0, 2, 3)) >= self.config.match_floor).nonzero()[:, 0]
        return heads if len(heads) < len(gates[0]) else None

    def match(self, names: NameVectors, heads: torch.Tensor | None = None) -> torch.Tensor:
        """Computes how well any two sentences match in each head.

        Args:
            names ([`NameVectors`]): The batch.
            heads (`torch.Tensor`, *optional*): Indices of the heads to compute; all by default.

        Returns:
            `torch.Tensor`: fp32 of shape (batch, heads, questions, receivers, senders), where the sentences are the
            statements and then the question itself.
        """
        floor, statements, questions = self.config.match_floor, names.statements, names.questions
        gates = (self.config.gate_gain * self.gates.float()).sigmoid()
        gates = gates if heads is None else gates[:, heads]
        among = self._gated(self.compare("bird,bjsd->bijrs", statements, statements), gates[0])
        if self.config.sentence_positions == "relative":
            among = torch.maximum(among, self._near(among.shape[-1], among.device))
        from_question = self._gated(self.compare_from_questions(names), gates[1])
        to_question = self._gated(self.compare_to_questions(names), gates[2])
        itself = self._gated(self.compare("bqrd,bqsd->bqrs", questions, questions)[:, :, None], gates[3])
        count = questions.shape[1]
        upper = torch.cat([among[:, :, None].expand(-1, -1, count, -1, -1), from_question[..., None]], dim=-1)
        lower = torch.cat([to_question, itself], dim=-1)[..., None, :]
        padding_mask = nn.functional.pad(names.statement_mask, (0, 1), value=True)[:, None, None, None, :]
        matches = torch.cat([upper, lower], dim=-2) * padding_mask
        matches = torch.where(matches < floor, 0.0, matches)
        if self.config.aggregation == "softmax":  # over the logarithms of the matches, with a sink
            return matches / (matches.sum(-1, keepdim=True) + max(floor, 1e-6))
        return matches

    def cost(self) -> torch.Tensor:
        """Computes the mean openness of the gates and the mean size of the weights.

        Chains do not determine what happens where three statements meet. Of the rules that fit them, training should
        find the one with the fewest open gates.
        """
        gates = (self.config.gate_gain * self.gates.float()).sigmoid().mean()
        return gates + WEIGHT_COST * (self.up_proj.weight.abs().mean() + self.down_proj.weight.abs().mean())

    def compare(self, equation: str, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
        """Computes cosines of names by an einsum; of numbered spellings, 1 where two are the same and 0 elsewhere."""
        if first.is_floating_point():
            return torch.einsum(equation, first, second)
        inputs, output = equation.split("->")
        numbers = [_aligned(*pair, output) for pair in zip((first, second), inputs.split(","), strict=True)]
        return ((numbers[0] == numbers[1]) & (numbers[0] > 0)).float()

    def compare_from_questions(self, names: NameVectors) -> torch.Tensor:
        """Compares each statement with each question: cosines (batch, questions, statements, 2, 2).

        The last dimension is the question's two names; with `others`, the most similar of the names next to each.
        """
        cosines = self.compare("bird,bqsd->bqirs", names.statements, names.questions)
        if not names.others.shape[3]:
            return cosines
        return torch.maximum(cosines, self.compare("bird,bqsod->bqirso", names.statements, names.others).amax(-1))

    def compare_to_questions(self, names: NameVectors) -> torch.Tensor:
        """Compares each question with each statement as [`compare_from_questions`], the question's names before."""
        cosines = self.compare("bqrd,bjsd->bqjrs", names.questions, names.statements)
        if not names.others.shape[3]:
            return cosines
        return torch.maximum(cosines, self.compare("bqrod,bjsd->bqjrso", names.others, names.statements).amax(-1))

    def equal(self, cosines: torch.Tensor) -> torch.Tensor:
        """Computes to which degree names are equal, between 0 and 1, from their cosines."""
        scale = self.log_scale.float().clamp(max=math.log(self.config.max_scale)).exp()
        return (scale * (cosines - self.threshold.float())).sigmoid()

    def context(self, names: NameVectors) -> torch.Tensor | None:
        """Computes the constant inputs of the questions about a task, which are the same in every loop.

        Args:
            names ([`NameVectors`]): The batch.

        Returns:
            `torch.Tensor`: Of shape (batch, questions, sentences, inputs), see [`CONTEXT_SIZES`], or None where no
            question is about the task.
        """
        if self.context_task is None or not (asks := names.about(self.context_task)).any():
            return None
        batch, questions = asks.shape
        statements, given = names.statements, names.given
        context = torch.zeros(batch, questions, statements.shape[1] + 1, 4, device=statements.device)
        context[:, :, :-1, 0] = asks[:, :, None].to(context)
        context[:, :, -1, 1] = asks.to(context)
        if given.shape[2]:
            equal = self.equal(self.compare("bird,bqgd->bqirg", statements, given)).amax(-1)
            context = torch.cat([context[..., :2], nn.functional.pad(equal, (0, 0, 0, 1))], dim=-1)
        if self.context_task == "adjustment":
            equal = self.equal(self.compare_from_questions(names)).flatten(-2)
            context = torch.cat([context, nn.functional.pad(equal, (0, 0, 0, 1))], dim=-1)
        return context

    def _gated(self, cosines: torch.Tensor, gates: torch.Tensor) -> torch.Tensor:
        """Selects cosines by gates: (batch, receivers, senders, 2, 2) to (batch, heads, receivers, senders)."""
        equal = self.equal(cosines)[:, None]
        matches = equal[..., 0, 0] * gates[:, 0, 0, None, None]
        for receiver, sender in ((0, 1), (1, 0), (1, 1)):
            matches = torch.maximum(matches, equal[..., receiver, sender] * gates[:, receiver, sender, None, None])
        return matches

    def _near(self, count: int, device: torch.device) -> torch.Tensor:
        """Computes matches by distance alone, (heads, count, count)."""
        index = torch.arange(count, device=device)
        limit = self.config.max_sentence_distance
        return self.distance_bias.float().sigmoid()[:, (index[:, None] - index).clamp(-limit, limit) + limit]

    def forward(self, matches: Matches, flags: torch.Tensor, context: torch.Tensor | None = None) -> torch.Tensor:
        """Runs one loop: flags (batch, questions, sentences, heads) to logits of the next flags, of the same shape."""
        aggregated = matches.aggregate(flags.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        index = torch.arange(flags.shape[-2], device=flags.device)
        statement = index < flags.shape[-2] - 1
        sentence_type = torch.stack([statement, ~statement], dim=-1).to(flags.dtype)
        fixed = self.kind_proj(sentence_type)
        if context is not None:
            fixed = fixed + self.context_proj(context)
        return self.update(aggregated, flags, fixed)

    def update(self, aggregated: torch.Tensor, flags: torch.Tensor, fixed: torch.Tensor) -> torch.Tensor:
        """Computes the logits of the next flags of sentences from what they have heard and their flags.

        Args:
            aggregated, flags (`torch.Tensor`): Of shape (…, heads).
            fixed (`torch.Tensor`): Inputs that are the same in every loop, (…, intermediate_size).
        """
        inputs = torch.cat([aggregated, flags], dim=-1)
        if not self.config.monotone:
            hidden = nn.functional.relu(self.up_proj(inputs) + fixed)
            return FLAG_GAIN * self.down_proj(hidden).float()
        # Without negative weights a flag can follow from flags, and never from their absence.
        hidden = nn.functional.linear(inputs, self.up_proj.weight.float().abs(), self.up_proj.bias.float()) + fixed
        down_proj = self.down_proj
        logits = nn.functional.linear(hidden.relu(), down_proj.weight.float().abs(), down_proj.bias.float())
        return FLAG_GAIN * logits.float()


def _aligned(numbers: torch.Tensor, letters: str, output: str) -> torch.Tensor:
    """Orders the dimensions of numbers (…, 1) as in the output of an einsum, with a size of 1 for those it lacks."""
    numbers = numbers.squeeze(-1).permute([letters.index(letter) for letter in output if letter in letters])
    for index, letter in enumerate(output):
        numbers = numbers if letter in letters else numbers.unsqueeze(index)
    return numbers


class Matches:
    """Matches of one block, along which flags are passed.

    In long prompts few pairs of sentences match; aggregation then runs over these alone, with the same result.

    Args:
        dense (`torch.Tensor`): Of shape (batch, heads, questions, receivers, senders).
        average (`bool`): Whether flags are averaged; by default the highest one counts.
        heads (`torch.Tensor`, *optional*): Indices of the heads of `dense`; in the other heads nothing matches.
    """

    def __init__(self, dense: torch.Tensor, average: bool, heads: torch.Tensor | None = None):
        self.average, self.heads = average, heads
        self.dense: torch.Tensor | None = dense
        exporting = torch.compiler.is_exporting()
        if not average and not torch.is_grad_enabled() and (exporting or dense.shape[-1] > DENSE_LIMIT):
            rows, self.columns = dense.flatten(0, 3).nonzero(as_tuple=True)
            self.values = dense.flatten(0, 3)[rows, self.columns]
            self.rows, self.dense = rows, None
            self.sources = rows.div(dense.shape[-2], rounding_mode="floor") * dense.shape[-1] + self.columns

    def aggregate(self, flags: torch.Tensor) -> torch.Tensor:
        """Aggregates the flags of matching sentences: their maximum, or their average.

        Args:
            flags (`torch.Tensor`): Between 0 and 1, (batch, heads, questions, sentences).

        Returns:
            `torch.Tensor`: Of the same shape.
        """
        if self.heads is None:
            return self._aggregate(flags)
        aggregated = torch.zeros_like(flags)
        aggregated[:, self.heads] = self._aggregate(flags[:, self.heads])
        return aggregated

    def _aggregate(self, flags: torch.Tensor) -> torch.Tensor:
        if self.dense is None:
            messages = self.values * flags.flatten()[self.sources]
            aggregated = messages.new_zeros(flags.numel())
            return aggregated.scatter_reduce_(0, self.rows, messages, "amax").view(flags.shape)
        if self.average:
            return (self.dense @ flags[..., None])[..., 0]
        return (self.dense * flags[..., None, :]).amax(-1)


def full_precision(device: torch.device) -> AbstractContextManager:
    """Switches autocast off, except in an export, which runs without autocast and cannot save the switch."""
    return nullcontext() if torch.compiler.is_exporting() else torch.autocast(device.type, enabled=False)


__all__ = ["AxiomLoopedBlock", "Matches", "full_precision"]
