"""Reads and writes lists of edges, such as `A -> B, C - D`, in answers.

Edges may be joined to chains (`A -> B <- C`), and arrows may be those of Unicode or LaTeX. A pair `(A, B)`, as it is
written in JSON and in programs, has the direction that its field says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from hf_causal.tasks.shared.proofs import CertificateError
from hf_causal.tasks.shared.reply_lines import UnreadableReply
from hf_causal.tasks.shared.reply_values import LEFT_ARROW, RIGHT_ARROW, is_empty, write_nodes


class Edge(NamedTuple):
    """An edge as a text has it; `A <- B` is read as `B -> A`."""

    first: str
    second: str
    mark: str
    """`"->"`, `"-"`, or `","` for a pair."""

    def __str__(self) -> str:
        return f"({self.first}, {self.second})" if self.mark == "," else f"{self.first} {self.mark} {self.second}"


def read_edges(text: str, names: frozenset[str], label: str) -> list[Edge]:
    """Reads a list of edges, or `none`.

    Args:
        text (`str`): The list.
        names (`frozenset[str]`): The names of the prompt, each of one word or several.
        label (`str`): Of the field, for errors.

    Raises:
        [`UnreadableReply`]: If the text has anything else than edges between names of the prompt.
        [`CertificateError`]: If an edge leads from a node to itself, or two edges join the same nodes the same way.

    Example:

    ```python
    >>> [str(edge) for edge in read_edges("A -> B <- C, C - D and (D, A)", frozenset("ABCD"), "Edges")]
    ['A -> B', 'C -> B', 'C - D', '(D, A)']

    ```
    """
    text = _without_brackets(text.strip().rstrip(".").strip())
    if text not in names and is_empty(text, names, label):
        return []
    edges = _canonical(text, names) or [edge for chain in _chains(text, names, label) for edge in chain.edges()]
    _check_different(edges, label)
    return edges


def read_directed(text: str, names: frozenset[str], label: str) -> list[tuple[str, str]]:
    """Reads a list of edges that all have a direction, as pairs of cause and effect; raises as [`read_edges`] does."""
    edges = read_edges(text, names, label)
    for edge in edges:
        if edge.mark == "-":
            raise UnreadableReply(f"'{label}' has '{edge}', which has no direction; it should be like 'a -> b'")
    return [(edge.first, edge.second) for edge in edges]


def read_undirected(text: str, names: frozenset[str], label: str) -> list[frozenset[str]]:
    """Reads a list of edges that all have no direction, as sets of two nodes; raises as [`read_edges`] does."""
    edges = read_edges(text, names, label)
    for edge in edges:
        if edge.mark == "->":
            raise UnreadableReply(f"'{label}' has '{edge}', which has a direction; it should be like 'a - b'")
    return [frozenset(edge[:2]) for edge in edges]


def read_chain(text: str, names: frozenset[str], label: str) -> tuple[list[str], str]:
    """Reads one chain of directed edges, such as `A -> B <- C`.

    Returns:
        `tuple[list[str], str]`: Its nodes in the order of the text, and for each edge `>` or `<`.

    Raises:
        [`UnreadableReply`]: If the text is no such chain.
        [`CertificateError`]: If a node is on it twice.

    Example:

    ```python
    >>> read_chain("A -> B <- C", frozenset("ABC"), "Path")
    (['A', 'B', 'C'], '><')

    ```
    """
    chain, *others = _chains(text.strip().rstrip("."), names, label)
    if others or not set(chain.marks) <= {">", "<"}:
        raise UnreadableReply(f"'{label}' should be one chain of arrows like 'a -> b <- c', got {text!r:.80}")
    if len(set(chain.nodes)) < len(chain.nodes):
        raise CertificateError(f"'{label}' passes a variable twice")
    return chain.nodes, "".join(chain.marks)


def find_edges(text: str, names: frozenset[str]) -> list[Edge]:
    """Returns the edges that a text of any form mentions, in its order; words between them are passed over.

    Example:

    ```python
    >>> [str(edge) for edge in find_edges("it has A -> B <- C, and A - C does not follow", frozenset("ABC"))]
    ['A -> B', 'C -> B', 'A - C']

    ```
    """
    edges: list[Edge] = []
    chain = _Chain([], [])
    for match in _pattern(names).finditer(text):
        role, (nodes, marks) = match.lastgroup or "", chain
        if role == "name" and len(nodes) == len(marks):
            nodes.append(match["name"])
        elif role in _MARKS and len(nodes) == len(marks) + 1:
            marks.append(_MARKS[role])
        else:
            edges += chain.edges()
            chain = _Chain([match["name"]], []) if role == "name" else _Chain([], [])
    return [*edges, *chain.edges()]


def find_names(text: str, names: frozenset[str]) -> list[str]:
    """Returns the names that a text of any form mentions, in its order."""
    return [match["name"] for match in _pattern(names).finditer(text) if match.lastgroup == "name"]


def write_edges(edges: Iterable[Sequence[str]], names: frozenset[str], mark: str = "->") -> str:
    """Writes a list of edges as [`read_edges`] reads it.

    Example:

    ```python
    >>> write_edges([("A", "B"), ("B", "C")], frozenset("ABC")), write_edges([], frozenset("ABC"))
    ('A -> B, B -> C', 'none')

    ```
    """
    return ", ".join(f"{first} {mark} {second}" for first, second in edges) or write_nodes([], names)


def _canonical(text: str, names: frozenset[str]) -> list[Edge]:
    """Returns the edges of a list as [`write_edges`] writes it, or none: most lists are read without a pattern."""
    edges = []
    for item in text.split(", "):
        words = item.split(" ")
        if len(words) != 3 or words[1] not in ("->", "-") or words[0] not in names or words[2] not in names:
            return []
        edges.append(Edge(words[0], words[2], words[1]))
    return edges


class _Chain(NamedTuple):
    """Nodes, and between each two `">"`, `"<"`, `"-"` or, in a pair, `","`."""

    nodes: list[str]
    marks: list[str]

    def edges(self) -> Iterator[Edge]:
        for first, mark, second in zip(self.nodes, self.marks, self.nodes[1:], strict=False):
            yield Edge(second, first, "->") if mark == "<" else Edge(first, second, "->" if mark == ">" else mark)


def _chains(text: str, names: frozenset[str], label: str) -> list[_Chain]:
    """Returns the chains between the commas of a text."""
    chains = [_Chain([], [])]
    for match in _pattern(names).finditer(text):
        nodes, marks = chains[-1]
        role, is_pair = match.lastgroup or "", marks[:1] == [","]
        if role == "quote":
            continue
        if role == "name" and len(nodes) == len(marks):
            nodes.append(match["name"])
        elif role in _MARKS and len(nodes) == len(marks) + 1 and not is_pair:
            marks.append(_MARKS[role])
        elif role == "pair" and not nodes:
            nodes += [match["first"], match["second"]]
            marks.append(",")
        elif role == "comma" and marks and len(nodes) == len(marks) + 1:
            chains.append(_Chain([], []))
        else:
            raise UnreadableReply(
                f"'{label}' should be a list of edges like 'a -> b' between names of the prompt, or 'none'; "
                f"cannot read {text[match.start() :]!r:.60}"
            )
    if not chains[-1].marks or len(chains[-1].nodes) == len(chains[-1].marks):
        raise UnreadableReply(f"'{label}' should be a list of edges like 'a -> b', or 'none'; got {text!r:.80}")
    return chains


def _check_different(edges: Sequence[Edge], label: str) -> None:
    seen = set[object]()
    for edge in edges:
        key = frozenset(edge[:2]) if edge.mark == "-" else edge[:2]
        if edge.first == edge.second:
            raise CertificateError(f"'{label}' has an edge from {edge.first!r} to itself")
        if key in seen:
            raise CertificateError(f"'{label}' has '{edge}' twice")
        seen.add(key)


def _without_brackets(text: str) -> str:
    """Removes brackets around a list, such as those of a set or of JSON; those of the first pair stay."""
    if len(text) < 2 or text[0] + text[-1] not in ("[]", "{}", "()"):
        return text
    inner = text[1:-1]
    opened, closed = _OPENED.search(inner), _CLOSED.search(inner)
    is_list = _LINE.search(inner) or opened
    around_all = opened is None and closed is None or (opened and closed and opened.start() < closed.start())
    return inner.strip() if is_list and around_all else text


@lru_cache(maxsize=1024)
def _pattern(names: frozenset[str]) -> re.Pattern[str]:
    """Returns the pattern of the tokens of a list of edges; each token has one named group."""
    name = rf"(?<!\w)(?:{'|'.join(sorted(map(re.escape, names), key=len, reverse=True))})(?!\w)"
    return re.compile(
        rf"(?P<pair>[(\[{{]\s*['\"]?(?P<first>{name})['\"]?\s*,\s*['\"]?(?P<second>{name})['\"]?\s*[)\]}}])"
        rf"|(?P<name>{name})"
        rf"|(?P<right>{RIGHT_ARROW}|\bcauses\b)|(?P<left>{LEFT_ARROW})|(?P<line>[-–—−]{{1,3}}(?![->]))"
        r"|(?P<comma>[,;]|\band\b)|(?P<quote>['\"“”])"
        r"|(?P<other>\S)"
    )


_MARKS = {"right": ">", "left": "<", "line": "-"}
_OPENED, _CLOSED, _LINE = re.compile(r"[(\[{]"), re.compile(r"[)\]}]"), re.compile(r"[->→–—]")
