"""The meanings of all sentences together: one set of names, statements with signs, and the prompt of a task."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING

from hf_causal.reading import tasks
from hf_causal.reading.meaning import Asked, Meaning, Mention
from hf_causal.reading.names import near, shorten
from hf_causal.reading.problems import Unclear, say
from hf_causal.reading.reading import Question, Reading, Statement
from hf_causal.reading.resolve import Table, asked_kind, asked_mentions, edge_sign, mentions_of
from hf_causal.reading.signs import signs_between
from hf_causal.reading.tokens import Sentence

if TYPE_CHECKING:
    from hf_causal.reading.reader import Source

MAX_EDGES = 1_000
Told = Sequence[tuple[Sentence, Meaning]]


def compose(told: Told, asked: Asked, stated: Source, source: Source, language: str) -> Reading:
    """Returns the reading of a text whose sentences were all read.

    Raises:
        [`Unclear`]: If its names or its sentences do not go together.
    """
    meanings = [meaning for _, meaning in told]
    mentions = mentions_of(meanings)
    table = Table.of([*mentions, *asked_mentions(asked)])
    known = dict.fromkeys(table.settle(mention)[0] for mention in mentions)
    statements = _statements(told, table, stated)
    # Whole names are settled by now, so that the table is complete.
    question = _question(asked, table, known, language)
    table.check({table.settle(mention)[0]: mention for mention in mentions})
    names = tuple(table.shown[one] for one in known)
    marks = tuple(sorted([*stated.marks, *source.marks], key=lambda mark: (mark.field == "question", mark.start)))
    together = tuple(_shown(table, pair) for meaning in meanings for pair in meaning.together)
    independent = tuple(
        (*_shown(table, pair), _shown(table, given))
        for meaning in meanings
        for *pair, given in meaning.independent
    )  # fmt: skip
    reading = Reading(statements, question, names, language, marks, together[:MAX_EDGES], independent)  # type: ignore[arg-type]
    task, prompt = _prompt(reading, meanings, asked)
    return Reading(
        statements, reading.question, names, language, marks, reading.together, reading.independent, task, prompt
    )


def _shown(table: Table, mentions: Sequence[Mention]) -> tuple[str, ...]:
    return tuple(table.shown[table.settle(mention)[0]] for mention in mentions)


def _statements(told: Told, table: Table, stated: Source) -> tuple[Statement, ...]:
    size = sum(len(meaning.edges) + len(meaning.together) for _, meaning in told)
    if size > MAX_EDGES:
        raise Unclear("too_many_statements", 0, len(stated.text.normal), size=size, most=MAX_EDGES)
    found = []
    for sentence, meaning in told:
        start, end = stated.text.place(sentence.start, sentence.end)
        for edge in meaning.edges:
            cause, effect = _shown(table, (edge.cause, edge.effect))
            found.append(Statement(cause, effect, edge_sign(edge, table), start, end))
    # A name may be shown otherwise once all are known; names are shown as they are at the end.
    return tuple(found)


def _question(asked: Asked, table: Table, known: dict[str, None], language: str) -> Question:
    for mention in asked_mentions(asked):
        found = table.settle(mention)[0]
        if found not in known:
            raise _stranger(mention, [table.shown[one] for one in known], language)
    kind, direction = asked_kind(asked, table)
    pair, given = _shown(table, asked.pair), tuple(dict.fromkeys(_shown(table, asked.given)))
    third = _shown(table, (asked.third,))[0] if asked.third else None
    _check_different(asked, table)
    return Question(kind, pair, given, third, direction)


def _check_different(asked: Asked, table: Table) -> None:
    """Raises [`Unclear`] where a question is about a name and itself, or conditions on what it is about."""
    seen: set[str] = set()
    for mention in (*asked.pair, *((asked.third,) if asked.third else ())):
        found = table.settle(mention)[0]
        if found in seen and (asked.edge is None or asked.directly or asked.kind == "why"):
            raise Unclear("itself", mention.start, mention.end, name=table.shown[found], asked=True)
        seen.add(found)
    for mention in asked.given:
        found = table.settle(mention)[0]
        if found in seen:
            raise Unclear("given_asked", mention.start, mention.end, name=table.shown[found], asked=True)


def _stranger(mention: Mention, names: Sequence[str], language: str) -> Unclear:
    name = (mention.whole or mention.name).text
    others = near(name, names)
    if not others:
        return Unclear("stranger", mention.start, mention.end, name=name, asked=True)
    left, right = ("“", "”")
    joined = (" or " if language == "en" else "、").join(f"{left}{other}{right}" for other in others)
    return Unclear("stranger_near", mention.start, mention.end, others, name=name, others=joined, asked=True)


def _prompt(reading: Reading, meanings: Sequence[Meaning], asked: Asked) -> tuple[str | None, str | None]:
    """The task of a question and its prompt, where one prompt asks all of it."""
    place = {"start": asked.pair[0].start, "end": asked.pair[-1].end, "asked": True}
    if not reading.statements:
        return _system(reading, meanings, asked, place)
    if reading.independent or any(meaning.variables or meaning.size for meaning in meanings):
        raise Unclear("mixed", **place)  # type: ignore[arg-type]
    short = shorten(reading.names).short
    edges = [(short[cause], short[effect]) for cause, effect in reading.edges]
    question = reading.question
    if question.kind == "cause" and signs_between(reading.statements, *question.names) & {"-", "~"}:
        cause, effect = question.names
        raise Unclear("reduces", **place, cause=cause, effect=effect)  # type: ignore[arg-type]
    if question.kind in ("cause", "affect"):
        together = [(short[first], short[second]) for first, second in reading.together]
        return tasks.causes_prompt(edges, (short[question.names[0]], short[question.names[1]]), together)
    if question.kind in ("independent", "blockers") and (cycle := tasks.find_cycle(reading.edges)):
        raise Unclear("cycle", **place, loop=" → ".join(cycle))  # type: ignore[arg-type]
    if question.kind == "independent":
        if reading.together:
            raise Unclear("mixed", **place)  # type: ignore[arg-type]
        given = [short[name] for name in question.given]
        return tasks.separation_prompt(edges, (short[question.names[0]], short[question.names[1]]), given)
    return None, None


_OF_KIND = {
    "direct": "parent",
    "any_confounder": "has_confounder",
    "any_common_cause": "has_confounder",
    "any_collider": "has_collider",
}


def _system(
    reading: Reading, meanings: Sequence[Meaning], asked: Asked, place: dict[str, object]
) -> tuple[str | None, str | None]:
    """The prompt of a hypothesis about correlations, once the premises say of each pair what holds."""
    if asked.kind.startswith("hypothesis:"):
        _, relation, *rest = asked.kind.split(":")
    else:
        relation, rest = _OF_KIND.get(reading.question.kind, ""), []
    if not relation:
        simple = reading.question.kind in ("cause", "affect", "increase")
        raise Unclear("only_correlations" if simple else "correlation_kind", **place)  # type: ignore[arg-type]
    _check_complete(reading, meanings, place)
    object.__setattr__(reading, "question", Question("hypothesis", reading.question.names))
    short = shorten(reading.names).short
    prompt = tasks.hypothesis_prompt(
        [short[name] for name in reading.names],
        [(short[first], short[second]) for first, second in reading.together],
        [(short[x], short[y], tuple(short[one] for one in given)) for x, y, given in reading.independent],
        relation,
        (short[reading.question.names[0]], short[reading.question.names[1]]),
        bool(rest),
    )
    try:
        tasks.grammar_of(prompt[1]).parse(prompt[1])
    except ValueError as error:
        raise Unclear("no_class", **place, reason=reading.renaming.restore(str(error))) from None  # type: ignore[arg-type]
    return prompt


def _check_complete(reading: Reading, meanings: Sequence[Meaning], place: dict[str, object]) -> None:
    """Raises [`Unclear`] where the premises are silent about a pair, or about the number of variables."""
    names = reading.names
    if len(names) > tasks.MAX_VARIABLES:
        raise Unclear("too_many_variables", **place, most=tasks.MAX_VARIABLES)  # type: ignore[arg-type]
    sizes = {meaning.size for meaning in meanings if meaning.size is not None}
    if sizes - {len(names)}:
        raise Unclear("system_size", **place, size=min(sizes), named=len(names))  # type: ignore[arg-type]
    told = {frozenset(pair) for pair in reading.together}
    told |= {frozenset((first, second)) for first, second, given in reading.independent if not given}
    for first, second in combinations(names, 2):
        if frozenset((first, second)) not in told:
            raise Unclear("silent_pair", **place, first=first, second=second)  # type: ignore[arg-type]


__all__ = ["compose", "say"]
