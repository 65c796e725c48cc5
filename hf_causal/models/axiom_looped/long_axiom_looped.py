"""Long prompts: flags are passed from name to name, and only where they change, with the answers of the full loop.

Two statements exchange flags where they share a name, so that the flags of all statements with a name meet in one
entry of a table. That takes time and memory in the number of statements, not of their pairs, and a loop costs as much
as there are statements whose flags moved in the loop before.
"""

from __future__ import annotations

import math

import torch

from .block_axiom_looped import AxiomLoopedBlock
from .questions_axiom_looped import NameVectors

STILL = 1e-6
"""A change of a flag is passed on when it is larger than this in sum."""
_CHUNK = 1 << 23
"""Pairs of names that are compared at once."""


class LongPrompt:
    """The loop over one long prompt, for a monotone block: what statements have received then only ever rises.

    Args:
        block ([`AxiomLoopedBlock`]): The only block of the loop.
        names ([`NameVectors`]): A batch of one prompt, with the numbers of its spellings.
    """

    def __init__(self, block: AxiomLoopedBlock, names: NameVectors):
        self.block, config = block, block.config
        self.count, self.questions = int(names.statement_mask.sum()), names.questions.shape[1]
        statements = names.statements[:, : self.count]
        names = names._replace(statements=statements)
        spelled, self.ids = names.spelled[0, : self.count].unique(return_inverse=True)
        self.num_names, heads = len(spelled), config.num_attention_heads
        self.gates = (config.gate_gain * block.gates.float()).sigmoid()
        self._join(statements[0].flatten(0, 1))
        # Weights between each question and each statement: (questions, statements, heads).
        forth, back = block.compare_from_questions(names)[0], block.compare_to_questions(names)[0]
        itself = block.compare("bqrd,bqsd->bqrs", names.questions, names.questions)[0]
        self.from_question, self.to_question = self._weights(forth, 1), self._weights(back, 2)
        self.itself = self._weights(itself, 3)
        self.context = block.context(names)
        device = statements.device
        self.sentences = self.count + 1
        rows = self.questions * self.sentences
        self.flags = torch.zeros(rows, heads, device=device)
        self.received = torch.zeros(rows, heads, device=device)
        # By question, name, and whether the name is a statement's cause or effect.
        self.sent_by_name = torch.zeros(self.questions * self.num_names * 2, heads, device=device)
        self.received_by_name = torch.zeros_like(self.sent_by_name)

    def run(self, limit: int, converged: float) -> tuple[torch.Tensor, int]:
        """Loops until no flag moves by more than `converged`, at most `limit` times.

        Returns:
            `tuple[torch.Tensor, int]`: Flags of shape (questions, statements + 1, heads), and the number of loops.
        """
        active, used = torch.arange(len(self.flags), device=self.flags.device), 0
        while used < limit:
            used += 1
            flags = self._update(active)
            change = (flags - self.flags[active]).abs().amax(-1)
            moved = change > STILL
            active = active[moved]
            self.flags[active] = flags[moved]
            if float(change.max()) <= converged:
                break
            active = self._pass_on(active)
        return self.flags.view(self.questions, self.sentences, -1), used

    def _weights(self, cosines: torch.Tensor, which: int) -> torch.Tensor:
        """Computes matches from cosines (…, 2, 2): (…, heads)."""
        return self._floored(self.block.equal(cosines)[..., None, :, :] * self.gates[which]).amax((-1, -2))

    def _floored(self, matches: torch.Tensor) -> torch.Tensor:
        return torch.where(matches < self.block.config.match_floor, 0.0, matches)

    def _join(self, vectors: torch.Tensor) -> None:
        """Finds the pairs of names that match, by the first name of each pair, and the statements of each name."""
        slots = self.ids.flatten()
        order = slots.argsort(stable=True)
        self.slots, self.slot_starts = order, _starts(slots, self.num_names)
        first, second, equal = self._similar(vectors[order[self.slot_starts[:-1]]])
        self.pair_starts, self.pair_names = _starts(first, self.num_names), second
        # (pairs, receiver's name, sender's name, heads)
        self.pair_weights = self._floored(equal[:, None, None, None] * self.gates[0].permute(1, 2, 0))

    def _similar(self, vectors: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Returns the pairs of names, in order, that may match at all, and the degree to which each is equal."""
        if not vectors.is_floating_point():  # a name matches itself alone
            index = torch.arange(self.num_names, device=vectors.device)
            return index, index, self.block.equal(torch.ones(self.num_names, device=vectors.device))
        scale = self.block.log_scale.float().clamp(max=math.log(self.block.config.max_scale)).exp()
        floor = max(self.block.config.match_floor, 1e-6)
        lowest = self.block.threshold.float() + math.log(floor / (1 - floor)) / scale
        pieces = []
        rows = max(1, _CHUNK // self.num_names)
        for start in range(0, self.num_names, rows):
            cosines = vectors[start : start + rows] @ vectors.T
            first, second = (cosines >= lowest).nonzero(as_tuple=True)
            pieces.append((first + start, second, self.block.equal(cosines[first, second])))
        return tuple(map(torch.cat, zip(*pieces, strict=True)))  # type: ignore[return-value]

    def _update(self, rows: torch.Tensor) -> torch.Tensor:
        """Computes the next flags of some sentences: (rows, heads)."""
        asks = rows % self.sentences == self.count
        fixed = self.block.kind_proj(torch.stack([~asks, asks], dim=-1).float())
        if self.context is not None:
            fixed = fixed + self.block.context_proj(self.context.flatten(0, 2)[rows])
        return self.block.update(self.received[rows], self.flags[rows], fixed).sigmoid()

    def _pass_on(self, rows: torch.Tensor) -> torch.Tensor:
        """Passes on the flags of sentences that have moved; returns the sentences that are to be computed again."""
        asks = rows % self.sentences == self.count
        active = [rows, self._pass_on_statements(rows[~asks])]
        if bool(asks.any()):
            active += [self._pass_on_questions(rows[asks])]
        return torch.cat(active).unique()

    def _pass_on_statements(self, rows: torch.Tensor) -> torch.Tensor:
        question, statement = rows // self.sentences, rows % self.sentences
        flags, ids = self.flags[rows], self.ids[statement]
        names = question[:, None] * self.num_names + ids
        slot = torch.arange(2, device=rows.device)
        _raise(self.sent_by_name, (2 * names + slot).flatten(), flags.repeat_interleave(2, dim=0))
        touched = names.unique()
        question_of = touched // self.num_names
        owner, pair = _members(self.pair_starts, touched % self.num_names)
        sent = self.sent_by_name.view(-1, 1, 2, flags.shape[1])[touched[owner]]
        received = (self.pair_weights[pair] * sent).amax(2)
        name, question_of = self.pair_names[pair], question_of[owner]
        key = question_of * self.num_names + name
        _raise(self.received_by_name, (2 * key[:, None] + slot).flatten(), received.flatten(0, 1))
        owner, member = _members(self.slot_starts, name)
        place = self.slots[member]
        receivers = question_of[owner] * self.sentences + place // 2
        _raise(self.received, receivers, self.received_by_name[2 * key[owner] + place % 2])
        asking = question * self.sentences + self.count
        _raise(self.received, asking, self.to_question[question, statement] * flags)
        return torch.cat([receivers, asking])

    def _pass_on_questions(self, rows: torch.Tensor) -> torch.Tensor:
        question, flags = rows // self.sentences, self.flags[rows]
        received = self.received.view(self.questions, self.sentences, -1)
        weights = torch.cat([self.from_question, self.itself[:, None]], dim=1)[question]
        received[question] = torch.maximum(received[question], weights * flags[:, None])
        index, sentence = (weights > 0).any(-1).nonzero(as_tuple=True)
        return question[index] * self.sentences + sentence


def _starts(keys: torch.Tensor, count: int) -> torch.Tensor:
    """Returns where the members of each key begin in a list that is sorted by key, and its length: (count + 1,)."""
    return torch.nn.functional.pad(keys.bincount(minlength=count).cumsum(0), (1, 0))


def _members(starts: torch.Tensor, keys: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Lists the members of some keys: the index of the key that each belongs to, and its index in the sorted list."""
    lengths = starts[keys + 1] - starts[keys]
    owner = torch.arange(len(keys), device=keys.device).repeat_interleave(lengths)
    before = lengths.cumsum(0) - lengths
    return owner, torch.arange(len(owner), device=keys.device) - before[owner] + starts[keys][owner]


def _raise(table: torch.Tensor, rows: torch.Tensor, values: torch.Tensor) -> None:
    """Raises rows of a table to values, where these are larger; a row may occur several times."""
    table.scatter_reduce_(0, rows[:, None].expand_as(values), values, "amax")


__all__ = ["LongPrompt"]
