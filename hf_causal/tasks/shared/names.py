"""Node names: drawing them at random in batches, and mapping any other names to short ones and back.

A batch of names is a `uint8` array of shape (graphs, nodes, width): ASCII letters and digits, padded with zeros.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count, product
from string import ascii_letters, ascii_uppercase, digits

import numpy as np

from hf_causal.utils.randomness import Stream

ALPHABET = ascii_letters + digits

RESERVED_WORDS = frozenset(
    ("causes", "cause", "does", "yes", "no", "are", "and", "given", "separated")
    + ("premise", "hypothesis", "correlates", "with", "independent", "of", "is", "however")
    + ("suppose", "there", "exists")
)
"""Lower-case words that no drawn name may be, in any case.

Names are drawn until they are none of these, so another word here would change published rows: a task with other words
has them in `Task.further_reserved_words`.
"""

MAX_NAME_LENGTH = 10

_LETTERS = np.frombuffer(ALPHABET.encode(), dtype=np.uint8)


def is_name(word: str) -> bool:
    """Returns whether a word can be a node name: ASCII letters and digits only."""
    return word.isascii() and word.isalnum()


def draw_names(
    stream: Stream,
    num_graphs: int,
    num_nodes: int,
    lengths: tuple[int, int] = (1, 3),
    uniform: bool = False,
    reserved_words: frozenset[str] = RESERVED_WORDS,
) -> np.ndarray:
    """Draws random names, unique within each graph and never a reserved word.

    A name that repeats an earlier one of its graph, or is reserved, is redrawn alone: redrawing whole graphs of 100
    nodes would hardly ever end.

    Args:
        stream (`Stream`): Source of randomness.
        num_graphs, num_nodes (`int`): Shape of the batch.
        lengths (`tuple[int, int]`, defaults to (1, 3)): Shortest and longest name, both included, at most 10.
        uniform (`bool`): Whether all names of one graph have the same length, itself drawn at random.
        reserved_words (`frozenset[str]`): Words that no name may be, in any case.

    Returns:
        `np.ndarray`: `uint8` of shape (num_graphs, num_nodes, longest).

    Raises:
        `ValueError`: If the lengths are out of range, or allow too few names for that many nodes.
    """
    shortest, longest = lengths
    if not 1 <= shortest <= longest <= MAX_NAME_LENGTH:
        raise ValueError(f"`lengths` must satisfy 1 <= shortest <= longest <= {MAX_NAME_LENGTH}, got {lengths}")
    # At most half of the names of the binding length are in use, which keeps the redrawing short.
    capacity = len(ALPHABET) ** (shortest if uniform else longest) // 2
    if num_nodes > capacity:
        raise ValueError(
            f"`lengths` {lengths} leave room for {capacity} nodes in a graph, got `num_nodes` {num_nodes}"
        )
    sizes = shortest + stream.integers(longest - shortest + 1, (num_graphs, 1 if uniform else num_nodes))
    sizes = np.broadcast_to(sizes, (num_graphs, num_nodes)).copy()
    names = _draw_letters(stream, sizes, longest)
    graph, node = np.nonzero(_improper(names, reserved_words))
    while len(graph):
        if not uniform:
            sizes[graph, node] = shortest + stream.integers(longest - shortest + 1, graph.shape)
        names[graph, node] = _draw_letters(stream, sizes[graph, node], longest)
        changed_graphs = np.unique(graph)
        row, node = np.nonzero(_improper(names[changed_graphs], reserved_words))
        graph = changed_graphs[row]
    return names


def _draw_letters(stream: Stream, sizes: np.ndarray, width: int) -> np.ndarray:
    letters = _LETTERS[stream.integers(len(ALPHABET), (*sizes.shape, width))]
    return np.where(np.arange(width) < sizes[..., None], letters, np.uint8(0))


def _improper(names: np.ndarray, reserved_words: frozenset[str]) -> np.ndarray:
    """Returns which names repeat an earlier one of their graph or are reserved: boolean of shape (graphs, nodes)."""
    width = names.shape[-1]
    lower = np.where((names >= ord("A")) & (names <= ord("Z")), names + np.uint8(32), names)
    words = [word.ljust(width, "\0") for word in reserved_words if len(word) <= width]
    reserved = np.array([list(word.encode()) for word in words], dtype=np.uint8).reshape(len(words), width)
    return repeated(name_codes(names)) | np.isin(name_codes(lower), name_codes(reserved))


def repeated(codes: np.ndarray) -> np.ndarray:
    """Returns which entries of each row repeat an earlier one of the row: boolean of the same shape, (rows, entries).

    Example:

    ```python
    >>> repeated(np.array([[7, 5, 7, 7], [1, 2, 3, 2]])).tolist()
    [[False, False, True, True], [False, False, False, True]]

    ```
    """
    order = np.argsort(codes, axis=1, kind="stable")
    ordered = np.take_along_axis(codes, order, axis=1)
    repeats = np.zeros(codes.shape, dtype=bool)
    np.put_along_axis(repeats, order[:, 1:], ordered[:, 1:] == ordered[:, :-1], axis=1)
    return repeats


def name_codes(names: np.ndarray) -> np.ndarray:
    """Returns one `uint64` for each name, different for different names, of shape (graphs, nodes).

    The code is the name as a number in base 63, of as many digits as the batch is wide; padding has the digit 0.
    """
    digit = np.zeros(256, dtype=np.uint64)
    digit[_LETTERS] = np.arange(1, len(ALPHABET) + 1)
    codes = np.zeros(names.shape[:-1], dtype=np.uint64)
    for position in range(names.shape[-1]):
        codes = codes * np.uint64(len(ALPHABET) + 1) + digit[names[..., position]]
    return codes


def valid_names(names: np.ndarray, reserved_words: frozenset[str] = RESERVED_WORDS) -> np.ndarray:
    """Returns whether the names of each graph are all different and none is reserved: boolean of shape (graphs,)."""
    return np.asarray(~_improper(names, reserved_words).any(axis=1))


def decode_names(names: np.ndarray) -> list[list[str]]:
    """Returns the names of each graph as strings; for looking at a batch, too slow for making a corpus."""
    return [[bytes(name[name != 0]).decode() for name in graph] for graph in names]


@dataclass(frozen=True)
class Renaming:
    """A one-to-one map between any names and short ones that a model can read.

    Example:

    ```python
    >>> renaming = Renaming.of(["smoking", "tar deposits", "lung cancer"])
    >>> renaming.short["tar deposits"]
    'B'
    >>> renaming.restore("A causes B.")
    'smoking causes tar deposits.'

    ```
    """

    short: dict[str, str]
    """From each name to its short one."""

    @classmethod
    def of(cls, names: Iterable[str]) -> Renaming:
        """Gives each different name the next short one: A, B, …, Z, AA, AB, …"""
        unused = _short_names()
        short: dict[str, str] = {}
        for name in names:
            if name not in short:
                short[name] = next(unused)
        return cls(short)

    def restore(self, text: str) -> str:
        """Replaces the short names in a text by the names that they are for."""
        names = {short: name for name, short in self.short.items()}
        return re.sub(r"[A-Za-z0-9]+", lambda match: names.get(match[0], match[0]), text)


def _short_names() -> Iterator[str]:
    for length in count(1):
        for letters in product(ascii_uppercase, repeat=length):
            if (name := "".join(letters)).lower() not in RESERVED_WORDS:
                yield name
