"""The block that loops: which sentences match, and what they tell each other."""

from __future__ import annotations

import math
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import nn
from transformers.modeling_layers import GradientCheckpointingLayer

from .configuration_axiom_looped import AxiomLoopedConfig

FLAG_GAIN = 4.0
"""Flag logits are this multiple of the update layer's output, so that flags can saturate early in training."""
WEIGHT_COST = 2.0
"""Of the mean size of weights, beside the mean openness of gates."""
DENSE_LIMIT = 64
"""Prompts with more statements than this spread flags along their matches only, the others along all pairs."""


class AxiomLoopedBlock(GradientCheckpointingLayer):
    """The block that loops: names are compared, heads choose which comparison counts, flags spread along the matches.

    A sentence has two names, so there are four comparisons between two sentences (its cause with their cause, with
    their effect, and so on). Each head learns a gate for each of them, apart for statements and for the question.
    """

    def __init__(self, config: AxiomLoopedConfig, separates: bool = False):
        super().__init__()
        self.config = config
        heads = config.num_attention_heads
        # Who listens to whom (statements to statements, statements to the question, the question to statements, the
        # question to itself), head, own name, the other's name.
        self.gates = nn.Parameter(torch.empty(4, heads, 2, 2))
        self.log_scale = nn.Parameter(torch.empty(()))
        self.threshold = nn.Parameter(torch.empty(()))
        if config.sentence_positions == "relative":
            self.distance_bias = nn.Parameter(torch.empty(heads, 2 * config.max_sentence_distance + 1))
        self.up_proj = nn.Linear(2 * heads, config.intermediate_size)
        self.kind_proj = nn.Linear(2, config.intermediate_size, bias=False)
        self.separates = separates
        if separates:
            # Whether d-separation is asked about, for statements and for the question, and which of a statement's two
            # nodes are given.
            self.context_proj = nn.Linear(4, config.intermediate_size, bias=False)
        self.down_proj = nn.Linear(config.intermediate_size, heads)

    def match(self, statements: torch.Tensor, questions: torch.Tensor, filled: torch.Tensor) -> torch.Tensor:
        """How well any two sentences match in each head.

        Args:
            statements (`torch.Tensor`): Unit name vectors, (batch, statements, 2, name_size).
            questions (`torch.Tensor`): The same of the questions, (batch, questions, 2, name_size).
            filled (`torch.Tensor`): Which statements there are, (batch, statements).

        Returns:
            `torch.Tensor`: fp32 of shape (batch, heads, questions, sentences, sentences); the last two count the
            statements and then the question itself, first who listens and then who is listened to.
        """
        floor = self.config.match_floor
        gates = (self.config.gate_gain * self.gates.float()).sigmoid()
        among = self._gated(torch.einsum("bird,bjsd->bijrs", statements, statements), gates[0])
        if self.config.sentence_positions == "relative":
            among = torch.maximum(among, self._near(among.shape[-1], among.device))
        heard = self._gated(torch.einsum("bird,bqsd->bqirs", statements, questions), gates[1])
        listens = self._gated(torch.einsum("bqrd,bjsd->bqjrs", questions, statements), gates[2])
        itself = self._gated(torch.einsum("bqrd,bqsd->bqrs", questions, questions)[:, :, None], gates[3])
        count = questions.shape[1]
        upper = torch.cat([among[:, :, None].expand(-1, -1, count, -1, -1), heard[..., None]], dim=-1)
        lower = torch.cat([listens, itself], dim=-1)[..., None, :]
        there = nn.functional.pad(filled, (0, 1), value=True)[:, None, None, None, :]
        matches = torch.cat([upper, lower], dim=-2) * there
        matches = torch.where(matches < floor, 0.0, matches)
        if self.config.aggregation == "softmax":  # over the logarithms of the matches, with a sink
            return matches / (matches.sum(-1, keepdim=True) + max(floor, 1e-6))
        return matches

    def cost(self) -> torch.Tensor:
        """How much the block makes use of: the mean openness of its gates and the mean size of its weights.

        Chains leave open what happens where three statements meet; of the rules that fit them, the one that listens
        least is to be found.
        """
        gates = (self.config.gate_gain * self.gates.float()).sigmoid().mean()
        return gates + WEIGHT_COST * (self.up_proj.weight.abs().mean() + self.down_proj.weight.abs().mean())

    def equal(self, cosines: torch.Tensor) -> torch.Tensor:
        """To which degree names are equal, between 0 and 1."""
        scale = self.log_scale.float().clamp(max=math.log(self.config.max_scale)).exp()
        return (scale * (cosines - self.threshold.float())).sigmoid()

    def context(self, statements: torch.Tensor, given: torch.Tensor, separations: torch.Tensor) -> torch.Tensor | None:
        """What d-separation questions set, which no loop changes.

        Args:
            statements (`torch.Tensor`): Unit name vectors, (batch, statements, 2, name_size).
            given (`torch.Tensor`): Those of the conditioning sets, zero where a set is smaller, (batch, questions,
                given, name_size).
            separations (`torch.Tensor`): Which questions ask about d-separation, (batch, questions).

        Returns:
            `torch.Tensor`: Of shape (batch, questions, sentences, 4), or None where nobody asks about d-separation.
        """
        if not self.separates or not separations.any():
            return None
        batch, asked = separations.shape
        context = statements.new_zeros(batch, asked, statements.shape[1] + 1, 4)
        context[:, :, :-1, 0] = separations[:, :, None].to(context)
        context[:, :, -1, 1] = separations.to(context)
        if given.shape[2]:
            equal = self.equal(torch.einsum("bird,bqgd->bqirg", statements, given)).amax(-1)
            context = torch.cat([context[..., :2], nn.functional.pad(equal, (0, 0, 0, 1))], dim=-1)
        return context

    def _gated(self, cosines: torch.Tensor, gates: torch.Tensor) -> torch.Tensor:
        """From cosines of names (batch, one, other, 2, 2) to matches of each head (batch, heads, one, other)."""
        equal = self.equal(cosines)[:, None]
        matches = equal[..., 0, 0] * gates[:, 0, 0, None, None]
        for own, other in ((0, 1), (1, 0), (1, 1)):
            matches = torch.maximum(matches, equal[..., own, other] * gates[:, own, other, None, None])
        return matches

    def _near(self, count: int, device: torch.device) -> torch.Tensor:
        """Matches by distance alone, (heads, count, count)."""
        index = torch.arange(count, device=device)
        limit = self.config.max_sentence_distance
        return self.distance_bias.float().sigmoid()[:, (index[:, None] - index).clamp(-limit, limit) + limit]

    def forward(self, matches: Matches, flags: torch.Tensor, context: torch.Tensor | None = None) -> torch.Tensor:
        """One loop: (batch, questions, sentences, heads) to the logits of the next flags, of the same shape."""
        heard = matches.spread(flags.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        index = torch.arange(flags.shape[-2], device=flags.device)
        statement = index < flags.shape[-2] - 1
        kind = torch.stack([statement, ~statement], dim=-1).to(flags.dtype)
        inputs = torch.cat([heard, flags], dim=-1)
        fixed = self.kind_proj(kind)
        if context is not None:
            fixed = fixed + self.context_proj(context)
        if not self.config.monotone:
            hidden = nn.functional.relu(self.up_proj(inputs) + fixed)
            return FLAG_GAIN * self.down_proj(hidden).float()
        # Without negative weights a flag can follow from flags, and never from their absence.
        hidden = nn.functional.linear(inputs, self.up_proj.weight.abs(), self.up_proj.bias) + fixed
        logits = nn.functional.linear(hidden.relu(), self.down_proj.weight.abs(), self.down_proj.bias)
        return FLAG_GAIN * logits.float()


class Matches:
    """Matches of one block, ready to spread flags along them.

    In long prompts nearly all pairs of sentences do not match; the sums then run over the few that do, with the same
    result.
    """

    def __init__(self, dense: torch.Tensor, average: bool):
        self.average = average
        self.dense: torch.Tensor | None = dense
        exporting = torch.compiler.is_exporting()
        if not average and not torch.is_grad_enabled() and (exporting or dense.shape[-1] > DENSE_LIMIT):
            rows, self.columns = dense.flatten(0, 3).nonzero(as_tuple=True)
            self.values = dense.flatten(0, 3)[rows, self.columns]
            self.rows, self.dense = rows, None
            self.sources = rows.div(dense.shape[-2], rounding_mode="floor") * dense.shape[-1] + self.columns

    def spread(self, flags: torch.Tensor) -> torch.Tensor:
        """What each sentence hears: the strongest flag (or the average one) of those it matches.

        Args:
            flags (`torch.Tensor`): Between 0 and 1, (batch, heads, questions, sentences).

        Returns:
            `torch.Tensor`: Of the same shape.
        """
        if self.dense is None:
            said = self.values * flags.flatten()[self.sources]
            heard = said.new_zeros(flags.numel())
            return heard.scatter_reduce_(0, self.rows, said, "amax").view(flags.shape)
        if self.average:
            return (self.dense @ flags[..., None])[..., 0]
        return (self.dense * flags[..., None, :]).amax(-1)


def full_precision(device: torch.device) -> AbstractContextManager:
    """Switches autocast off; a graph that is exported begins without it, and could not be saved with the switch."""
    return nullcontext() if torch.compiler.is_exporting() else torch.autocast(device.type, enabled=False)


__all__ = ["AxiomLoopedBlock", "Matches", "full_precision"]
