"""Enumerates minimal changes of scenes, with their two captions and their split.

The split of a change depends on the change alone, so no seed moves one from training to test.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cache
from itertools import permutations, product
from typing import NamedTuple

from hf_causal.systems.equivariance.captions import NUMBERS, RELATIONS, count_caption, relation_caption
from hf_causal.systems.equivariance.drawing import COLORS, SHAPES, Thing

KINDS = ("color", "attribute", "relation", "count")
"""One thing changes its colour; two things exchange colours; two things exchange places; the number changes."""

SPLITS = ("train", "validation", "test", "new_things", "new_changes")

NEW_THINGS = frozenset({("green", "square"), ("red", "circle"), ("blue", "triangle"), ("yellow", "cross")})
"""Things of `new_things`: no training scene has one, but every colour and every shape."""

NEW_CHANGES = {
    "color": frozenset({("blue", "red"), ("green", "yellow"), ("purple", "white")}),
    "attribute": frozenset({("blue", "red"), ("green", "yellow"), ("purple", "white")}),
    "relation": frozenset({("circle", "square"), ("cross", "triangle")}),
    "count": frozenset({("three", "two")}),
}
"""Exchanged words of `new_changes`, in both directions: colours, shapes that exchange places, numbers."""

_BUCKETS = {0: "validation", 1: "test"}
_NUM_BUCKETS = 8
"""Validation and test each have one eighth of the other changes, training the rest."""

_Look = tuple[str, str]
"""Colour and shape."""


class Change(NamedTuple):
    """Two scenes that differ by a minimal change, without the positions of their things."""

    kind: str
    before: tuple[_Look, ...]
    """Colour and shape of the things: two things, or equal things that are counted."""
    after: tuple[_Look, ...]
    relation: str = ""
    """Relation of the first thing to the second one before the change; empty for `count`."""

    @property
    def captions(self) -> tuple[str, str]:
        """The caption that is true before and false afterwards, and the reverse."""
        if self.kind == "count":
            return tuple(count_caption(len(things), *things[0]) for things in (self.before, self.after))  # type: ignore
        later = RELATIONS[self.relation] if self.kind == "relation" else self.relation
        return _related(self.before, self.relation), _related(self.after, later)

    @property
    def exchanged(self) -> tuple[str, str]:
        """The two exchanged words in alphabetical order; equal words occur twice."""
        if self.kind == "count":
            words = NUMBERS[len(self.before) - 1], NUMBERS[len(self.after) - 1]
        elif self.kind == "relation":
            words = self.before[0][1], self.before[1][1]
        else:
            words = next((old[0], new[0]) for old, new in zip(self.before, self.after, strict=True) if old != new)
        return min(words), max(words)

    @property
    def split(self) -> str:
        """The split of the change, or `""` for a new change of a new thing, which no split has."""
        new_thing = not NEW_THINGS.isdisjoint({*self.before, *self.after})
        new_change = self.exchanged in NEW_CHANGES[self.kind]
        if new_thing or new_change:
            return "" if new_thing and new_change else "new_things" if new_thing else "new_changes"
        digest = hashlib.sha256(self.scenes.encode()).digest()
        return _BUCKETS.get(digest[0] % _NUM_BUCKETS, "train")

    @property
    def scenes(self) -> str:
        """The captions of both scenes in a canonical order and wording, so that equivalent changes are equal."""
        if self.kind == "count":
            return " | ".join(sorted(self.captions))
        later = RELATIONS[self.relation] if self.kind == "relation" else self.relation
        return " | ".join(sorted([_canonical(self.before, self.relation), _canonical(self.after, later)]))


@cache
def changes_of(split: str, kind: str) -> tuple[Change, ...]:
    """Returns all changes of one type in a split.

    Raises:
        `ValueError`: For an unknown split or type.
    """
    if split not in SPLITS or kind not in KINDS:
        raise ValueError(
            f"`split` must be one of {', '.join(SPLITS)} and `kind` one of {', '.join(KINDS)}, got {split!r}, {kind!r}"
        )
    return tuple(change for change in _all_changes(kind) if change.split == split)


def _all_changes(kind: str) -> Iterator[Change]:
    looks = list(product(COLORS, SHAPES))
    if kind == "count":
        for look, (old, new) in product(looks, permutations(range(1, len(NUMBERS) + 1), 2)):
            yield Change(kind, (look,) * old, (look,) * new)
        return
    for (first, second), relation in product(permutations(looks, 2), RELATIONS):
        before = (first, second)
        if kind == "relation":
            yield Change(kind, before, before, relation)
        elif kind == "attribute":
            if first[0] != second[0] and first[1] != second[1]:
                yield Change(kind, before, ((second[0], first[1]), (first[0], second[1])), relation)
        else:
            for place, color in product(range(2), COLORS):
                changed = tuple((color, old[1]) if place == index else old for index, old in enumerate(before))
                if changed != before and changed[0] != changed[1]:
                    yield Change(kind, before, changed, relation)


def _related(looks: tuple[_Look, ...], relation: str) -> str:
    first, second = (Thing(color, shape, 0, 0, 0) for color, shape in looks)
    return relation_caption(first, relation, second)


def _canonical(looks: tuple[_Look, ...], relation: str) -> str:
    if relation in ("left of", "above"):
        return _related(looks, relation)
    return _related(looks[::-1], RELATIONS[relation])
