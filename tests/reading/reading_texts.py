"""Texts whose meaning is known because they were made from it, and changes to them; knows nothing of the reader."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass

NAMES = (
    "rain",
    "mud",
    "falls",
    "smoking",
    "lung cancer",
    "tar deposits",
    "stress",
    "lack of sleep",
    "oil prices",
    "traffic",
    "noise pollution",
    "wet roads",
    "unemployment",
    "school dropout",
    "crop failure",
    "drought",
    "memory leaks",
    "outages",
    "customer complaints",
    "soil erosion",
    "vitamin D",
    "HIV",
    "access to water",
    "bad weather",
    "malaria",
    "debt",
)
CHINESE_NAMES = (
    "下雨",
    "路滑",
    "车祸",
    "吸烟",
    "肺癌",
    "焦油沉积",
    "压力",
    "失眠",
    "干旱",
    "歉收",
    "失业",
    "贫困",
    "水土流失",
    "洪水",
    "疲劳",
    "事故",
)

FORWARD = (
    "{x} causes {y}",
    "{x} leads to {y}",
    "{x} results in {y}",
    "{x} contributes to {y}",
    "{x} brings about {y}",
    "{x} triggers {y}",
    "{x} can cause {y}",
    "{x} increases {y}",
    "{x} raises {y}",
    "{x} has led to {y}",
    "{x} gives rise to {y}",
    "{x} is a cause of {y}",
    "{x} is responsible for {y}",
    "{x} -> {y}",
    "{x} → {y}",
    "{x} also causes {y}",
    "{x} will lead to {y}",
    "{x} increases the risk of {y}",
)
BACKWARD = (
    "{y} is caused by {x}",
    "{y} results from {x}",
    "{y} is a result of {x}",
    "{y} <- {x}",
    "{y} is due to {x}",
    "{y} is a consequence of {x}",
    "{y} was triggered by {x}",
    "{y} stems from {x}",
    "{y} depends on {x}",
)
NEGATIVE = ("{x} reduces {y}", "{x} lowers {y}", "{x} prevents {y}", "{x} leads to less {y}", "{y} is reduced by {x}")
NEUTRAL = ("", "", "", "moreover, ", "then ", "furthermore ", "we know that ", "however, ")
QUESTIONS = ("Does {x} affect {y}?", "Can {x} affect {y}?", "is {y} affected by {x}?", "does {y} depend on {x}")
CHINESE = (
    "{x}导致{y}",
    "{x}会引起{y}",
    "{x}造成{y}",
    "{y}由{x}引起",
    "{x}是{y}的原因",
    "{y}的原因是{x}",
    "因为{x}，所以{y}",
    "{x}→{y}",
)
CHINESE_QUESTIONS = ("{x}会影响{y}吗？", "{x}是否影响{y}", "{x}影响{y}吗")

CHANGING = (
    "not",
    "never",
    "rarely",
    "perhaps",
    "only",
    "may",
    "seldom",
    "unless",
    "allegedly",
    "hardly",
    "nobody",
    "might",
    "almost",
    "sometimes",
    "if not",
    "without",
    "neither",
    "possibly",
    "every",
    "most",
    "it",
    "although",
    "supposedly",
    "should",
    "doubtfully",
    "wrongly",
    "scarcely",
    "half",
    "until",
    "except",
    "whereas",
    "cannot",
    "they",
)
SMALL_WORDS = ("and", "which", "by", "the", "of", "is", "so", "both", "more")
CHINESE_CHANGING = ("并不", "可能", "除非", "也许", "只有", "并非", "有时", "没有", "它", "很少", "所有", "虽然")


@dataclass(frozen=True)
class Made:
    """A text with what it says."""

    premises: str
    question: str
    edges: frozenset[tuple[str, str]]
    pair: tuple[str, str]
    answer: str


def make(draw: random.Random, chinese: bool = False) -> Made:
    """Draws a graph and writes it down; the answer is by a search that knows nothing of the package."""
    names = draw.sample(CHINESE_NAMES if chinese else NAMES, draw.randint(3, 6))
    pairs = [(one, other) for one in names for other in names if one != other]
    edges = draw.sample(pairs, draw.randint(2, 6))
    forms = CHINESE if chinese else FORWARD + BACKWARD + NEGATIVE
    sentences = [draw.choice(forms).format(x=cause, y=effect) for cause, effect in edges]
    if not chinese:
        sentences = [_capital(draw, draw.choice(NEUTRAL) + sentence) for sentence in sentences]
        sentences, edges = _joined(draw, sentences, edges)
    stated = sorted({name for edge in edges for name in edge})
    pair = tuple(draw.sample(stated, 2))
    question = draw.choice(CHINESE_QUESTIONS if chinese else QUESTIONS).format(x=pair[0], y=pair[1])
    end = draw.choice(("。", "；", "\n")) if chinese else draw.choice((". ", ".\n", "\n", "; "))
    answer = "Yes" if pair[1] in reached(edges, pair[0]) else "No"
    return Made(end.join(sentences), question, frozenset(edges), (pair[0], pair[1]), answer)


def _joined(
    draw: random.Random, sentences: list[str], edges: list[tuple[str, str]]
) -> tuple[list[str], list[tuple[str, str]]]:
    """Adds a sentence with a list, or one with a relative clause."""
    free = [name for name in NAMES if " of " not in name and " to " not in name]
    a, b, c = draw.sample(free, 3)
    more = draw.choice(
        [
            (f"{a} and {b} cause {c}", [(a, c), (b, c)]),
            (f"{a} causes {b} and {c}", [(a, b), (a, c)]),
            (f"{a} causes {b}, which leads to {c}", [(a, b), (b, c)]),
            (f"{a} causes {b} and {b} causes {c}", [(a, b), (b, c)]),
            (f"{a} causes {b} and leads to {c}", [(a, b), (a, c)]),
            (f"both {a} and {b} lead to {c}", [(a, c), (b, c)]),
            (f"the causes of {c} are {a} and {b}", [(a, c), (b, c)]),
            (f"{a} -> {b} -> {c}", [(a, b), (b, c)]),
        ]
    )
    return [*sentences, more[0]], [*edges, *more[1]]


def _capital(draw: random.Random, sentence: str) -> str:
    word = sentence.split()[0]
    plain = word.islower() and draw.random() < 0.5
    return sentence[0].upper() + sentence[1:] if plain else sentence


def reached(edges: Iterable[tuple[str, str]], start: str) -> set[str]:
    """Returns all that some edges lead to from a name, by adding until nothing is new."""
    edges = list(edges)
    found: set[str] = {effect for cause, effect in edges if cause == start}
    while True:
        new = {effect for cause, effect in edges if cause in found} - found
        if not new:
            return found
        found |= new


def insert_change(draw: random.Random, made: Made, chinese: bool = False) -> tuple[str, str]:
    """Returns the text with one word that changes its meaning at a random place of the premises or the question."""
    texts = [made.premises, made.question]
    which = draw.randrange(2)
    text = texts[which]
    word = draw.choice(CHINESE_CHANGING if chinese else CHANGING)
    if chinese:
        words = ("导致", "会引起", "造成", "引起", "影响", "会影响", "是", "的原因")
        verbs = [text.find(verb) for verb in words if verb in text]
        place = draw.choice(verbs) if verbs else 0
        texts[which] = text[:place] + word + text[place:]
    else:
        places = [0] + [place + 1 for place, letter in enumerate(text) if letter == " "]
        place = draw.choice(places)
        texts[which] = f"{text[:place]}{word} {text[place:]}"
    return texts[0], texts[1]


def damage(draw: random.Random, text: str) -> str:
    """Returns a text with one word left out, doubled, swapped with the next, or misspelled, or a mark changed."""
    words = text.split(" ")
    place = draw.randrange(len(words))
    changes: list[Callable[[], list[str]]] = [
        lambda: words[:place] + words[place + 1 :],
        lambda: words[: place + 1] + words[place:],
        lambda: words[:place] + words[place : place + 2][::-1] + words[place + 2 :],
        lambda: [*words[:place], _misspell(draw, words[place]), *words[place + 1 :]],
        lambda: [*words[:place], words[place] + draw.choice(",.;:)('\"?-"), *words[place + 1 :]],
        lambda: [*words[:place], words[place].strip(".,;"), *words[place + 1 :]],
        lambda: [*words[:place], draw.choice(SMALL_WORDS), *words[place:]],
    ]
    return " ".join(draw.choice(changes)())


def _misspell(draw: random.Random, word: str) -> str:
    if len(word) < 3:
        return word
    place = draw.randrange(len(word) - 1)
    return word[:place] + word[place + 1] + word[place] + word[place + 2 :]
