"""Reads the fields of an answer, such as `Path: A -> B`, from what language models write.

The text may have reasoning in tags, Markdown, code fences, a `\\boxed{}` or JSON around it. The last block of labelled
lines counts, so that a model may think before it. Nothing is guessed: a label that appears twice with different
contents, or an answer that is both Yes and No, makes the reply unreadable.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from hf_causal.tasks.shared.proofs import CertificateError
from hf_causal.tasks.shared.reasoning_tags import without_reasoning
from hf_causal.tasks.shared.replies import UNPARSABLE, parse_answer

LONGEST = 20_000
"""Characters that a reply may have without its reasoning."""
_EMPTY_WORDS = frozenset({"none", "nothing", "empty", "no nodes", "nobody", "the empty set"})
_EMPTY_MARKS = frozenset({"", "{}", "∅", "-", "[]", "()", "set()", "\\emptyset"})


class UnreadableReply(ValueError):
    """A reply that cannot be read as an answer of its form; the message says what is missing."""


@dataclass(frozen=True)
class Reply:
    """What a reply says, by field."""

    answer: str | None
    """`"Yes"`, `"No"`, or `None` where the reply states neither."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """From label to content."""
    lines: tuple[str, ...] = ()
    """The lines of the reply without reasoning and marks, empty ones included."""
    line_of: Mapping[str, int] = field(default_factory=dict)
    """From label to the number of its line, 1 for the first."""

    def content(self, label: str) -> str:
        """Returns the content of a field; raises [`UnreadableReply`] if the reply lacks it."""
        if label not in self.fields:
            raise UnreadableReply(f"the reply has no line '{label}: …'")
        return self.fields[label]

    def nodes(self, label: str, names: frozenset[str]) -> list[str]:
        """Returns the nodes that a field lists, as [`read_nodes`] reads them."""
        return read_nodes(self.content(label), names, label)

    def path(self, label: str, names: frozenset[str]) -> list[str]:
        """Returns the nodes of a field such as `A -> B -> C`.

        Raises:
            [`UnreadableReply`]: If the content is no path of names of the prompt.
        """
        nodes = [node.strip() for node in _ARROW.split(self.content(label).rstrip(". "))]
        _require_names(nodes, names, label)
        return nodes


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
    text = text.strip().rstrip(".").strip()
    if text in _EMPTY_MARKS or (text.lower() in _EMPTY_WORDS and text not in names):
        return []
    if text[0] in "{[(" and text[-1] == {"{": "}", "[": "]", "(": ")"}[text[0]]:
        text = text[1:-1]
    nodes = [node.strip().strip("'\"") for node in _COMMA.split(text)]
    _require_names(nodes, names, label)
    return nodes


def write_nodes(nodes: Sequence[str], names: frozenset[str]) -> str:
    """Writes a list of nodes as [`read_nodes`] reads it; the empty one is `none`, or `{}` where a node is named so."""
    return ", ".join(nodes) if nodes else "{}" if "none" in names else "none"


def read_reply(text: str | None, labels: tuple[str, ...]) -> Reply:
    """Reads a reply.

    Args:
        text (`str` or `None`): What the model wrote.
        labels (tuple of `str`): The labels that open lines of the form; any letter case is read.

    Returns:
        [`Reply`]

    Raises:
        [`UnreadableReply`]: If there is no text, too much of it, or a label with two different contents.
    """
    cleaned = _clean(text)
    lines = tuple(cleaned.split("\n"))
    fields, line_of = _fields_of_json(cleaned, labels) or _fields_of_lines(lines, labels)
    answer = fields.pop("Answer", None)
    parsed = parse_answer(_answer_text(lines, line_of) if answer is None else answer)
    return Reply(None if parsed == UNPARSABLE else ("No", "Yes")[parsed], fields, lines, line_of)


def _clean(text: str | None) -> str:
    text = without_reasoning(unicodedata.normalize("NFKC", text or "").replace("\u200b", ""))
    if not text.strip():
        raise UnreadableReply("the reply is empty")
    if len(text) > LONGEST:
        raise UnreadableReply(f"the reply has {len(text)} characters, of which at most {LONGEST} are read")
    for pattern, replacement in _MARKS:
        text = pattern.sub(replacement, text)
    return text.strip()


def _fields_of_lines(lines: Sequence[str], labels: tuple[str, ...]) -> tuple[dict[str, str], dict[str, int]]:
    """Returns the fields of the last block of labelled lines, and their line numbers."""
    fields: dict[str, str] = {}
    line_of: dict[str, int] = {}
    for number, label, content in _labelled(lines, labels):
        if label in fields and fields[label] != content:
            raise UnreadableReply(f"line {number} has another {label!r} than line {line_of[label]}")
        fields[label], line_of[label] = content, number
    return fields, line_of


def _labelled(lines: Sequence[str], labels: tuple[str, ...]) -> Iterator[tuple[int, str, str]]:
    pattern, canonical = _label_pattern(labels)
    for number, line in enumerate(lines, 1):
        matches = list(pattern.finditer(line))
        ends = [*(match.start() for match in matches[1:]), len(line)]
        for match, end in zip(matches, ends, strict=False):
            content = line[match.end() : end]
            yield number, canonical[match["label"].lower()], content.strip(" ;")


@lru_cache(maxsize=64)
def _label_pattern(labels: tuple[str, ...]) -> tuple[re.Pattern[str], dict[str, str]]:
    canonical = {label.lower(): label for label in (*labels, "Answer")} | {"final answer": "Answer"}
    words = "|".join(sorted(map(re.escape, canonical), key=len, reverse=True))
    return re.compile(rf"(?<![\w-])(?P<label>{words})\s*:", re.IGNORECASE), canonical


def _fields_of_json(text: str, labels: tuple[str, ...]) -> tuple[dict[str, str], dict[str, int]] | None:
    """Returns the fields of a reply that is a JSON object, or `None` if it is none."""
    if not (text.startswith("{") and text.endswith("}")):
        return None
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return None
    canonical = _label_pattern(labels)[1]
    fields = {canonical[key.lower()]: _plain(value) for key, value in content.items() if key.lower() in canonical}
    return fields, dict.fromkeys(fields, 1)


def _plain(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _answer_text(lines: Sequence[str], line_of: Mapping[str, int]) -> str:
    """Returns the text before the first field, or all of a reply without fields."""
    first = min(line_of.values(), default=len(lines) + 1)
    before = "\n".join(lines[: first - 1]).strip()
    return before or (lines[first - 1].partition(":")[0] if line_of else "\n".join(lines))


def _require_names(nodes: Sequence[str], names: frozenset[str], label: str) -> None:
    for node in nodes:
        if node not in names:
            raise UnreadableReply(f"'{label}' has {node!r:.60}, which is no name of the prompt")


def names_of(edges: Sequence[tuple[str, str]], *further: str) -> frozenset[str]:
    """Returns the names of a prompt's statements and question."""
    return frozenset(name for edge in edges for name in edge) | frozenset(further)


__all__ = ["CertificateError", "Reply", "UnreadableReply", "names_of", "read_nodes", "read_reply", "write_nodes"]

_ARROW = re.compile(r"\s*(?:->|→|⟶|=>|⇒|\\(?:right|long)arrow|\\to|-->|\bcauses\b)\s*")
_COMMA = re.compile(r"\s*(?:,|;|\band\b)\s*")
_MARKS = (
    (re.compile(r"^\s*```\w*\s*$", re.MULTILINE), ""),
    (re.compile(r"\\(?:boxed|fbox|text)\s*\{([^{}]*)\}"), r"\1"),
    (re.compile(r"[*`$]+"), ""),
    (re.compile(r"^\s*(?:[-+•>#]+\s+)+", re.MULTILINE), ""),
)
"""Marks of Markdown and LaTeX that no name has, and what replaces them."""
