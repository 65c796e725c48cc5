"""Reads the items of a JSON list one by one, with no more of the file in memory than an item needs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import IO, Any

CHARACTERS = 2**18
"""Characters that are read at once."""
_SPACES = re.compile(r"[ \t\n\r]*")


def starts_list(file: IO[str]) -> bool:
    """Returns whether the first character of a text file, apart from spaces, opens a list."""
    while characters := file.read(CHARACTERS):
        if first := characters.lstrip():
            return first[0] == "["
    return False


def read_items(file: IO[str], decoder: json.JSONDecoder) -> Iterator[Any]:
    """Yields the items of a list.

    Args:
        file (text file): At its beginning.
        decoder (`json.JSONDecoder`): Decodes an item.

    Raises:
        `ValueError`: If the file does not hold one list, with line and column.

    Example:

    ```python
    >>> import io
    >>> list(read_items(io.StringIO('[{"a": 1}, 2]'), json.JSONDecoder()))
    [{'a': 1}, 2]
    >>> list(read_items(io.StringIO('[1,\\n 2 3]'), json.JSONDecoder()))
    Traceback (most recent call last):
        ...
    ValueError: expected a comma or the end of the list: line 2 column 4

    ```
    """
    text = _Text(file, decoder)
    if text.next_mark() != "[":
        raise text.error("expected a list")
    text.index += 1
    mark = text.next_mark()
    while mark != "]":
        yield text.item()
        mark = text.next_mark()
        if mark not in (",", "]"):
            raise text.error("expected a comma or the end of the list")
        if mark == ",":
            text.index += 1
            text.next_mark()
    text.index += 1
    if text.next_mark():
        raise text.error("expected nothing after the list")


class _Text:
    """What is in memory of a file, and where its next character is."""

    def __init__(self, file: IO[str], decoder: json.JSONDecoder):
        self.file, self.decoder = file, decoder
        self.text, self.index = "", 0
        self.lines, self.columns = 0, 0
        """Line ends before the text, and characters between the last of them and the text."""

    def more(self) -> bool:
        """Reads on, at least as much as there is left; returns whether there was anything."""
        characters = self.file.read(max(CHARACTERS, len(self.text) - self.index))
        if characters:
            self.lines, self.columns = self._position(self.index)
            self.text, self.index = self.text[self.index :] + characters, 0
        return bool(characters)

    def next_mark(self) -> str:
        """Moves to the next character that is not a space, and returns it; an empty text at the end of the file."""
        while True:
            self.index = _SPACES.match(self.text, self.index).end()  # type: ignore[union-attr]
            if self.index < len(self.text):
                return self.text[self.index]
            if not self.more():
                return ""

    def item(self) -> Any:
        """Decodes the next item, and moves behind it."""
        while True:
            try:
                value, end = self.decoder.raw_decode(self.text, self.index)
            except json.JSONDecodeError as error:
                if not self.more():
                    raise self.error(error.msg, error.pos) from None
            else:
                # A number may go on.
                if end < len(self.text) or not self.more():
                    self.index = end
                    return value

    def error(self, message: str, index: int | None = None) -> ValueError:
        """Returns an error at an index of the text; at the next character if not given."""
        line, column = self._position(self.index if index is None else index)
        return ValueError(f"{message}: line {line + 1} column {column + 1}")

    def _position(self, index: int) -> tuple[int, int]:
        ends = self.text.count("\n", 0, index)
        if not ends:
            return self.lines, self.columns + index
        return self.lines + ends, index - self.text.rindex("\n", 0, index) - 1
