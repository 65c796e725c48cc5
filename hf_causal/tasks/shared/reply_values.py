"""Reads the contents of labelled lines: lists of nodes, and paths such as `A -> B <- C`."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from hf_causal.tasks.shared.reply_lines import UnreadableReply

_EMPTY_WORDS = frozenset({"none", "nothing", "empty", "no nodes", "nobody", "empty set", "the empty set"})
_EMPTY_MARKS = frozenset({"{}", "∅", "{∅}", "[]", "()", "set()", "\\emptyset", "\\varnothing"})
_BRACKETS = {"{": "}", "[": "]", "(": ")", '"': '"', "'": "'"}


class Chain(NamedTuple):
    """A path as it is written."""

    nodes: list[str]
    forward: list[bool] | None
    """Whether each arrow points to the right; `None` for a list of nodes, which has no arrows."""


def read_nodes(text: str, names: frozenset[str], label: str) -> list[str]:
    """Reads a list of nodes: `A, B and C`, `{A, B}` or `none`.

    A word for the empty set that is a name of the prompt means that node.

    Args:
        text (`str`): The list.
        names (`frozenset[str]`): The names of the prompt.
        label (`str`): Of the field, for errors.

    Raises:
        [`UnreadableReply`]: If the text has anything else than names of the prompt.

    Example:

    ```python
    >>> read_nodes("{A, B}", frozenset("ABC"), "Reached"), read_nodes("none", frozenset("ABC"), "Reached")
    (['A', 'B'], [])

    ```
    """
    nodes = text.split(", ")
    if names.issuperset(nodes):
        return nodes
    text = text.rstrip(". ").lstrip()
    if text not in names and is_empty(text, names, label):
        return []
    nodes = [_unquoted(node) for node in _comma(names).split(_unbracketed(text))]
    _require_names(nodes, names, label)
    return nodes


def is_empty(text: str, names: frozenset[str], label: str) -> bool:
    """Returns whether a content is a word or mark for the empty set.

    Raises:
        [`UnreadableReply`]: If it is the word in another case than a name of the prompt has it.
    """
    if text in _EMPTY_MARKS:
        return True
    if text.lower() not in _EMPTY_WORDS:
        return False
    if any(name.lower() == text.lower() for name in names):
        raise UnreadableReply(f"'{label}' has {text!r}, which may be the name or the empty set; {{}} is the empty set")
    return True


def write_nodes(nodes: Sequence[str], names: frozenset[str]) -> str:
    """Writes a list of nodes as [`read_nodes`] reads it; the empty one is `none`, or `{}` where a node is named so."""
    if nodes:
        return ", ".join(nodes)
    return "{}" if any(name.lower() == "none" for name in names) else "none"


def read_path(text: str, names: frozenset[str], label: str) -> list[str]:
    """Reads one directed path, such as `A -> B -> C`, or returns the nodes of a JSON list of them.

    Raises:
        [`UnreadableReply`]: If the text is no path of names of the prompt, or has an arrow that points back.
    """
    chain = read_chain(text, names, label)
    if chain.forward is not None and not all(chain.forward):
        raise UnreadableReply(f"'{label}' has an arrow that points back")
    return chain.nodes


def read_directed_paths(text: str, names: frozenset[str], label: str) -> list[list[str]]:
    """Reads directed paths; one that leads up and then down, such as `A <- C -> B`, is two from its middle.

    Raises:
        [`UnreadableReply`]: If the text is neither `none` nor paths of names of the prompt, or arrows meet in a node.

    Example:

    ```python
    >>> read_directed_paths("A <- C -> D -> B", frozenset("ABCD"), "Together")
    [['C', 'A'], ['C', 'D', 'B']]

    ```
    """
    if text not in names and is_empty(text.rstrip(". "), names, label):
        return []
    return [path for chain in read_chains(text, names, label) for path in _directed(chain, label)]


def _directed(chain: Chain, label: str) -> list[list[str]]:
    arrows = chain.forward or [True] * (len(chain.nodes) - 1)
    turn = arrows.index(True) if True in arrows else len(arrows)
    if not all(arrows[turn:]):
        raise UnreadableReply(f"'{label}' has a path on which two arrows meet in a node")
    paths = [chain.nodes[turn::-1], chain.nodes[turn:]]
    return [path for path in paths if len(path) > 1] or [chain.nodes]


def read_chain(text: str, names: frozenset[str], label: str) -> Chain:
    """Reads one path with arrows in both directions; raises [`UnreadableReply`] for anything else."""
    chains = read_chains(text, names, label)
    if len(chains) != 1:
        raise UnreadableReply(f"'{label}' has {len(chains)} paths, or one with a gap, instead of one path")
    return chains[0]


def read_chains(text: str, names: frozenset[str], label: str) -> list[Chain]:
    """Reads paths that are separated by commas, semicolons, full stops or `and`.

    A path that begins where the one before ends goes on with it, so that statements one after the other are one path.

    Args:
        text (`str`): Such as `C -> A; C -> B`, `A causes B, which causes C`, or JSON lists of nodes.
        names (`frozenset[str]`): The names of the prompt.
        label (`str`): Of the field, for errors.

    Raises:
        [`UnreadableReply`]: If the text has anything else than names of the prompt and arrows.

    Example:

    ```python
    >>> [chain.nodes for chain in read_chains("A causes B, B causes C; D <- C", frozenset("ABCD"), "Path")]
    [['A', 'B', 'C'], ['D', 'C']]

    ```
    """
    nodes = text.split(" -> ")
    if names.issuperset(nodes):
        return [Chain(nodes, [True] * (len(nodes) - 1))]
    text = text.rstrip(". ").lstrip()
    if text.startswith("[") and (listed := _chains_of_json(text, names, label)) is not None:
        return listed
    chains: list[Chain] = []
    for segment in _separator(names).split(_unbracketed(text)):
        chain = _read_segment(segment, names, label, chains[-1].nodes[-1] if chains else None)
        if chains and len(chain.nodes) > 1 and len(chains[-1].nodes) > 1 and chain.nodes[0] == chains[-1].nodes[-1]:
            before = chains.pop()
            chain = Chain(before.nodes + chain.nodes[1:], [*(before.forward or ()), *(chain.forward or ())])
        chains.append(chain)
    return chains


def _read_segment(text: str, names: frozenset[str], label: str, last: str | None) -> Chain:
    nodes = _arrow(names).split(text.strip())
    arrows = nodes[1::2]
    nodes = [_unquoted(node) for node in nodes[::2]]
    if nodes[0] == "which" and "which" not in names and last is not None and len(nodes) > 1:
        nodes[0] = last
    _require_names(nodes, names, label)
    return Chain(nodes, [_POINTS_BACK.match(arrow) is None for arrow in arrows])


def _chains_of_json(text: str, names: frozenset[str], label: str) -> list[Chain] | None:
    """Returns the paths of a JSON list of nodes, or of such lists; `None` for any other text."""
    try:
        content: Any = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if content and all(isinstance(item, list) for item in content):
        chains = [_chains_of_json(json.dumps(item), names, label) for item in content]
        return [chain for listed in chains for chain in listed or ()]
    if not all(isinstance(item, str) or type(item) is int for item in content):
        raise UnreadableReply(f"'{label}' has a list of other things than names: {text:.60}")
    nodes = [str(item) for item in content]
    if not names.issuperset(nodes):
        return read_chains(", ".join(nodes), names, label) if nodes else []
    return [Chain(nodes, None)] if nodes else []


def _unbracketed(text: str) -> str:
    if len(text) > 1 and _BRACKETS.get(text[0]) == text[-1]:
        return text[1:-1]
    return text


def _unquoted(node: str) -> str:
    node = node.strip()
    return node[1:-1] if len(node) > 2 and node[0] == node[-1] and node[0] in "'\"" else node


def _require_names(nodes: Sequence[str], names: frozenset[str], label: str) -> None:
    for node in nodes:
        if node not in names:
            raise UnreadableReply(f"'{label}' has {node!r:.60}, which is no name of the prompt")


def _comma(names: frozenset[str]) -> re.Pattern[str]:
    return _COMMA if "and" in names else _COMMA_OR_AND


def _separator(names: frozenset[str]) -> re.Pattern[str]:
    return _CLAUSE if "and" in names else _CLAUSE_OR_AND


def _arrow(names: frozenset[str]) -> re.Pattern[str]:
    return _ARROW_OR_VERB if names.isdisjoint(_VERB) else _ARROW


_VERB = frozenset({"causes", "is", "caused", "by"})
_DASH = "[-=–—−]{1,3}"
RIGHT_ARROW = rf"{_DASH}>|[→⟶➝➞➔➜⇒⟹⭢]|\\(?:(?:long)?[rR]ightarrow|Longrightarrow|longrightarrow|to)(?![A-Za-z])"
LEFT_ARROW = rf"<{_DASH}(?!>)|[←⟵⇐⟸⭠]|\\(?:(?:long)?[lL]eftarrow|Longleftarrow|longleftarrow|gets)(?![A-Za-z])"
_POINTS_BACK = re.compile(rf"{LEFT_ARROW}|is\s")
_ARROW = re.compile(rf"\s*({RIGHT_ARROW}|{LEFT_ARROW})\s*")
_ARROW_OR_VERB = re.compile(rf"\s*({RIGHT_ARROW}|{LEFT_ARROW}|(?<=\s)(?:causes|is\s+caused\s+by)(?=\s))\s*")
_COMMA = re.compile(r"\s*[,;]\s*")
_COMMA_OR_AND = re.compile(r"\s*[,;]\s*(?:and\s+)?|\s+and\s+")
_CLAUSE = re.compile(r"\s*[,;]\s*|\.\s+")
_CLAUSE_OR_AND = re.compile(r"\s*[,;]\s*(?:and\s+)?|\s+and\s+|\.\s+")
"""Words that are names of the prompt neither separate items nor are arrows."""
