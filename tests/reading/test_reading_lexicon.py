"""The words and the grammars go together."""

import re

import pytest

from hf_causal.reading.grammar import parse
from hf_causal.reading.lexicon import chinese, english, load, resource
from hf_causal.reading.problems import say

BEFORE_THE_GRAMMAR = {
    "en": {"AND", "NEUTRAL", "REFUSED", "CHANGED"},
    "zh": {"AND", "NEUTRAL", "REFUSED", "PLAIN", "IN_TURN", "SO", "SUO", "COND", "WHETHER"},
}
"""Kinds that become other terminals, or none, before a sentence is parsed."""


def kinds(node):
    for key, child in node.items():
        if key == "":
            yield from (entry.kind for entry in child)
        else:
            yield from kinds(child)


@pytest.mark.parametrize(("language", "lexicon"), [("en", english()), ("zh", chinese())])
def test_every_kind_of_word_is_a_terminal(language, lexicon):
    grammar = resource({"en": "english.lark", "zh": "chinese.lark"}[language])
    declared = set(re.findall(r"[A-Z_]{2,}", " ".join(re.findall(r"%declare (.*)", grammar))))
    assert set(kinds(lexicon.phrases.root)) - BEFORE_THE_GRAMMAR[language] <= declared
    rules = set(re.findall(r"\b[A-Z_]{2,}\b", re.sub(r"(//|%declare).*", "", grammar)))
    assert declared <= rules | {"AND"}


def test_every_message_is_there_in_both_languages():
    for name, texts in load("messages.yaml").items():
        assert set(texts) == {"en", "zh"}, name
        assert set(re.findall(r"{(\w+)", texts["en"])) >= set(re.findall(r"{(\w+)", texts["zh"])), name
    for name, texts in load("answers.yaml").items():
        assert set(texts) == {"en", "zh"}, name
    for group in [*load("english.yaml")["refused"], *load("chinese.yaml")["refused"]]:
        assert "X" in say(f"refused_{group}", "en", word="X") or group == "pronoun"


@pytest.mark.parametrize("language", ["english", "chinese"])
def test_a_grammar_has_one_reading_of_every_row(language, caplog):
    """LALR(1) without a conflict that lark would settle by itself."""
    from lark import Lark, logger

    from hf_causal.reading.grammar import _Given

    with caplog.at_level("DEBUG", logger=logger.name):
        Lark(
            resource(f"{language}.lark"), parser="lalr", lexer=_Given, start=["statement", "question"], debug=True,
            maybe_placeholders=True,
        )  # fmt: skip
    assert "onflict" not in caplog.text and parse
