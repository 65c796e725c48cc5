"""Log-likelihoods of answers, where a beginning that several prompts share is computed once.

Prompts begin alike at two levels: the system prompt, the instruction and the examples are those of all questions, and
a premise is that of its own questions. The first level goes into an attention cache. The second one is stored once in
a row with all questions of the premise, see [`hf_causal.utils.shared_prefix`]. Complete prompts are tokenized, and
only tokens that are equal in them are shared, so that a tokenizer may merge across any boundary of the text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer

from hf_causal.evaluation.batches import accepts, batches_by_length, keep_accepted, left_padded
from hf_causal.utils.shared_prefix import (
    SharedRow,
    common_length,
    fill_rows,
    share_prefixes,
    shared_inputs,
    why_not_shared,
)

TokenIds = list[int]

_ROW_TOKENS = 512
"""Tokens of a shared row; attention to longer ones takes longer than it saves."""
_SHARED_SHARE = 0.5
"""Questions go into one row where at least this share of their tokens is common."""
_SHORTEST_CACHE = 16
"""A common beginning with fewer tokens is repeated in each row instead of being cached."""


@dataclass(frozen=True)
class Choice:
    """A prompt with several answers, as token ids of the complete texts."""

    texts: tuple[TokenIds, ...]
    """Prompt and answer, for each answer."""
    start: int
    """Number of tokens before the answers, which all texts share."""

    @property
    def contexts(self) -> list[TokenIds]:
        """The texts without their last token, from which the tokens of the answers are predicted."""
        return [ids[:-1] for ids in self.texts]

    def __len__(self) -> int:
        return max(map(len, self.texts)) - 1


def tokenized_choice(texts: Sequence[TokenIds]) -> Choice:
    """Returns the choice between complete texts, whose answers begin where the first two differ."""
    return Choice(tuple(texts), common_length(*texts[:2]))


class Likelihoods:
    """Computes the log-likelihoods of answers.

    Args:
        model (`PreTrainedModel`): A causal language model.
        pad_token_id (`int`): Padding token; it is masked.
        tokens_per_batch (`int`): Most tokens of a batch.
        share (`bool`): Whether to compute a shared beginning once, where the model allows it. Otherwise each text is
            a row.
    """

    def __init__(self, model: Any, pad_token_id: int, tokens_per_batch: int, share: bool = True):
        self.model, self.pad_token_id, self.tokens_per_batch = model, pad_token_id, tokens_per_batch
        self.share = share
        self.why_not_shared: str | None = None
        """Why each text was a row of its own in the latest computation; `None` where beginnings were shared."""

    def compute(self, choices: Sequence[Choice]) -> Iterator[tuple[list[int], list[list[float]]]]:
        """Yields indices of choices with the log-likelihoods of their answers, in batches.

        Args:
            choices (sequence of [`Choice`]): In any order.
        """
        longest = max(map(len, choices), default=0)
        self.why_not_shared = why_not_shared(self.model, longest) if self.share else "`share` is false"
        if self.why_not_shared is None:
            yield from self._compute_shared(choices)
        else:
            for batch in batches_by_length([len(one.texts) * len(one) for one in choices], self.tokens_per_batch):
                yield batch.tolist(), self._compute_rows([choices[index] for index in batch])

    def _compute_rows(self, choices: Sequence[Choice]) -> list[list[float]]:
        """Computes each context as a row of its own, padded on the left; equal contexts are one row."""
        rows = {
            tuple(ids): row
            for row, ids in enumerate(dict.fromkeys(tuple(ids) for one in choices for ids in one.contexts))
        }
        longest_answer = max(len(one) + 1 - one.start for one in choices)
        batch = left_padded(list(rows), self.pad_token_id, self.model.device, accepts(self.model, "position_ids"))
        options = keep_accepted(self.model, {"use_cache": False, "logits_to_keep": longest_answer})
        with torch.no_grad():
            logits = self.model(**batch, **options).logits[:, -longest_answer:]
        indices = [
            [range(longest_answer + one.start - 1 - len(ids), longest_answer) for ids in one.contexts]
            for one in choices
        ]
        picked = [
            (rows[tuple(ids)], index)
            for one, of in zip(choices, indices, strict=True)
            for ids, index in zip(one.contexts, of, strict=True)
        ]
        return _sum_log_probabilities(logits, choices, picked)

    def _compute_shared(self, choices: Sequence[Choice]) -> Iterator[tuple[list[int], list[list[float]]]]:
        prefix = self._prefix(choices)
        cache = self._cache(choices[0].texts[0][:prefix])
        if cache is None:
            prefix = 0
        members = pack(choices, prefix)
        rows = [share_prefixes([ids[prefix:] for index in row for ids in choices[index].contexts]) for row in members]
        for batch in batches_by_length(list(map(len, rows)), self.tokens_per_batch):
            indices = [index for row in batch for index in members[row]]
            chosen = [[choices[index] for index in members[row]] for row in batch]
            yield indices, self._compute_batch([rows[row] for row in batch], chosen, prefix, cache)

    def _prefix(self, choices: Sequence[Choice]) -> int:
        """Returns the number of tokens that all contexts share, but for those that predict an answer."""
        first, last = (pick(one.texts[0] for one in choices) for pick in (min, max))
        return min(common_length(first, last), *(one.start - 1 for one in choices))

    @torch.no_grad()
    def _cache(self, prefix: TokenIds) -> DynamicCache | None:
        """Returns the attention cache of a prefix; `None` where it is short, or the model has another cache."""
        if len(prefix) < _SHORTEST_CACHE or not accepts(self.model, "past_key_values"):
            return None
        ids = torch.tensor([prefix], device=self.model.device)
        options = keep_accepted(self.model, {"use_cache": True, "logits_to_keep": 1})
        cache = self.model(input_ids=ids, **options).past_key_values
        plain = isinstance(cache, DynamicCache) and all(type(layer) is DynamicLayer for layer in cache.layers)
        return cache if plain else None

    @torch.no_grad()
    def _compute_batch(
        self, rows: Sequence[SharedRow], chosen: Sequence[Sequence[Choice]], prefix: int, cache: DynamicCache | None
    ) -> list[list[float]]:
        inputs = shared_inputs(rows, self.pad_token_id, self.model, prefix)
        if cache is not None:
            # A view, which the model concatenates with the new keys and values instead of changing it.
            shape = (len(rows), -1, -1, -1)
            layers = [(layer.keys.expand(shape), layer.values.expand(shape)) for layer in cache.layers]
            inputs["past_key_values"] = DynamicCache(layers)
        picked = []
        for row, (shared, choices) in enumerate(zip(rows, chosen, strict=True)):
            starts = [one.start for one in choices for _ in one.texts]
            for sequence, start in enumerate(starts):
                picked.append((row, shared.indices(sequence)[start - 1 - prefix :]))
        kept = sorted({index for _, indices in picked for index in indices})
        options = {"use_cache": cache is not None, "logits_to_keep": torch.tensor(kept, device=self.model.device)}
        logits = self.model(**inputs, **keep_accepted(self.model, options)).logits
        if logits.shape[1] == len(kept):
            order = {index: position for position, index in enumerate(kept)}
            picked = [(row, [order[index] for index in indices]) for row, indices in picked]
        return _sum_log_probabilities(logits, [one for choices in chosen for one in choices], picked)


def pack(choices: Sequence[Choice], prefix: int = 0, row_tokens: int = _ROW_TOKENS) -> list[list[int]]:
    """Distributes choices over rows, so that those with a common beginning are in the same row.

    Args:
        choices (sequence of [`Choice`]): In any order.
        prefix (`int`): Tokens that all share, which are in no row.
        row_tokens (`int`): Tokens of a row; a group that has more is cut.

    Returns:
        `list[list[int]]`: Indices of the choices in each row.
    """
    groups: list[list[int]] = []
    sizes: list[int] = []
    before: TokenIds = []
    for index in sorted(range(len(choices)), key=lambda index: choices[index].texts[0]):
        ids = choices[index].texts[0]
        shared, size = common_length(before, ids), len(choices[index]) - prefix
        new = len(choices[index]) - shared
        if groups and shared - prefix >= _SHARED_SHARE * size and sizes[-1] + new <= row_tokens:
            groups[-1].append(index)
            sizes[-1] += new
        else:
            groups.append([index])
            sizes.append(size)
        before = ids
    return [[index for group in row for index in groups[group]] for row in fill_rows(sizes, row_tokens)]


def _sum_log_probabilities(
    logits: torch.Tensor, choices: Sequence[Choice], picked: Sequence[tuple[int, Sequence[int]]]
) -> list[list[float]]:
    """Sums the log-probabilities of the tokens of each answer.

    Args:
        logits (`torch.Tensor` of shape `(rows, tokens, vocabulary)`): Of the model.
        choices (sequence of [`Choice`]): The texts.
        picked (sequence): For each text, the row and the indices from which the tokens of its answer are predicted.
    """
    tokens = [ids[one.start :] for one in choices for ids in one.texts]
    rows = torch.tensor([row for row, indices in picked for _ in indices], device=logits.device)
    columns = torch.tensor([index for _, indices in picked for index in indices], device=logits.device)
    targets = torch.tensor([token for answer in tokens for token in answer], device=logits.device)
    chosen = logits[rows, columns].float()
    log_probabilities = chosen.gather(1, targets[:, None])[:, 0] - chosen.logsumexp(-1)
    sums = iter(part.sum().item() for part in log_probabilities.split([len(answer) for answer in tokens]))
    return [[next(sums) for _ in one.texts] for one in choices]
