"""Builds the strings of a batch as Arrow arrays from NumPy bytes.

A corpus of ten million rows is written by array operations; Python strings, row by row, take a hundred times as long.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


def concatenate(pieces: Sequence[bytes | np.ndarray], rows: int) -> pa.Array:
    """Joins pieces row by row into strings.

    Args:
        pieces (sequence of `bytes` or `np.ndarray`): Constant ASCII bytes, the same for every row, or `uint8` arrays
            of shape (rows, width) whose zero bytes are left out.
        rows (`int`): Number of rows.

    Returns:
        `pa.Array`: Of type string and length `rows`.

    Example:

    ```python
    >>> concatenate([b"<", np.array([[97, 0], [98, 99]], dtype=np.uint8), b">"], rows=2).to_pylist()
    ['<a>', '<bc>']

    ```
    """
    columns = [
        np.broadcast_to(np.frombuffer(piece, dtype=np.uint8), (rows, len(piece)))
        if isinstance(piece, bytes)
        else piece
        for piece in pieces
    ]
    table = np.concatenate(columns, axis=1) if columns else np.zeros((rows, 0), dtype=np.uint8)
    kept = table != 0
    offsets = np.zeros(rows + 1, dtype=np.int64)
    np.cumsum(kept.sum(axis=1), out=offsets[1:])
    if offsets[-1] >= 2**31:
        raise ValueError(f"{offsets[-1]} bytes do not fit in one string array; make fewer than {rows} rows at once")
    return pa.StringArray.from_buffers(rows, pa.py_buffer(offsets.astype(np.int32)), pa.py_buffer(table[kept]))


def joined_list(items: np.ndarray, present: np.ndarray) -> list[bytes | np.ndarray]:
    """Returns pieces for [`concatenate`] that write `"a", "b", "c"`, a JSON list without its brackets.

    Args:
        items (`np.ndarray`): `uint8` of shape (rows, items, width), zeros left out.
        present (`np.ndarray`): Boolean of shape (rows, items): which items to write.

    Returns:
        `list`: Pieces of the joined list.
    """
    pieces: list[bytes | np.ndarray] = []
    has_earlier = np.zeros(len(items), dtype=bool)
    for index in range(items.shape[1]):
        here = present[:, index, None]
        pieces += [
            np.where(has_earlier[:, None] & here, np.frombuffer(b", ", dtype=np.uint8), np.uint8(0)),
            np.where(here, np.uint8(ord('"')), np.uint8(0)),
            np.where(here, items[:, index], np.uint8(0)),
            np.where(here, np.uint8(ord('"')), np.uint8(0)),
        ]
        has_earlier |= present[:, index]
    return pieces


def in_order(groups: Sequence[pa.Array], positions: Sequence[np.ndarray]) -> pa.Array:
    """Puts strings that were written in groups, for example by answer, into the order of their rows.

    Args:
        groups (sequence of `pa.Array`): Strings.
        positions (sequence of `np.ndarray`): Row of each string, for each group.

    Example:

    ```python
    >>> in_order([pa.array(["a", "c"]), pa.array(["b"])], [np.array([0, 2]), np.array([1])]).to_pylist()
    ['a', 'b', 'c']

    ```
    """
    return pa.concat_arrays(list(groups)).take(pa.array(np.argsort(np.concatenate(positions), kind="stable")))


def quoted(names: np.ndarray, quote: bytes = b'"') -> pa.Array:
    """Returns the names of a batch as JSON strings, node after node and graph after graph.

    Args:
        names (`np.ndarray`): `uint8` of shape (graphs, nodes, width), as in `hf_causal.tasks.shared.names`.
        quote (`bytes`): Written before and after each name; empty for bare names.

    Returns:
        `pa.Array`: Of length graphs · nodes; the index of a name is graph · nodes + node.
    """
    flat = names.reshape(-1, names.shape[-1])
    return concatenate([quote, flat, quote], len(flat))


def joined(items: pa.Array, counts: np.ndarray) -> pa.Array:
    """Joins strings by commas, the first `counts[0]` of them, then the next `counts[1]`, and so on.

    The cost is that of the written items alone, unlike that of [`joined_list`], which pads all lists to one length.

    Example:

    ```python
    >>> joined(pa.array(["a", "b", "c"]), np.array([2, 0, 1])).to_pylist()
    ['a, b', '', 'c']

    ```
    """
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    return pc.binary_join(pa.ListArray.from_arrays(pa.array(offsets), items), ", ")
