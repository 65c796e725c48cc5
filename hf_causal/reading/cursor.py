"""A place in the tokens of a graph that goes from left to right."""

from __future__ import annotations

from hf_causal.reading.meaning import Mention
from hf_causal.reading.names import Name
from hf_causal.reading.problems import Unclear
from hf_causal.reading.tokens import Token


class Cursor:
    """Goes through tokens once, from left to right."""

    def __init__(self, tokens: list[Token]):
        self.tokens, self.place = tokens, 0

    def peek(self, ahead: int = 0) -> Token:
        place = self.place + ahead
        if place < len(self.tokens):
            return self.tokens[place]
        end = self.tokens[-1].end
        return Token("END", "", end - 1, end)

    def next(self) -> Token:
        token = self.peek()
        self.place += 1
        return token

    def take(self, *texts: str) -> Token | None:
        """Takes the next token if it is one of some texts."""
        return self.next() if self.peek().text in texts and self.peek().kind != "END" else None

    def skip(self) -> None:
        """Goes past ends of lines and semicolons."""
        while self.peek().kind == "NEWLINE" or self.peek().text in (";", ","):
            self.next()

    def name(self) -> Mention:
        token = self.next()
        if token.kind not in ("WORD", "QUOTED"):
            raise self.trouble(token, "a name is missing")
        quoted = token.kind == "QUOTED"
        if not quoted and not any(letter.isalnum() for letter in token.text):
            raise self.trouble(token, "a name is missing")
        if not quoted and "--" in token.text:
            raise Unclear("undirected", token.start, token.end)
        text = token.text if quoted else token.text.replace("_", " ").strip() or token.text
        return Mention(Name(text, token.start, token.end, quoted))

    def trouble(self, token: Token, detail: str) -> Unclear:
        return Unclear("graph", token.start, token.end, detail=detail)
