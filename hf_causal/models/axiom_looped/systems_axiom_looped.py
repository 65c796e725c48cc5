"""Closed systems: from all correlations and independences of some variables to what causes what."""

from __future__ import annotations

import torch
from torch import nn

from .configuration_axiom_looped import AxiomLoopedConfig
from .names_axiom_looped import Linear
from .system_reading_axiom_looped import Systems


class AxiomLoopedSystemBlock(nn.Module):
    """Message passing over triples of variables, with maximum aggregation and tied weights.

    The message of k to the pair (i, j) is a function of the states of the pairs among i, j and k, in both directions,
    and of whether k is in the sets that make two of them independent; a pair takes the maximum over k. Nothing depends
    on the names or the order of variables and statements. Compare triangle updates (AlphaFold, Jumper et al. 2021) and
    edge transformers (Bergen et al., arXiv 2112.00578).
    """

    def __init__(self, config: AxiomLoopedConfig):
        super().__init__()
        size, inner = config.system_size, config.system_intermediate_size
        self.pair_proj = Linear(4, size)
        self.triple_proj = Linear(6, inner)
        self.corner_proj = Linear(size, 6 * inner)
        self.heard_proj = Linear(inner, size)
        self.up_proj = Linear(size, 2 * size)
        self.down_proj = Linear(2 * size, size)
        self.dropout = nn.Dropout(config.system_dropout)
        self.loops = config.system_loops

    def forward(self, systems: Systems, num_loops: int | None = None) -> list[torch.Tensor]:
        """Returns the states of all pairs after every loop, (batch, variables, variables, size) each."""
        triples = systems.triples
        sides = torch.cat([triples, triples.transpose(2, 3), triples.permute(0, 3, 2, 1, 4)], dim=-1)
        triple_states = self.triple_proj(sides)
        padding_mask = ~systems.variables[:, None, None, :, None]
        first = state = self.pair_proj(systems.pairs)
        states = []
        for _ in range(num_loops or self.loops):
            messages = self._messages(_normed(state + first), triple_states)
            aggregated = messages.masked_fill(padding_mask, 0.0).amax(3)
            state = state + self.dropout(self.heard_proj(aggregated))
            hidden = nn.functional.gelu(self.up_proj(_normed(state)))
            state = state + self.dropout(self.down_proj(hidden))
            states.append(state)
        return states

    def _messages(self, pair_states: torch.Tensor, triple_states: torch.Tensor) -> torch.Tensor:
        """Computes the message of every k to every pair (i, j): (batch, i, j, k, inner)."""
        ik, ki, kj, jk, ij, ji = self.corner_proj(pair_states).chunk(6, dim=-1)
        return (
            (ik + ki.transpose(1, 2))[:, :, None]
            + (kj.transpose(1, 2) + jk)[:, None]
            + (ij + ji.transpose(1, 2))[:, :, :, None]
            + triple_states
        ).relu()


class AxiomLoopedSystemReasoner(nn.Module):
    """Closed systems to answers: whether a hypothesis about two variables holds in every compatible graph."""

    def __init__(self, config: AxiomLoopedConfig):
        super().__init__()
        self.config = config
        self.block = AxiomLoopedSystemBlock(config)
        self.embed_phrases = nn.Embedding(config.vocab_size, config.system_size)
        self.answer_proj = Linear(config.system_size, 2 * config.system_size)
        self.classifier = Linear(2 * config.system_size, config.num_labels)

    def forward(
        self,
        systems: Systems,
        question_words: torch.Tensor | None = None,
        question_phrases: torch.Tensor | None = None,
        num_loops: int | None = None,
    ) -> list[torch.Tensor]:
        """Returns the logits of No and Yes for every hypothesis after every loop, (batch, hypotheses, 2) each.

        Args:
            systems ([`Systems`]): A batch.
            question_words (`torch.Tensor`, *optional*): Variables of hypotheses as positions in the premise's list,
                (batch, hypotheses, 2), instead of written hypotheses.
            question_phrases (`torch.Tensor`, *optional*): Words of these hypotheses, 0 for padding,
                (batch, hypotheses, phrases).
            num_loops (`int`, *optional*): Instead of the number in the config.
        """
        questions, phrases = systems.questions, systems.phrases
        if question_words is not None and question_phrases is not None:
            questions = systems.listed.gather(1, question_words.flatten(1)).unflatten(1, (-1, 2))
            phrases = question_phrases
        count = systems.variables.shape[1]
        wording = (self.embed_phrases(phrases).float() * (phrases > 0)[..., None]).sum(2)
        index = (questions[..., 0] * count + questions[..., 1])[..., None]
        logits = []
        for state in self.block(systems, num_loops):
            pairs = _normed(state).flatten(1, 2)
            in_question = pairs.gather(1, index.expand(-1, -1, pairs.shape[-1]))
            hidden = nn.functional.gelu(self.answer_proj(in_question * wording))
            logits.append(self.classifier(hidden))
        return logits


def _normed(state: torch.Tensor) -> torch.Tensor:
    """Scales states to unit root mean square, in fp32."""
    return nn.functional.rms_norm(state.float(), (state.shape[-1],))


__all__ = ["AxiomLoopedSystemBlock", "AxiomLoopedSystemReasoner"]
