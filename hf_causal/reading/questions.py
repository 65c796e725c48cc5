"""From the tree of a question to what it asks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from lark import v_args

from hf_causal.reading.meaning import Asked, Edge, Group, Meaning, Mention, Relation, plain
from hf_causal.reading.problems import Unclear
from hf_causal.reading.statements import Parts, as_role, relate
from hf_causal.reading.tokens import Token

MEMBERS = {
    "common_cause": "common_causes",
    "confounder": "confounders",
    "mediator": "mediators",
    "collider": "colliders",
}


@v_args(inline=True)
class Questions(Parts):
    """Questions of the grammars of English and Chinese."""

    def question(self, asked: Asked) -> Asked:
        return asked

    def asks_clauses(self, *parts: Any) -> Asked:
        return self._of_edges(parts[-1])

    def asks_arrows(self, edges: list[Edge]) -> Asked:
        return self._of_edges(edges)

    def _of_edges(self, edges: list[Edge]) -> Asked:
        if len(edges) != 1:
            raise Unclear("ask_one", edges[0].token.start, edges[0].token.end)
        return _about(edges[0], edges[0].directly)

    def asks_cause(self, _: Token, subject: Group, relation: Relation, objects: Group) -> Asked:
        edges = relate(subject, relation, objects)
        if len(edges) != 1:
            raise Unclear("ask_one", edges[0].token.start, edges[0].token.end)
        return _about(edges[0], relation.directly)

    def asks_ing(self, _: Token, subject: Group, directly: Token | None, verb: Token, objects: Group) -> Asked:
        return self.asks_cause(verb, subject, self.active(directly, verb), objects)

    def asks_passive(self, *parts: Any) -> Asked:
        relation, objects = parts[-2:]
        subject = next(part for part in parts if isinstance(part, Group))
        return self.asks_cause(parts[0], subject, relation, objects)

    def asks_role(self, _: Token, subject: Group, *rest: Any) -> Asked:
        role, objects = rest[-2:]
        relation = as_role(role)
        if relation.role in MEMBERS:
            return Asked(relation.role, plain(objects).two(), third=plain(subject).one())
        return self.asks_cause(role, subject, relation, objects)

    def asks_common(self, _: Token, group: Group, word: Token) -> Asked:
        kind = "confounder" if "confounder" in word.text.casefold() else "common_cause"
        return Asked(f"any_{kind}", plain(group).two())

    def asks_exists(self, _: Token, role: Token, group: Group) -> Asked:
        kind = as_role(role).role
        if kind not in MEMBERS:
            raise Unclear("ask_what", role.start, role.end, word=role.text)
        return Asked(f"any_{kind}", plain(group).two())

    def asks_path(self, _: Token, path: Token, first: Token, to: Token, second: Token) -> Asked:
        return Asked("affect", (Mention(first.data), Mention(second.data)))

    def asks_why(self, word: Token, _: Token, subject: Group, relation: Relation, objects: Group) -> Asked:
        asked = self.asks_cause(word, subject, relation, objects)
        if asked.directly:
            raise Unclear("why_directly", word.start, word.end)
        return replace(asked, kind="why")

    def asks_causes(self, word: Token, relation: Relation, objects: Group) -> Asked:
        if relation.role in MEMBERS:
            return Asked(MEMBERS[relation.role], plain(objects).two())
        if relation.makes or (relation.sign == "-" and not relation.backward):
            raise Unclear("what_signed", relation.token.start, relation.token.end, word=relation.token.text)
        what = "effects" if relation.backward else "causes"
        return Asked(("direct_" if relation.directly else "") + what, (plain(objects).one(),))

    def asks_effects(self, word: Token, _: Token, subject: Group, relation: Relation) -> Asked:
        if relation.makes or relation.sign == "-":
            raise Unclear("what_signed", relation.token.start, relation.token.end, word=relation.token.text)
        what = "causes" if relation.backward else "effects"
        return Asked(("direct_" if relation.directly else "") + what, (plain(subject).one(),))

    def asks_blockers(self, word: Token, block: Token, *rest: Any) -> Asked:
        if isinstance(rest[0], Group):
            return Asked("blockers", plain(rest[0]).two())
        first, _, second = rest
        return Asked("blockers", (Mention(first.data), Mention(second.data)))

    def asks_independent(self, *parts: Any) -> Asked:
        group = next(part for part in parts if isinstance(part, Group))
        given = parts[-1] if isinstance(parts[-1], tuple) else ()
        return Asked("independent", plain(group).two(), given)

    def asks_independent_of(self, *parts: Any) -> Asked:
        first, second = (part for part in parts if isinstance(part, Group))
        given = parts[-1] if isinstance(parts[-1], tuple) else ()
        return Asked("independent", (plain(first).one(), plain(second).one()), given)

    def given_asks_independent(self, _: Token, given: tuple[Mention, ...], *parts: Any) -> Asked:
        return Asked("independent", plain(next(part for part in parts if isinstance(part, Group))).two(), given)

    def given_asks_independent_of(self, _: Token, given: tuple[Mention, ...], *parts: Any) -> Asked:
        first, second = (part for part in parts if isinstance(part, Group))
        return Asked("independent", (plain(first).one(), plain(second).one()), given)

    def asks_independence(self, meaning: Meaning) -> Asked:
        first, second, given = meaning.independent[0]
        return Asked("independent", (first, second), given)


def _about(edge: Edge, directly: bool) -> Asked:
    """What a question about one cause and one effect asks; its direction is known once its names are."""
    return Asked("edge", (edge.cause, edge.effect), edge=edge, directly=directly)
