"""Splits what language models write into plain lines: without reasoning, Markdown, LaTeX, HTML, tables and JSON.

A row of a table and a key of a JSON object become the line `label: content` that they stand for. Marks are removed in
pairs, and only where that cannot join two names: `A*` and `A_B` stay as they are, and are no names.
"""

from __future__ import annotations

import ast
import html
import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from hf_causal.tasks.shared.reasoning_tags import without_reasoning

LONGEST = 20_000
"""Characters that a reply may have without its reasoning."""


class UnreadableReply(ValueError):
    """A reply that cannot be read as an answer of its form; the message says what is missing."""


class Line(NamedTuple):
    """A line of a reply without marks."""

    number: int
    """In the reply as it was written, 1 for the first line."""
    text: str
    item: bool = False
    """Whether it is an item of a bulleted or numbered list."""


def plain_lines(text: str | None, labels: tuple[str, ...]) -> list[Line]:
    """Returns the lines of a reply that follow its reasoning.

    Args:
        text (`str` or `None`): What the model wrote.
        labels (tuple of `str`): The labels of the form, which are read in tables and as keys of JSON, where
            `_` and `-` are spaces.

    Raises:
        [`UnreadableReply`]: If there is no text, too much of it, or a JSON object that has a key twice.

    Example:

    ```python
    >>> [line.text for line in plain_lines('So **no**: {"path": ["A", "B"]}', ("Path",))]
    ['So no:', 'Path: ["A", "B"]', '']

    ```
    """
    keys = _keys(labels)
    written = _with_plain_characters(text or "")
    kept = without_reasoning(written)
    if not kept:
        raise UnreadableReply("the reply is empty")
    if len(kept) > LONGEST:
        raise UnreadableReply(f"the reply has {len(kept)} characters, of which at most {LONGEST} are read")
    # Text that follows reasoning is a part of what was written, unless special tokens are in the middle of it.
    first = 1 + written.count("\n", 0, max(0, written.rfind(kept)))
    lines: list[Line] = []
    sources = _without_objects(kept, first, keys) if _KEY.search(kept) else enumerate(kept.split("\n"), first)
    for number, source in sources:
        if isinstance(source, Line):
            lines.append(source)
        elif source.isalpha():  # most often, the answer
            lines.append(Line(number, source))
        elif not _FENCE.fullmatch(source):
            lines += [Line(number, *_without_marks(piece)) for piece in _pieces(source)]
    return list(_without_tables(lines, keys)) if any(line.text.startswith("|") for line in lines) else lines


@lru_cache(maxsize=64)
def _keys(labels: tuple[str, ...]) -> Mapping[str, str]:
    return {_key(label): label for label in labels}


def _with_plain_characters(text: str) -> str:
    # Letters stay as they are: a full-width or superscript one is another letter than the one of a name.
    return text if text.isascii() and "\r" not in text else text.replace("\r\n", "\n").translate(_PLAIN)


def _pieces(line: str) -> Sequence[str]:
    """Splits a line where HTML or LaTeX breaks it, and removes their other marks."""
    if "&" in line:
        line = html.unescape(line)
    if "\\" in line:
        line = _without_latex(line)
    if "<" in line or "\\" in line:
        return _BREAK.split(_INLINE.sub(" ", line))
    return (line,)


def _without_marks(text: str) -> tuple[str, bool]:
    """Returns a line without the marks of Markdown, and whether it is an item of a list."""
    opening = _OPENING.match(text)
    item = opening is not None and opening["item"] is not None
    text = text[opening.end() :] if opening else text
    for _ in range(_DEEPEST if _MARK.search(text) else 0):
        replaced = _EMPHASIS.sub(r"\2", text)
        if replaced == text:
            break
        text = replaced
    return text.strip(), item


def _without_latex(text: str) -> str:
    for _ in range(_DEEPEST):
        replaced = _COMMAND.sub(r" \1 ", text)
        if replaced == text:
            break
        text = replaced
    return text.replace("\\{", "{").replace("\\}", "}").replace("\\,", " ").replace("\\_", "_")


def _without_tables(lines: Sequence[Line], keys: Collection[str]) -> Iterator[Line]:
    """Writes the rows of tables as `label: content`: of two columns, or with the labels as header; others as text."""
    header: list[str] = []
    for index, line in enumerate(lines):
        cells = _cells(line.text)
        if not cells:
            header = []
            yield line
        elif _is_rule(cells):
            continue
        elif index + 1 < len(lines) and _is_rule(_cells(lines[index + 1].text)) and _are_keys(cells, keys):
            header = cells
        elif len(header) == len(cells):
            yield from (Line(line.number, f"{key}: {cell}") for key, cell in zip(header, cells, strict=True))
        else:
            is_field = len(cells) == 2 and ":" not in line.text
            yield Line(line.number, (": " if is_field else ". ").join(cells))


def _cells(text: str) -> list[str]:
    inside = text.startswith("|") and text.endswith("|") and len(text) > 1
    return [cell.strip() for cell in text[1:-1].split("|")] if inside else []


def _is_rule(cells: Sequence[str]) -> bool:
    return bool(cells) and all(cell and not cell.strip(":-") for cell in cells)


def _are_keys(cells: Sequence[str], keys: Collection[str]) -> bool:
    return len(cells) > 1 and all(_key(cell) in keys for cell in cells)


def _without_objects(text: str, number: int, keys: Mapping[str, str]) -> Iterator[tuple[int, str | Line]]:
    """Yields the lines of a text with their numbers; those of a JSON object with labels are `label: content`."""
    start = 0
    for opening, end, content in _objects(text, keys):
        yield from enumerate(text[start:opening].split("\n"), number)
        number += text.count("\n", start, opening)
        yield from ((number, Line(number, line)) for line in _lines_of_object(content, keys))
        number += text.count("\n", opening, end)
        start = end
    yield from enumerate(text[start:].split("\n"), number)


def _objects(text: str, keys: Collection[str]) -> Iterator[tuple[int, int, dict[Any, Any]]]:
    """Yields the objects of JSON, or dictionaries of Python, that have a label as key: start, end and content."""
    opening = text.find("{")
    for _ in range(_MOST_OBJECTS):
        if opening < 0:
            return
        content, end = _decode(text, opening)
        if isinstance(content, dict) and any(_key(key) in keys for key in content):
            yield opening, end, content
            opening = text.find("{", end)
        else:
            opening = text.find("{", opening + 1)


def _decode(text: str, start: int) -> tuple[Any, int]:
    try:
        return _DECODER.raw_decode(text, start)
    except UnreadableReply:
        raise
    except (ValueError, RecursionError):
        return _decode_python(text, start)


def _decode_python(text: str, start: int) -> tuple[Any, int]:
    depth = 0
    for token in _BRACES.finditer(text, start):
        depth += {"{": 1, "}": -1}.get(token[0], 0)
        if not depth:
            written = text[start : token.end()]
            if _LITERAL.fullmatch(written) is None or _CALL_OR_INDEX.search(written):  # of which Python would warn
                return None, start
            try:
                tree = ast.parse(written, mode="eval").body
                content = ast.literal_eval(tree)
            except (ValueError, SyntaxError, MemoryError, RecursionError):
                return None, start
            if isinstance(tree, ast.Dict):
                _distinct([(ast.literal_eval(key), None) for key in tree.keys if key is not None])
            return content, token.end()
    return None, start


def _distinct(pairs: list[tuple[Any, Any]]) -> dict[Any, Any]:
    """Returns the content of an object; raises [`UnreadableReply`] if it has a key twice, in whatever case."""
    keys = [_key(key) for key, _ in pairs]
    if len(set(keys)) < len(keys):
        raise UnreadableReply(f"an object has the key {next(key for key in keys if keys.count(key) > 1)!r} twice")
    return dict(pairs)


def _key(key: Any) -> str:
    return str(key).strip().replace("_", " ").replace("-", " ").lower()


def _lines_of_object(content: dict[Any, Any], keys: Mapping[str, str]) -> Iterator[str]:
    for key, value in sorted(content.items(), key=lambda item: _key(item[0]).endswith("answer")):  # as its last line
        if (normal := _key(key)) in keys:
            yield from f"{keys[normal]}: {_plain(value)}".split("\n")
        elif normal in _STEPS and isinstance(value, list):
            yield from (str(step) for step in value)


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return ("No", "Yes")[value]
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


_DECODER = json.JSONDecoder(object_pairs_hook=_distinct)
_MOST_OBJECTS = 40
"""Braces at which an object is looked for."""
_DEEPEST = 4
"""Marks inside of one another that are read."""
_STEPS = frozenset({"steps", "trace"})
"""Keys of a JSON object with the steps of an answer as a list."""
_PLAIN: dict[int, str] = {ord(mark): chr(ord(mark) - 0xFEE0) for mark in "！＂＇（），－．：；＜＝＞［］｛｜｝"}
_PLAIN |= {**dict.fromkeys(map(ord, "\u00a0\u3000\u200b\u200c\u200d\u2060\ufeff\r"), " ")}
_PLAIN |= {ord(mark): plain for mark, plain in zip("、。“”‘’", (",", ".", '"', '"', "'", "'"), strict=True)}
"""From full-width marks, typographic quotes and unusual spaces to plain ones."""
_KEY = re.compile(r"[\"'][A-Za-z][\w -]*[\"']\s*:")
_BRACES = re.compile(r"\"(?:\\.|[^\"\\])*+\"|'(?:\\.|[^'\\])*+'|[{}]")
_LITERAL = re.compile(
    r"(?:[\s\[\]{},:]|\b(?:\d{1,9}|True|False|None)\b|'(?:\\[nt'\"\\]|[^'\\])*+'|\"(?:\\[nt'\"\\]|[^\"\\])*+\")*+"
)
_CALL_OR_INDEX = re.compile(r"[\]}'\"\w]\s*[\[{]")
_FENCE = re.compile(r"\s*(?:`{3,}|~{3,})\s*[\w-]*\s*")
_BREAK = re.compile(
    r"</?(?:br|p|li|ul|ol|pre|answer|final_answer|output|proof|response|solution)\s*/?>|\\\\(?!\w)", re.IGNORECASE
)
_INLINE = re.compile(r"</?(?:b|strong|i|em|code|span|u)>", re.IGNORECASE)
_OPENING = re.compile(r"\s*(?:(?:[>#]+|(?P<item>[-+•*]|\d{1,3}[.)]))\s+)+")
_MARK = re.compile(r"[*_`$~]")
_EMPHASIS = re.compile(r"(?<![A-Za-z0-9])([*_`$~]{1,3})(?=\S)(.+?)(?<=\S)\1(?![A-Za-z0-9])")
"""Text between two equal marks of Markdown or LaTeX, which do not join it to another name."""
_COMMAND = re.compile(r"\\(?:boxed|fbox|(?:text|math)(?:bf|it|tt|rm|sf)?)\s*\{((?:\\.|[^{}\\])*+)\}")
