"""Node names: drawing them at random in batches, and mapping any other names to short ones and back.

A batch of names is a `uint8` array of shape (graphs, nodes, width): ASCII letters and digits, filled up with zeros.
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
    # Words of the axiomatic grammars, then words of the correlation-to-causation grammar. Lower case: a name is
    # refused in any case.
    ("causes", "cause", "does", "yes", "no", "are", "and", "given", "separated")
    + (
        "premise",
        "hypothesis",
        "correlates",
        "with",
        "independent",
        "of",
        "is",
        "however",
        "suppose",
        "there",
        "exists",
    )
)
"""Words that no drawn name may be, in any case."""

MAX_NAME_LENGTH = 10

_LETTERS = np.frombuffer(ALPHABET.encode(), dtype=np.uint8)


def is_name(word: str) -> bool:
    """Whether `word` can stand as a node name: ASCII letters and digits only."""
    return word.isascii() and word.isalnum()


def draw_names(
    stream: Stream, num_graphs: int, num_nodes: int, lengths: tuple[int, int] = (1, 3), uniform: bool = False
) -> np.ndarray:
    """Draws random names, unique within each graph and never a reserved word.

    A name that repeats an earlier one of its graph, or is reserved, is drawn again by itself: a graph of 100 nodes
    would practically never pass as a whole.

    Args:
        stream (`Stream`): Source of randomness.
        num_graphs, num_nodes (`int`): Shape of the batch.
        lengths (`tuple[int, int]`, defaults to (1, 3)): Shortest and longest name, both included, at most 10.
        uniform (`bool`): Whether all names of one graph have the same length, itself drawn at random.

    Returns:
        `np.ndarray`: `uint8` of shape (num_graphs, num_nodes, longest).

    Raises:
        `ValueError`: If the lengths are out of range, or allow too few names for that many nodes.
    """
    shortest, longest = lengths
    if not 1 <= shortest <= longest <= MAX_NAME_LENGTH:
        raise ValueError(f"`lengths` must satisfy 1 <= shortest <= longest <= {MAX_NAME_LENGTH}, got {lengths}")
    # Half of the names of the binding length keeps the redrawing short.
    room = len(ALPHABET) ** (shortest if uniform else longest) // 2
    if num_nodes > room:
        raise ValueError(f"`lengths` {lengths} leave room for {room} nodes in a graph, got `num_nodes` {num_nodes}")
    size = shortest + stream.integers(longest - shortest + 1, (num_graphs, 1 if uniform else num_nodes))
    size = np.broadcast_to(size, (num_graphs, num_nodes)).copy()
    names = _random_names(stream, size, longest)
    graph, node = np.nonzero(_improper(names))
    while len(graph):
        if not uniform:
            size[graph, node] = shortest + stream.integers(longest - shortest + 1, graph.shape)
        names[graph, node] = _random_names(stream, size[graph, node], longest)
        changed = np.unique(graph)
        found, node = np.nonzero(_improper(names[changed]))
        graph = changed[found]
    return names


def _random_names(stream: Stream, size: np.ndarray, width: int) -> np.ndarray:
    letters = _LETTERS[stream.integers(len(ALPHABET), (*size.shape, width))]
    return np.where(np.arange(width) < size[..., None], letters, np.uint8(0))


def _improper(names: np.ndarray) -> np.ndarray:
    """Which names repeat an earlier one of their graph or are reserved: boolean of shape (graphs, nodes)."""
    lower = np.where((names >= ord("A")) & (names <= ord("Z")), names + np.uint8(32), names)
    words = [word.ljust(names.shape[-1], "\0") for word in RESERVED_WORDS if len(word) <= names.shape[-1]]
    reserved = np.array([list(word.encode()) for word in words], dtype=np.uint8).reshape(len(words), names.shape[-1])
    return repeated(name_codes(names)) | np.isin(name_codes(lower), name_codes(reserved))


def repeated(codes: np.ndarray) -> np.ndarray:
    """Which entries of each row repeat an earlier one of the row: boolean of the same shape, (rows, entries)."""
    order = np.argsort(codes, axis=1, kind="stable")
    ordered = np.take_along_axis(codes, order, axis=1)
    found = np.zeros(codes.shape, dtype=bool)
    np.put_along_axis(found, order[:, 1:], ordered[:, 1:] == ordered[:, :-1], axis=1)
    return found


def name_codes(names: np.ndarray) -> np.ndarray:
    """One `uint64` for each name, different for different names: shape (graphs, nodes, width) to (graphs, nodes)."""
    digit = np.zeros(256, dtype=np.uint64)
    digit[_LETTERS] = np.arange(1, len(ALPHABET) + 1)
    codes = np.zeros(names.shape[:-1], dtype=np.uint64)
    for position in range(names.shape[-1]):
        codes = codes * np.uint64(len(ALPHABET) + 1) + digit[names[..., position]]
    return codes


def valid_names(names: np.ndarray) -> np.ndarray:
    """Whether the names of each graph are all different and none is reserved: boolean of shape (graphs,)."""
    return np.asarray(~_improper(names).any(axis=1))


def decode_names(names: np.ndarray) -> list[list[str]]:
    """The names of each graph as strings; for looking at a batch, not for making a corpus."""
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
    """From the given name to its short one."""

    @classmethod
    def of(cls, names: Iterable[str]) -> Renaming:
        """Gives each different name the next short one: A, B, …, Z, AA, AB, …"""
        fresh = _short_names()
        short: dict[str, str] = {}
        for name in names:
            if name not in short:
                short[name] = next(fresh)
        return cls(short)

    def restore(self, text: str) -> str:
        """Puts the given names back into a text that uses the short ones."""
        given = {short: name for name, short in self.short.items()}
        return re.sub(r"[A-Za-z0-9]+", lambda match: given.get(match[0], match[0]), text)


def _short_names() -> Iterator[str]:
    for length in count(1):
        for letters in product(ascii_uppercase, repeat=length):
            if (name := "".join(letters)).lower() not in RESERVED_WORDS:
                yield name
