"""The grammars of the package's data files, and the parser that reads rows of terminals by them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from lark import Lark, Transformer, Tree, UnexpectedInput
from lark import Token as Terminal
from lark.exceptions import VisitError
from lark.lexer import Lexer

from hf_causal.reading.lexicon import resource
from hf_causal.reading.problems import Unclear
from hf_causal.reading.tokens import Token

MAX_TERMINALS = 400
"""Of one sentence."""


class _Given(Lexer):
    """Hands over terminals that were made before."""

    def __init__(self, lexer_conf: Any):
        pass

    def lex(self, data: Any) -> Iterator[Terminal]:  # type: ignore[override]
        for token in data:
            terminal = Terminal(token.kind, token.text)
            terminal.value = token
            yield terminal


@lru_cache(maxsize=4)
def _parser(name: str) -> Lark:
    # LALR(1) has no second reading, and takes a number of steps that is linear in the length.
    starts = ["question"] if name.startswith("effects") else ["statement", "question"]
    return Lark(resource(f"{name}.lark"), parser="lalr", lexer=_Given, start=starts, maybe_placeholders=True)


def parse(language: str, start: str, tokens: Sequence[Token]) -> Tree[Any]:
    """Returns the one reading of a row of terminals.

    Raises:
        [`Unclear`]: With the terminal at which there is none.
    """
    if len(tokens) > MAX_TERMINALS:
        raise Unclear("sentence_too_long", tokens[0].start, tokens[-1].end, most=MAX_TERMINALS)
    try:
        return _parser(language).parse(tokens, start=start)
    except UnexpectedInput as error:
        token = getattr(getattr(error, "token", None), "value", None)
        relations = ("ACTIVE", "BACKWARD", "PASSIVE", "MAKE", "RIGHT", "LEFT", "ROLE", "HEADED", "ING", "CORRELATES")
        if start == "statement" and not any(one.kind in relations for one in tokens):
            raise Unclear("no_relation", tokens[0].start, tokens[-1].end) from None
        if not isinstance(token, Token):  # the sentence ends too early
            raise Unclear(f"unfinished_{start}", tokens[-1].start, tokens[-1].end, word=tokens[-1].text) from None
        message = (
            f"unexpected_{token.kind}" if token.kind in ("BECAUSE", "BECAUSE_OF", "SO") else f"unexpected_{start}"
        )
        raise Unclear(message, token.start, token.end, word=token.text) from None


def transform(transformer: Transformer[Any, Any], tree: Tree[Any]) -> Any:
    """Returns what a transformer makes of a tree, and raises what it raises."""
    try:
        return transformer.transform(tree)
    except VisitError as error:
        raise error.orig_exc from None
