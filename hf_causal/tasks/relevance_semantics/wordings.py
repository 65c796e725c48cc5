"""Prompts about notions of relevance in other words."""

from __future__ import annotations

from itertools import product

from hf_causal.graphs.relevance_notions import NOTIONS
from hf_causal.tasks.relevance_semantics.text import Prompt, Statement
from hf_causal.tasks.shared.sentences import Composition, Sentence, Sentences
from hf_causal.tasks.shared.stories.topics import CHINESE, ENGLISH
from hf_causal.tasks.shared.stories.wordings import Templates, Wording

_COIN, _TABLE, _ALWAYS, _NEVER = "coin", "table", "always", "never"
_CONSTANT = " alone"
"""Ends the types of constants that depend on nothing."""
_HELD = " while held"
"""Ends the types of questions in which variables are held fixed."""

_STATEMENTS: dict[str, Templates] = {
    ENGLISH: {
        _COIN: ("{0} is a fair coin", "a fair coin decides whether {0} is present"),
        _TABLE: (
            "{0} depends on {1:and}: it is 1 for {#0:and}",
            "whether {0} is present follows from {1:and}, in this order and with 1 for present: it is for {#0:and}",
        ),
        _ALWAYS: ("{0} depends on {1:and}: it is always 1", "whatever {1:and} may be, {0} is present"),
        _NEVER: ("{0} depends on {1:and}: it is never 1", "whatever {1:and} may be, {0} is absent"),
        _ALWAYS + _CONSTANT: ("{0} is always 1", "{0} is always present"),
        _NEVER + _CONSTANT: ("{0} is never 1", "{0} is never present"),
    },
    CHINESE: {
        _COIN: ("{0}是一枚公平的硬币", "{0}是否出现由一枚公平的硬币决定"),
        _TABLE: (
            "{0}取决于{1:and}：取值为{#0:and}时，它为1",
            "{0}是否出现依次由{1:and}决定，1表示出现：取值为{#0:and}时，它出现",
        ),
        _ALWAYS: ("{0}取决于{1:and}：它总是1", "无论{1:and}如何，{0}总是出现"),
        _NEVER: ("{0}取决于{1:and}：它从不是1", "无论{1:and}如何，{0}从不出现"),
        _ALWAYS + _CONSTANT: ("{0}总是1", "{0}总是出现"),
        _NEVER + _CONSTANT: ("{0}从不是1", "{0}从不出现"),
    },
}
_QUESTIONS: dict[str, Templates] = {
    ENGLISH: {
        "graphical": ("is there a causal path from {0} to {1}",),
        "probabilistic": ("can setting {0} change the probability of {1}",),
        "deterministic": ("can setting {0} ever change {1} if perhaps further variables are held fixed",),
        "graphical" + _HELD: ("is there a causal path from {0} to {1} with {2:and} held fixed",),
        "probabilistic" + _HELD: ("can setting {0} change the probability of {1} with {2:and} held fixed",),
        "deterministic" + _HELD: (
            "can setting {0} ever change {1} with {2:and} and perhaps further variables held fixed",
        ),
    },
    CHINESE: {
        "graphical": ("从{0}到{1}是否有一条因果路径",),
        "probabilistic": ("设定{0}能否改变{1}的概率",),
        "deterministic": ("在可能还有其他变量保持不变的情况下，设定{0}是否有可能改变{1}",),
        "graphical" + _HELD: ("在{2:and}保持不变的情况下，从{0}到{1}是否有一条因果路径",),
        "probabilistic" + _HELD: ("在{2:and}保持不变的情况下，设定{0}能否改变{1}的概率",),
        "deterministic" + _HELD: (
            "在{2:and}保持不变，并且可能还有其他变量保持不变的情况下，设定{0}是否有可能改变{1}",
        ),
    },
}


def _take_apart(prompt: Prompt) -> Sentences:
    coins = [Sentence(_COIN, ((coin,),)) for coin in prompt.coins]
    names = ((prompt.x,), (prompt.y,))
    held = Sentence(prompt.notion + _HELD, (*names, prompt.held))
    question = held if prompt.held else Sentence(prompt.notion, names)
    return Sentences((*coins, *map(_sentence, prompt.statements)), question)


def _sentence(one: Statement) -> Sentence:
    if one.ones and len(one.ones) < 2 ** len(one.sources):
        return Sentence(f"{_TABLE}#{','.join(one.ones)}", ((one.variable,), one.sources))
    kind = _ALWAYS if one.ones else _NEVER
    names = ((one.variable,), one.sources)
    return Sentence(kind, names) if one.sources else Sentence(kind + _CONSTANT, names[:1])


def _put_together(sentences: Sentences, like: Prompt | None) -> Prompt:
    coins = dict.fromkeys(names[0][0] for kind, names in sentences.statements if kind == _COIN)
    statements = tuple(_statement(one) for one in sentences.statements if one.type != _COIN)
    x, y, *held = sentences.question.all_names
    notion = next(one for one in NOTIONS if one == sentences.question.type.removesuffix(_HELD))
    if len({x, y, *held}) < len(held) + 2:
        raise ValueError("the question has a variable twice")
    return Prompt(tuple(coins), statements, notion, x, y, tuple(held))


def _statement(sentence: Sentence) -> Statement:
    """Returns what a sentence states; raises `ValueError` for a table that is none of its sources."""
    (variable,), *rest = sentence.names
    sources = rest[0] if rest else ()
    if len({variable, *sources}) <= len(sources):
        raise ValueError(f"the sentence about {variable!r} has a variable twice")
    if sentence.head != _TABLE:
        rows = tuple("".join(row) for row in product("01", repeat=len(sources)))
        return Statement(variable, sources, rows if sentence.head.startswith(_ALWAYS) else ())
    ones = sentence.parameters[0].split(",")
    if len(set(ones)) < len(ones) or {len(row) for row in ones} != {len(sources)}:
        raise ValueError(f"the table of {variable!r} should have different values of its sources, each once")
    return Statement(variable, sources, tuple(sorted(ones)))


COMPOSITION = Composition(
    _take_apart, _put_together, effects_first=frozenset({_TABLE, _ALWAYS, _NEVER}), complete=True
)
WORDINGS = {
    language: Wording(language, _STATEMENTS[language], _QUESTIONS[language], plain_first=True)
    for language in _QUESTIONS
}
