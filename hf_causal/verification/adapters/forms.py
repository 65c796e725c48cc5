"""The forms of questions about a concept: find all or one, how many, which option, yes or no, is there any."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

from hf_causal.verification.adapters.answer_texts import comma_list, count, letter, literal, yes_or_no
from hf_causal.verification.adapters.concepts import MOST_ITEMS, Concept
from hf_causal.verification.adapters.questions import LISTED, OutOfScopeError, Solution, UnreadableError
from hf_causal.verification.adapters.reply_forms import (
    COUNT,
    LETTER,
    YES_NO,
    ReplyForm,
    form_of_item,
    form_of_items,
)

_OPTION = re.compile(r"([A-H])\. (.+)")


@dataclass(frozen=True)
class Solved:
    """The right answers to a question in one of the forms, and how its answers are read and written."""

    solution: Solution
    parse: Callable[[Any], Hashable]
    spell: Callable[[Any], str]
    form: ReplyForm
    """The form of answers that a model is asked for."""
    lists_alternatives: bool = False
    """Whether a row may list several answers, each of which it accepts."""


def _other(concept: Concept, answer: Hashable, solve: Callable[[Concept], Hashable]) -> dict[Hashable, str]:
    """Returns the answer by another definition, if it is another answer."""
    if concept.alternative is None:
        return {}
    other = solve(concept.alternative)
    return {} if other == answer else {other: concept.definition}


def _facts(concept: Concept) -> dict[str, Any]:
    return {"items": [concept.spell(item) for item in concept.first(LISTED)]}


def yes_no(concept: Concept, item: Any) -> Solved:
    """Is this one of them?"""

    def solve(concept: Concept) -> str:
        return "Yes" if concept.holds(item) else "No"

    answer = solve(concept)
    proof = concept.why(item) if concept.why else _facts(concept)
    return Solved(
        Solution((answer,), proof, debatable=_other(concept, answer, solve)), yes_or_no, "{}.".format, YES_NO
    )


def exists(concept: Concept) -> Solved:
    """Is there any?"""

    def solve(concept: Concept) -> str:
        return "Yes" if concept.first(1) else "No"

    answer = solve(concept)
    debatable = _other(concept, answer, solve)
    return Solved(Solution((answer,), _facts(concept), debatable=debatable), yes_or_no, "{}.".format, YES_NO)


def how_many(concept: Concept) -> Solved:
    """How many are there?"""
    answer = len(concept.listed())
    debatable = _other(concept, answer, lambda other: len(other.listed()))
    return Solved(Solution((answer,), _facts(concept), debatable=debatable), count, str, COUNT)


def choice(concept: Concept, options: str, negated: bool = False) -> Solved:
    """Which option is (not) one of them?

    Raises:
        [`UnreadableError`]: If the options are not lettered in order, or two of them are the same.
    """
    matches = [_OPTION.fullmatch(line.strip()) for line in options.strip().splitlines()]
    if (
        not matches
        or not all(matches)
        or "".join(match[1] for match in matches if match) != "ABCDEFGH"[: len(matches)]
    ):
        raise UnreadableError(f"expected options A, B, …, each on a line, got {options!r:.120}")
    items = [concept.parse(match[2].strip()) for match in matches if match]

    def solve(concept: Concept) -> tuple[str, ...]:
        right = (concept.holds(item) != negated for item in items)
        return tuple(name for name, is_right in zip("ABCDEFGH", right, strict=False) if is_right)

    answers = solve(concept)
    debatable: dict[Hashable, str] = {}
    if concept.alternative is not None:
        debatable = dict.fromkeys(
            (one for one in solve(concept.alternative) if one not in answers), concept.definition
        )
    why = {name: concept.why(item) for name, item in zip("ABCDEFGH", items, strict=False)} if concept.why else {}
    return Solved(Solution(answers, why or _facts(concept), debatable=debatable), letter, str, LETTER)


def find_all(concept: Concept, style: str) -> Solved:
    """Find all of them.

    Args:
        concept ([`Concept`]): The items.
        style (`str`): How they are written: `"set"`, `"list"` as Python prints them, or with a `"comma"` between them.
    """
    answer = frozenset(concept.listed())
    debatable = _other(concept, answer, lambda other: frozenset(other.listed()))

    def parse(text: Any) -> frozenset[Any]:
        values = comma_list(text) if style == "comma" else literal(text)
        if not isinstance(values, tuple | frozenset):
            raise UnreadableError(f"expected a list, got {text!r:.80}")
        items = [concept.parse(value) for value in values]
        if len(set(items)) < len(items):
            raise UnreadableError(f"an item occurs twice in {text!r:.80}")
        return frozenset(items)

    def spell(items: frozenset[Any]) -> str:
        texts = sorted(map(concept.spell, items))
        if style == "comma":
            return ", ".join(texts)
        if style == "set":
            return f"{{{', '.join(map(repr, texts))}}}" if texts else "set()"
        return f"[{', '.join(texts)}]" if not texts or texts[0][0] in "{(s" else repr(texts)

    return Solved(
        Solution((answer,), _facts(concept), debatable=debatable), parse, spell, form_of_items(concept.item, style)
    )


def find_one(concept: Concept, which: str = "") -> Solved:
    """Find one of them, or one that is shortest, longest, minimal or maximal.

    A set is minimal where it has no smaller one as a subset; a set of the fewest nodes is minimal by both definitions
    in use.
    """
    form = form_of_item(concept.item)
    if not which:
        few = concept.first(MOST_ITEMS + 1)
        accepts = concept.holds if len(few) > MOST_ITEMS else None
        return Solved(Solution(few[:MOST_ITEMS], _facts(concept), accepts), concept.parse, concept.spell, form, True)
    items = concept.listed()
    if not items:
        raise OutOfScopeError(f"there is none, so none is {which}")
    best = (min if which in ("shortest", "minimal") else max)(map(concept.size, items))
    answers = tuple(item for item in items if concept.size(item) == best)
    debatable: dict[Hashable, str] = {}
    if which in ("minimal", "maximal"):
        extreme = [item for item in items if not any(_beyond(other, item, which) for other in items)]
        side = "subset" if which == "minimal" else "superset"
        reason = f"if a set is {which} where no {side} is valid, whatever its size"
        debatable = dict.fromkeys((item for item in extreme if item not in answers), reason)
    proof = {which: [concept.spell(item) for item in answers[:LISTED]]}
    return Solved(Solution(answers, proof, debatable=debatable), concept.parse, concept.spell, form, True)


def _beyond(other: frozenset[str], item: frozenset[str], which: str) -> bool:
    return other < item if which == "minimal" else other > item


def the_item(concept: Concept) -> Solved:
    """What is it, where there is exactly one?"""
    (item,) = concept.listed()
    return Solved(Solution((item,), _facts(concept)), concept.parse, concept.spell, form_of_item(concept.item))


def size_of_the_item(concept: Concept) -> Solved:
    """How many members has it, where there is exactly one?"""
    (item,) = concept.listed()
    return Solved(Solution((len(item),), _facts(concept)), count, str, COUNT)
