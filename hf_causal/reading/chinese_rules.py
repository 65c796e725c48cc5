"""From the trees of Chinese sentences to their meaning, where the rules differ from the English ones."""

from __future__ import annotations

from typing import Any

from lark import v_args

from hf_causal.reading.meaning import Asked, Edge, Group, Meaning, Mention, Relation, connect, plain
from hf_causal.reading.problems import Unclear
from hf_causal.reading.questions import MEMBERS, Questions
from hf_causal.reading.statements import Parts, Statements, as_role, relate
from hf_causal.reading.tokens import Token


@v_args(inline=True)
class _ChineseParts(Parts):
    """What Chinese statements and questions share."""

    def changed_item(self, name: Token, change: Token | None) -> Mention:
        return Mention(name.data, change.data.sign if change else "", after=change is not None)

    def by(self, effects: Group, *rest: Any) -> list[Edge]:
        causes = next(part for part in rest if isinstance(part, Group))
        verb = next(part for part in rest if isinstance(part, Token) and part.kind == "ACTIVE")
        directly = any(isinstance(part, Token) and part.kind == "DIRECTLY" for part in rest)
        return relate(causes, Relation(verb, verb.data.sign, directly=directly), effects)

    def on(self, cause: Group, _: Token, effect: Group, word: Token, *rest: Any) -> list[Edge]:
        return connect(plain(cause), Relation(word, "?"), plain(effect))

    def of(self, parts: tuple[Group, Token, Group]) -> tuple[Group, Token, Group]:
        return parts

    def is_role(self, subject: Group, _: Token, objects: Group, role: Token) -> tuple[Group, Token, Group]:
        return subject, role, objects

    def role_is(self, objects: Group, role: Token, _: Token, subject: Group) -> tuple[Group, Token, Group]:
        return subject, role, objects

    def given_independent(self, _: Token, given: tuple[Mention, ...], *rest: Any) -> Meaning:
        group = next(part for part in rest if isinstance(part, Group))
        return Meaning(independent=[(*plain(group).two(), given)])

    def independent(self, group: Group, *rest: Any) -> Meaning:
        return Meaning(independent=[(*plain(group).two(), ())])


@v_args(inline=True)
class ChineseStatements(_ChineseParts, Statements):
    """Statements of the Chinese grammar."""

    def statement(self, parts: Any) -> Any:
        return relate(parts[0], as_role(parts[1]), parts[2]) if isinstance(parts, tuple) else parts

    def because_first(self, word: Token, cause: Group, _: Token, effect: Group) -> list[Edge]:  # type: ignore[override]
        return connect(cause, Relation(word, "+"), effect)


@v_args(inline=True)
class ChineseQuestions(_ChineseParts, Questions):
    """Questions of the Chinese grammar."""

    def asks_clauses(self, edges: list[Edge], ask: Token | None = None) -> Asked:
        return self._of_edges(edges)

    def asks_arrows(self, edges: list[Edge], ask: Token | None = None) -> Asked:
        return self._of_edges(edges)

    def asks_of(self, parts: tuple[Group, Token, Group], ask: Token | None) -> Asked:
        return self.asks_role(None, parts[0], parts[1], parts[2])  # type: ignore[arg-type]

    def asks_on(self, *parts: Any) -> Asked:
        return self._of_edges(self.on(*parts))

    def asks_causes(self, word: Token, relation: Relation, objects: Group) -> Asked:
        return super().asks_causes(word, relation, objects)

    def asks_effects(self, subject: Group, relation: Relation, word: Token) -> Asked:  # type: ignore[override]
        return super().asks_effects(word, word, subject, relation)

    def asks_role_of(self, objects: Group, role: Token, _: Token, what: Token) -> Asked:
        return self.asks_what_is(what, _, objects, role)

    def asks_what_is(self, what: Token, _: Token, objects: Group, role: Token) -> Asked:
        relation = as_role(role)
        if relation.role in MEMBERS:
            return Asked(MEMBERS[relation.role], plain(objects).two())
        kind = "effects" if relation.backward else "causes"
        return Asked(("direct_" if relation.directly else "") + kind, (plain(objects).one(),))

    def asks_by_what(self, objects: Group, *rest: Token | None) -> Asked:
        directly = any(token is not None and token.kind == "DIRECTLY" for token in rest)
        return Asked("direct_causes" if directly else "causes", (plain(objects).one(),))

    def asks_why(self, word: Token, edges: list[Edge]) -> Asked:  # type: ignore[override]
        return self._why(word, self._of_edges(edges))

    def asks_why_inside(self, subject: Group, word: Token, relation: Relation, objects: Group) -> Asked:
        return self._why(word, self.asks_cause(word, subject, relation, objects))

    def asks_path(self, _: Token, first: Token, to: Token, second: Token, *rest: Any) -> Asked:  # type: ignore[override]
        return Asked("affect", (Mention(first.data), Mention(second.data)))

    def asks_blockers(self, word: Token, block: Token, *rest: Any) -> Asked:
        return super().asks_blockers(word, block, *rest[:-1])

    def asks_common(self, group: Group, word: Token, ask: Token | None) -> Asked:  # type: ignore[override]
        kind = "confounder" if "混" in word.text else "common_cause"
        return Asked(f"any_{kind}", plain(group).two())

    def asks_independence(self, meaning: Meaning, ask: Token | None = None) -> Asked:
        return super().asks_independence(meaning)

    @staticmethod
    def _why(word: Token, asked: Asked) -> Asked:
        raise_if_direct(word, asked)
        return Asked("why", asked.pair, edge=asked.edge)


def raise_if_direct(word: Token, asked: Asked) -> None:
    """Raises [`Unclear`] for "why does X directly cause Y"."""
    if asked.directly:
        raise Unclear("why_directly", word.start, word.end)
