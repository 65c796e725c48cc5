"""From the tree of a statement to its meaning."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import Any

from lark import Token as Terminal
from lark import Transformer, v_args

from hf_causal.reading.lexicon import english
from hf_causal.reading.meaning import (
    Edge,
    Group,
    Meaning,
    Mention,
    Relation,
    check_list,
    connect,
    divide,
    edge,
    plain,
    state,
)
from hf_causal.reading.names import Name
from hf_causal.reading.problems import Unclear
from hf_causal.reading.tokens import Token


@v_args(inline=True)
class Parts(Transformer[Any, Any]):
    """Names, lists and verbs: what statements and questions share. Methods are called like rules of the grammar."""

    def __default_token__(self, terminal: Terminal) -> Token:
        return terminal.value

    def item(self, change: Token | None, name: Token) -> Mention:
        return Mention(name.data, change.data.sign if change else "")

    def likelihood(self, change: Token | None, risk: Token, name: Token) -> Mention:
        whole = Name(f"{risk.text} {name.text}", risk.start, name.end)
        return Mention(name.data, change.data.sign if change else "", whole)

    def unsure(self, change: Token, name: Token) -> Mention:
        whole = Name(f"{change.text} {name.text}", change.start, name.end)
        return Mention(name.data, change.data.sign, whole, sure=False)

    def to_change(self, name: Token, change: Token) -> Mention:
        return Mention(name.data, direction=change.data.sign)

    def likelier(self, name: Token, change: Token) -> Mention:
        return Mention(name.data, direction="+" if change.kind == "LIKELIER" else "-")

    def group(self, *children: Mention | Token) -> Group:
        mentions = tuple(child for child in children if isinstance(child, Mention))
        return Group(mentions, tuple(child.data for child in children if isinstance(child, Token)))

    def both(self, _: Token, first: Mention, separator: Token, second: Mention) -> Group:
        return Group((first, second), (separator.data,))

    def active(self, *words: Token | None) -> Relation:
        *rest, verb = (word for word in words if word is not None)
        directly = any(word.kind == "DIRECTLY" for word in rest)
        makes = verb.kind == "MAKE" or verb.data.note == "MAKE"
        return Relation(verb, verb.data.sign, verb.data.note == "backward", makes=makes, directly=directly)

    def make(self, *words: Token | None) -> Relation:
        return self.active(*words)

    def backward(self, helper: Token | None, verb: Token) -> Relation:
        return Relation(verb, verb.data.sign, backward=True)

    def passive_tail(self, directly: Token | None, verb: Token) -> Relation:
        return Relation(verb, verb.data.sign, backward=True, directly=directly is not None)

    def passive(self, *words: Any) -> Relation:
        return words[-1]

    def role(self, *words: Token | None) -> Relation:
        return as_role([word for word in words if word is not None][-1])

    def relation(self, relation: Relation) -> Relation:
        return relation

    def plain_relation(self, relation: Relation) -> Relation:
        return relation

    def arrow(self, token: Token) -> Relation:
        return Relation(token, "?", backward=token.kind == "LEFT")

    def arrows(self, group: Group, *rest: Any) -> list[Edge]:
        edges = []
        last = rest[-1]
        for arrow, following in zip(rest[::2], rest[1::2], strict=True):
            edges += relate(group, arrow, following)
            if following is not last and len(following.mentions) > 1:
                # "A -> B, C -> D" is two arrows to some, and a list in the middle to others.
                raise Unclear("two_ways", following.start, following.end)
            group = following
        return edges

    def next(self, relation: Relation, group: Group) -> tuple[str, Relation, Group]:
        return "next", relation, group

    def again(self, _: Token, relation: Relation, group: Group) -> tuple[str, Relation, Group]:
        return "again", relation, group

    def that(self, _: Token, relation: Relation, group: Group) -> tuple[str, Relation, Group]:
        return "that", relation, group

    def clauses(
        self, subject: Group, both: Token | None, relation: Relation, objects: Group, *steps: Any
    ) -> list[Edge]:
        count = len(subject.mentions)
        if both and (count < 2 or (count > 2 and both.text.isascii())):
            raise Unclear("two_names", subject.start, subject.end)
        edges: list[Edge] = []
        last = ""
        for kind, following, group in steps:
            if kind == "next":
                objects, new = divide(objects, following)
            elif kind == "that":
                if len(objects.mentions) != 1:
                    raise Unclear("which_of_them", objects.start, objects.end)
                if relation.sign == "-" or any(one.change or one.direction for one in objects.mentions):
                    # "Rain reduces visibility, which causes accidents": it is the reduction that does.
                    raise Unclear("which_change", objects.start, following.token.end)
                new = objects
            else:
                if last == "that":
                    raise Unclear("two_ways", following.token.start, following.token.end)
                new = subject
            edges += relate(subject, relation, objects)
            subject, relation, objects, last = new, following, group, kind
        return edges + relate(subject, relation, objects)

    def set(self, members: Group | Token) -> tuple[Mention, ...]:
        return plain(members).mentions if isinstance(members, Group) else ()

    def given(self, _: Token, members: tuple[Mention, ...]) -> tuple[Mention, ...]:
        return members

    def correlates(self, first: Group, _: Token, second: Group) -> Meaning:
        pairs = [(one, other) for one in plain(first).mentions for other in plain(second).mentions]
        return Meaning(together=pairs)

    def correlated(self, group: Group, *_: Token | None) -> Meaning:
        return Meaning(together=[plain(group).two()])

    def correlation(self, meaning: Meaning) -> Meaning:
        return meaning

    def independent(self, group: Group, *rest: Any) -> Meaning:
        return Meaning(independent=[(*plain(group).two(), rest[-1] or ())])

    def independent_of(self, first: Group, *rest: Any) -> Meaning:
        *_, second, given = rest
        return Meaning(independent=[(plain(first).one(), plain(second).one(), given or ())])

    def orthogonal(self, first: Group, _: Token, second: Group, *rest: Any) -> Meaning:
        return Meaning(independent=[(plain(first).one(), plain(second).one(), rest[-1] or ())])

    def independence(self, meaning: Meaning) -> Meaning:
        return meaning


@v_args(inline=True)
class Statements(Parts):
    """Statements of the grammars of English and Chinese."""

    def statement(self, meaning: Meaning | list[Edge]) -> Meaning | list[Edge]:
        return meaning

    def headed(self, head: Token, members: Group, verb: Token, others: Group) -> list[Edge]:
        backward = head.data.note == "cause"
        return connect(*((others, _noun(head), members) if backward else (members, _noun(head), others)))

    def bare(self, group: Group) -> tuple[str, Group]:
        return "bare", group

    def changed(self, group: Group, change: Token) -> tuple[str, Group]:
        mentions = tuple(Mention(one.name, change.data.sign) for one in plain(group).mentions)
        return "changed", Group(mentions, group.separators)

    def becomes(self, group: Group, _: Token, adjective: Token) -> tuple[str, Group]:
        return "becomes", Group((Mention(state(plain(group).one().name, adjective)),))

    def being(self, group: Group, _: Token, adjective: Token) -> tuple[str, Group]:
        return "being", Group((Mention(state(plain(group).one().name, adjective)),))

    def weather(self, token: Token) -> tuple[str, Group]:
        return "weather", Group((Mention(Name(token.data.note, token.start, token.end)),))

    def because(self, effect: tuple[str, Group], word: Token, cause: tuple[str, Group]) -> list[Edge]:
        return _because(word, cause, effect)

    def because_first(self, word: Token, cause: tuple[str, Group], _: Token, effect: tuple[str, Group]) -> list[Edge]:
        return _because(word, cause, effect)

    def because_of(self, effect: tuple[str, Group], word: Token, cause: Group) -> list[Edge]:
        return connect(cause, Relation(word, "+"), effect[1])

    def because_of_first(self, word: Token, cause: Group, _: Token, effect: tuple[str, Group]) -> list[Edge]:
        return connect(cause, Relation(word, "+"), effect[1])

    def there_is(self, _: Token, effect: Group, word: Token, cause: Group) -> list[Edge]:
        return connect(cause, Relation(word, "+"), effect)

    def if_first(self, word: Token, cause: tuple[str, Group], _: Token, effect: tuple[str, Group]) -> list[Edge]:
        return _consequence(word, cause, effect)

    def if_last(self, effect: tuple[str, Group], word: Token, cause: tuple[str, Group]) -> list[Edge]:
        return _consequence(word, cause, effect)

    def so(self, cause: tuple[str, Group], word: Token, effect: tuple[str, Group]) -> list[Edge]:
        return _consequence(word, cause, effect)

    def share_hidden(self, *children: Group | Token) -> Meaning:
        group = plain(next(child for child in children if isinstance(child, Group)))
        check_list(group)
        if len(group.mentions) < 2:
            raise Unclear("two_names", group.start, group.end)
        return Meaning(hidden=list(combinations(group.mentions, 2)))

    def there_is_role(self, _: Token, role: Token, group: Group) -> Meaning:
        if role.data.note != "hidden_cause":
            raise Unclear("unnamed_role", role.start, role.end, word=role.text)
        return self.share_hidden(group)

    def is_latent(self, group: Group, _: Token) -> Meaning:
        check_list(group)
        return Meaning(latent=list(plain(group).mentions))

    def system(self, _: Token, size: Token, *rest: Any) -> Meaning:
        group = plain(rest[-1])
        check_list(group)
        return Meaning(variables=list(group.mentions), size=_number(size))

    def all_relations(self, _: Token, size: Token, *rest: Any) -> Meaning:
        meaning: Meaning = rest[-1]
        meaning.size = _number(size)
        return meaning

    def nothing_more(self, _: Token, size: Token, *rest: Any) -> Meaning:
        return Meaning(size=_number(size))


_PAIRS = {"common_cause", "confounder", "mediator", "collider"}


def as_role(token: Token) -> Relation:
    """Returns the relation of a noun: "a cause of", "the result of", "a confounder of"."""
    role = token.data.note
    backward = role in ("effect", "direct_effect")
    directly = role.startswith("direct")
    return Relation(token, token.data.sign, backward, "cause" if backward or directly else role, directly=directly)


def relate(subject: Group, relation: Relation, objects: Group) -> list[Edge]:
    """Returns the edges that a subject, a verb or noun and its objects state."""
    if relation.makes:
        objects = Group(tuple(_made(mention, relation) for mention in objects.mentions), objects.separators)
    if relation.role == "hidden_cause":
        if len(objects.mentions) < 2:
            raise Unclear("two_names", objects.start, objects.end)
        return [replace(one, hidden=True) for one in connect(plain(subject), relation, plain(objects))]
    if relation.role not in _PAIRS:
        return connect(objects, relation, subject) if relation.backward else connect(subject, relation, objects)
    first, second = plain(objects).two()
    middle = plain(subject).one()
    pairs = {"mediator": ((first, middle), (middle, second)), "collider": ((first, middle), (second, middle))}
    edges = pairs.get(relation.role, ((middle, first), (middle, second)))
    return [edge(cause, Relation(relation.token, relation.sign), effect) for cause, effect in edges]


def _made(mention: Mention, relation: Relation) -> Mention:
    """The object of "make": "the road wet" is a wet road, a single noun is itself."""
    words = mention.name.text.split()
    if mention.direction or mention.name.quoted or len(words) == 1:
        return mention
    if not mention.name.text.isascii():
        return mention
    adjectives = english().words("adjectives")
    if words[-1].casefold() not in adjectives or words[0].casefold() in adjectives:
        raise Unclear("made_what", mention.start, mention.end, name=mention.name.text)
    name = Name(" ".join([words[-1], *words[:-1]]), mention.name.start, mention.name.end)
    return Mention(name, mention.change)


def _because(word: Token, cause: tuple[str, Group], effect: tuple[str, Group]) -> list[Edge]:
    if effect[0] == "weather":
        raise Unclear("evidence", word.start, word.end, word=word.text)
    return connect(cause[1], Relation(word, "+"), effect[1])


def _consequence(word: Token, cause: tuple[str, Group], effect: tuple[str, Group]) -> list[Edge]:
    """Reads "if A, B" as "A causes B" where B comes about; what merely is so may as well be a sign of A."""
    happens = effect[0] in ("becomes", "changed") or (effect[0] == "being" and cause[0] in ("weather", "changed"))
    if not happens or cause[0] == "bare":
        raise Unclear("evidence", word.start, word.end, word=word.text)
    return connect(cause[1], Relation(word, "+"), effect[1])


def _noun(token: Token) -> Relation:
    return Relation(token, "+")


def _number(token: Token) -> int:
    if not token.text.isdecimal() or len(token.text) > 3:
        raise Unclear("number", token.start, token.end, word=token.text)
    return int(token.text)
