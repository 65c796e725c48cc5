"""Token sequences with common beginnings as one row of a causal language model, each beginning stored once.

Eight questions about a premise repeat its tokens eight times. Here they form a prefix tree, written depth first:

    sequences     A B C D   and   A B E         A B C D E
    positions                                   0 1 2 3 2
    subtree ends                                5 5 4 4 5
    parents                                     - 0 1 2 1

Token `j` is visible from token `i` if `j <= i < subtree_ends[j]`, that is, if it comes before it in a common sequence.
With this attention mask, and the positions that tokens have in their sequences, a causal model computes for each token
what it computes where each sequence is a row. Only torch is needed; the mask goes to any model of transformers whose
attention takes one of four dimensions (`sdpa`, `eager`).
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

_MASKED = ("sdpa", "eager")
"""Implementations of attention that take a mask of four dimensions."""
_OPEN_ROWS = 64
"""Rows that are tried for an item; with more, the fullest one is closed."""


@dataclass(frozen=True)
class SharedRow:
    """Several token sequences as one row. All fields but `last` have one entry a token."""

    input_ids: list[int]
    position_ids: list[int]
    """Position in the sequences that hold the token."""
    subtree_ends: list[int]
    """Index after the last token that sees this one."""
    parents: list[int]
    """Index of the token before it in its sequences, from whose logits it is predicted; -1 at their beginning."""
    last: list[int]
    """Index of the last token of each sequence, in the order of the sequences."""

    def __len__(self) -> int:
        return len(self.input_ids)

    def indices(self, sequence: int) -> list[int]:
        """Returns the indices of the tokens of a sequence, in order."""
        index, path = self.last[sequence], []
        while index >= 0:
            path.append(index)
            index = self.parents[index]
        return path[::-1]


def share_prefixes(sequences: Sequence[Sequence[int]], shareable: Sequence[int] | None = None) -> SharedRow:
    """Writes token sequences as one row.

    Args:
        sequences (sequence): Token ids of each, as where it is a row alone.
        shareable (sequence of `int`, *optional*): At most this many tokens at the beginning of each sequence are
            shared; all if not given. Where every sequence keeps a token of its own before its first label, labels
            that are shifted by one, as models of transformers do it, stay right.

    Example:

    ```python
    >>> row = share_prefixes([[7, 8, 9, 5], [7, 8, 4]])
    >>> row.input_ids, row.position_ids, row.subtree_ends
    ([7, 8, 4, 9, 5], [0, 1, 2, 2, 3], [5, 5, 3, 5, 5])

    ```
    """
    ids: list[int] = []
    positions: list[int] = []
    ends: list[int] = []
    parents: list[int] = []
    last = [-1] * len(sequences)
    path: list[int] = []  # indices of the tokens of the latest sequence
    before: Sequence[int] = ()
    limit_before = 0
    for number in sorted(range(len(sequences)), key=lambda index: list(sequences[index])):
        sequence = sequences[number]
        limit = len(sequence) if shareable is None else shareable[number]
        shared = min(common_length(before, sequence), limit, limit_before)
        for index in path[shared:]:
            ends[index] = len(ids)
        del path[shared:]
        for position in range(shared, len(sequence)):
            parents.append(path[-1] if path else -1)
            path.append(len(ids))
            ids.append(sequence[position])
            positions.append(position)
            ends.append(0)
        last[number] = path[-1] if path else -1
        before, limit_before = sequence, limit
    for index in path:
        ends[index] = len(ids)
    return SharedRow(ids, positions, ends, parents, last)


def common_length(first: Sequence[int], second: Sequence[int]) -> int:
    """Returns the length of the common beginning of two sequences."""
    pairs = enumerate(zip(first, second, strict=False))
    return next((index for index, (left, right) in pairs if left != right), min(len(first), len(second)))


def fill_rows(sizes: Sequence[int], capacity: int) -> list[list[int]]:
    """Distributes items over rows by first fit, in their order.

    Args:
        sizes (sequence of `int`): Tokens of each item.
        capacity (`int`): Tokens of a row; a larger item gets a row alone.

    Returns:
        `list[list[int]]`: Indices of the items in each row.

    Example:

    ```python
    >>> fill_rows([3, 6, 4, 2], 8)
    [[0, 2], [1, 3]]

    ```
    """
    rows: list[list[int]] = []
    room: dict[int, int] = {}  # of the rows that are still filled
    for item, size in enumerate(sizes):
        row = next((row for row, free in room.items() if free >= size), len(rows))
        if row == len(rows):
            rows.append([])
            room[row] = capacity
            if len(room) > _OPEN_ROWS:
                del room[min(room, key=lambda open_row: room[open_row])]
        rows[row].append(item)
        room[row] -= size
    return rows


def pad_rows(rows: Sequence[Sequence[int]], value: int) -> torch.Tensor:
    """Returns rows of integers as a tensor of shape (rows, longest), filled up on the right."""
    return torch.nn.utils.rnn.pad_sequence([torch.tensor(row) for row in rows], batch_first=True, padding_value=value)


def shared_inputs(
    rows: Sequence[SharedRow], pad_token_id: int, model: Any, cached: int = 0
) -> dict[str, torch.Tensor]:
    """Returns `input_ids`, `position_ids` and `attention_mask` of rows, on the device of a model of transformers.

    Args:
        rows (sequence of [`SharedRow`]): The rows.
        pad_token_id (`int`): Token that fills up shorter rows.
        model (`PreTrainedModel`): The model that reads them.
        cached (`int`): Tokens before each row that are in an attention cache; every token sees them.
    """
    ids, positions = (
        pad_rows([row.input_ids for row in rows], pad_token_id),
        pad_rows([row.position_ids for row in rows], 0),
    )
    ends = pad_rows([row.subtree_ends for row in rows], 0)
    mask = attention_mask(ends.to(model.device), model, cached)
    positions = positions + cached
    return {"input_ids": ids.to(model.device), "position_ids": positions.to(model.device), "attention_mask": mask}


def attention_mask(subtree_ends: torch.Tensor, model: Any, cached: int = 0) -> torch.Tensor:
    """Returns the mask in the form that the attention of a model takes.

    Args:
        subtree_ends (`torch.Tensor` of shape `(rows, tokens)`): See [`SharedRow`]; 0 for padding, which sees itself.
        model (`PreTrainedModel`): With `config._attn_implementation`.
        cached (`int`): Tokens before each row that are in an attention cache.

    Returns:
        `torch.Tensor` of shape `(rows, 1, tokens, cached + tokens)`: Booleans for `sdpa`; for `eager`, zeros
            and the lowest number of the model's type, to be added.
    """
    index = torch.arange(subtree_ends.shape[1], device=subtree_ends.device)
    query, key = index[:, None], index[None, :]
    visible = (key == query) | ((key <= query) & (query < subtree_ends[:, None, :]))
    visible = torch.nn.functional.pad(visible[:, None], (cached, 0), value=True)
    if model.config._attn_implementation != "eager":
        return visible
    lowest = torch.finfo(model.dtype).min
    return torch.zeros(visible.shape, dtype=model.dtype, device=visible.device).masked_fill(~visible, lowest)


@torch.no_grad()
def why_not_shared(model: Any, longest: int = 0, length: int = 6) -> str | None:
    """Returns why a model cannot read shared rows, or `None` if it can.

    The model reads two continuations of one beginning in both orders. What it computes for the second one may not
    depend on the order, up to a twentieth of the change that the first one makes where it is visible.

    Args:
        model (`PreTrainedModel`): A causal language model.
        longest (`int`): Tokens of the longest sequence; a sliding window below it is not applied in shared rows.
        length (`int`): Tokens of the beginning and of each continuation.
    """
    if hasattr(model, "get_base_model"):  # with adapters of PEFT, whose `forward` takes any argument
        model = model.get_base_model()
    name, config = type(model).__name__, model.config.get_text_config()
    if "position_ids" not in inspect.signature(model.forward).parameters:
        return f"a {name} takes no `position_ids`"
    if model.config._attn_implementation not in _MASKED:
        return f"attention {model.config._attn_implementation!r} takes no mask of four dimensions, as {_MASKED} do"
    window = getattr(config, "sliding_window", None) if getattr(config, "use_sliding_window", True) else None
    if window and longest > window:
        return f"the sliding window of {window} tokens is shorter than a row of {longest}"
    training = model.training
    model.eval()
    try:
        difference, control = _order_dependence(model, length)
    finally:
        model.train(training)
    if not difference <= control / 20:
        return f"a {name} does not keep the questions of a row apart"
    return None


def _order_dependence(model: Any, length: int) -> tuple[float, float]:
    """Returns by how much the logits of a continuation change with the order, and if it sees the other one."""
    tokens = torch.arange(2, 2 + 3 * length).tolist()
    beginning, first, second = tokens[:length], tokens[length : 2 * length], tokens[2 * length :]

    def logits(rows: Sequence[Sequence[int]]) -> torch.Tensor:
        shared = [2 * length] * length, [3 * length] * length
        positions = torch.tensor([[*range(2 * length), *range(length, 2 * length)]]).to(model.device)
        ends = torch.tensor([[*([3 * length] * length), *shared[0], *shared[1]]]).to(model.device)
        ids = torch.tensor([[token for row in rows for token in row]]).to(model.device)
        mask = attention_mask(ends, model)
        return model(input_ids=ids, position_ids=positions, attention_mask=mask, use_cache=False).logits[0].float()

    alone = logits([beginning, second, first])[length : 2 * length]
    behind = logits([beginning, first, second])[2 * length :]
    ids = torch.tensor([[*beginning, *first, *second]]).to(model.device)
    seeing = model(input_ids=ids, use_cache=False).logits[0, 2 * length :].float()
    return (alone - behind).abs().max().item(), (alone - seeing).abs().max().item()
