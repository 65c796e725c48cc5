"""From the tree of a question about effects to what it asks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, TypeVar

from lark import Token as Terminal
from lark import Transformer, v_args

from hf_causal.reading.meaning import MAX_MEMBERS, Asked, Group, Mention
from hf_causal.reading.problems import Unclear
from hf_causal.reading.tokens import Token

T = TypeVar("T")


@dataclass(frozen=True)
class Core:
    """What is changed and what it may affect."""

    changed: Group
    targets: Group
    causes: bool = False
    """Whether the question says "cause", which is no word for a reduction."""
    changes: bool = False
    """Whether the question says that something is changed."""


@dataclass(frozen=True)
class Effect:
    """A treatment and an outcome."""

    pair: tuple[Mention, Mention]


def only(children: tuple[Any, ...], of: type[T]) -> T:
    """Returns the one child of a rule that has a type."""
    return next(child for child in children if isinstance(child, of))


@v_args(inline=True)
class EffectQuestions(Transformer[Any, Any]):
    """Questions of the grammars of effects in English and Chinese. Methods are called like rules of the grammar."""

    def __default_token__(self, terminal: Terminal) -> Token:
        return terminal.value

    def list(self, *children: Token | None) -> Group:
        names = tuple(Mention(child.data) for child in children if child is not None and child.kind == "NAME")
        separators = tuple(child.data for child in children if child is not None and child.kind == "SEP")
        group = Group(names, separators)
        if len(names) > MAX_MEMBERS:
            raise Unclear("list_too_long", group.start, group.end, most=MAX_MEMBERS)
        return group

    def nodes(self, group: Group) -> Group:
        if any("and" in one for one in group.separators[:-1]):
            raise Unclear("two_ways", group.start, group.end)
        if group.separators and group.separators[-1] == ",":
            raise Unclear("no_and", group.start, group.end)
        return group

    def nodes_alone(self, group: Group) -> Group:
        return group

    def either(self, group: Group, word: Token, name: Token) -> Group:
        if any("and" in one for one in group.separators):
            raise Unclear("two_ways", group.start, name.end)
        return Group((*group.mentions, Mention(name.data)), (*group.separators, "or"))

    def hold(self, *children: Any) -> Group:
        return only(children, Group)

    def changing(self, word: Token) -> Token:
        return word

    def changed(self, *children: Any) -> Group:
        return only(children, Group)

    def targets(self, *children: Any) -> Group:
        return only(children, Group)

    def effects(self, verb: Token, targets: Group) -> tuple[Token, Group]:
        return verb, targets

    def affects(self, *children: Any) -> Core:
        groups = [child for child in children if isinstance(child, Group)]
        verbs = [child for child in children if isinstance(child, tuple)]
        if verbs:
            return _core(groups[0], verbs[0][1], causes=verbs[0][0].kind == "CAUSE")
        return _core(groups[0], groups[1])

    def changing_affects(self, *children: Any) -> Core:
        core = self.affects(*children)
        alone = any(isinstance(child, Token) and child.kind in _CHANGES for child in children)
        return Core(core.changed, core.targets, core.causes, changes=alone)

    def depends(self, *children: Any) -> Core:
        targets, changed = [child for child in children if isinstance(child, Group)]
        alone = any(isinstance(child, Token) and child.kind == "CHANGE_IF" for child in children)
        return _core(changed, targets, changes=alone)

    def held_first(self, *children: Any) -> Asked:
        return _relevance(only(children, Core), only(children, Group).mentions)

    def held_last(self, *children: Any) -> Asked:
        return _relevance(only(children, Core), only(children, Group).mentions)

    def not_held(self, core: Core, *_: Any) -> Asked | None:
        """Leaves "Does X affect Y?" to the other grammar."""
        return _relevance(core, ()) if core.changes else None

    def members(self, *children: Any) -> tuple[Mention, ...]:
        groups = [child for child in children if isinstance(child, Group)]
        return groups[0].mentions if groups else ()

    def adjusted(self, *children: Any) -> tuple[Mention, ...]:
        for child in children:
            if isinstance(child, Group):
                return child.mentions
        return only(children, tuple)

    def outcome(self, *children: Any) -> Token:
        return children[-1]

    def effect(self, *children: Any) -> Effect:
        names = [child for child in children if isinstance(child, Token) and child.kind == "NAME"]
        for child in children:
            if isinstance(child, Token) and child.kind == "SEP" and "and" not in child.data:
                raise Unclear("mark", child.start, child.end, word=child.text)
        return Effect((Mention(names[0].data), Mention(names[1].data)))

    def effect_backward(self, *children: Any) -> Effect:
        outcome, treatment = self.effect(*children).pair
        return Effect((treatment, outcome))

    def effect_of(self, first: Group, _: Token, second: Group, __: Token) -> Effect:
        return Effect((first.one(), second.one()))

    def purpose(self, *children: Any) -> Effect:
        return only(children, Effect)

    def valid(self, *children: Any) -> Asked:
        given = [child for child in children if isinstance(child, tuple)]
        groups = [child for child in children if isinstance(child, Group)]
        members = given[0] if given else (groups[0].mentions if groups else ())
        return Asked("adjustment", only(children, Effect).pair, members)

    def back_door(self, *children: Any) -> Asked:
        asked = self.valid(*children)
        return Asked("adjustment", asked.pair, asked.given, back_door=True)

    def sets(self, *children: Any) -> Asked:
        """Reads a question about all adjustment sets, by the word that asks it."""
        kinds = (_SETS[child.kind] for child in children if isinstance(child, Token) and child.kind in _SETS)
        return Asked(next(kinds), only(children, Effect).pair)

    def which_set(self, effect: Effect, *_: Any) -> Asked:
        return Asked("adjustment_set", effect.pair)

    def smallest_set(self, effect: Effect, *_: Any) -> Asked:
        return Asked("smallest_adjustment_set", effect.pair)

    def no_effect(self, *children: Any) -> Any:
        word = next(child for child in children if isinstance(child, Token) and child.kind in _SETS)
        raise Unclear("which_effect", word.start, word.end, word=word.text)

    def identifiable(self, *children: Any) -> Asked:
        return Asked("identification", only(children, Effect).pair)

    def front_door(self, *children: Any) -> Asked:
        asked = self.valid(*children)
        return Asked("front_door", asked.pair, asked.given)

    def instrument(self, *children: Any) -> Asked:
        """Reads the instrument, a name in English and a list of one in Chinese, and what is conditioned on."""
        named = [Mention(child.data) for child in children if isinstance(child, Token) and child.kind == "NAME"]
        sets = [child for child in children if isinstance(child, tuple)]
        if not named:
            named, sets = list(sets[0]), sets[1:]
        if len(named) != 1:
            raise Unclear("ask_one", named[0].start if named else 0, named[-1].end if named else 0)
        given = sets[0] if sets else ()
        return Asked("instrument", only(children, Effect).pair, given, third=named[0])

    def instrument_given(self, word: Token, given: Group, *children: Any) -> Asked:
        return replace(self.instrument(*children), given=given.mentions)

    def further(self, asked: Asked) -> Asked:
        return asked

    def adjustment(self, asked: Asked) -> Asked:
        return asked

    def open(self, asked: Asked) -> Asked:
        return asked

    def identification(self, asked: Asked) -> Asked:
        return asked

    def question(self, asked: Asked, *_: Any) -> Asked:
        return asked

    def needed_or_enough(self, *children: Any) -> Any:
        word = next(child for child in children if isinstance(child, Token) and child.kind.startswith("NEEDED"))
        raise Unclear("needed_or_enough", word.start, word.end, word=word.text)

    def held_or_given(self, *children: Any) -> Any:
        word = next(child for child in children if isinstance(child, Token) and child.kind != "THEN")
        raise Unclear("held_or_given", word.start, word.end, word=word.text)


_SETS = {
    "WHAT_ADJUST": "adjustment_set",
    "WHICH_SET": "adjustment_set",
    "SMALLEST_SET": "smallest_adjustment_set",
    "ANY_ADJUST": "any_adjustment",
    "EXISTS_SET": "exists_adjustment_set",
    "MUST_NOT": "forbidden_adjustment",
}
"""From phrases to kinds of questions about all adjustment sets."""
_CHANGES = ("CHANGE_ALONE", "CHANGE", "CHANGING", "CHANGE_OF")


def _core(changed: Group, targets: Group, causes: bool = False, changes: bool = False) -> Core:
    if len(targets.mentions) > 1 and targets.separators[-1] != "or":
        raise Unclear("targets_or", targets.start, targets.end)
    return Core(changed, targets, causes, changes)


def _relevance(core: Core, held: tuple[Mention, ...]) -> Asked:
    changed = core.changed
    if len(changed.mentions) > 1 and changed.separators[-1] != "or" and not core.changes:
        # "Can A and B affect C" may ask whether each of them can.
        raise Unclear("changed_or", changed.start, changed.end)
    pair = (*changed.mentions, *core.targets.mentions)
    return Asked("relevance", pair, held, num_changed=len(changed.mentions), causes=core.causes)
