"""The meanings of all sentences together: one set of names, statements with signs, and the prompt of a task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hf_causal.reading.doubts import find_doubt
from hf_causal.reading.effect_prompts import check_back_door, check_cause
from hf_causal.reading.hidden import EFFECT_KINDS, check_names, latent_names, with_hidden_nodes
from hf_causal.reading.meaning import Asked, Meaning, Mention
from hf_causal.reading.problems import Unclear
from hf_causal.reading.prompts import system_prompt, with_prompt
from hf_causal.reading.reading import Question, Reading, Statement
from hf_causal.reading.resolve import Table, asked_kind, asked_mentions, edge_sign, mentions_of, stranger
from hf_causal.reading.source import Source
from hf_causal.reading.tokens import Sentence

MAX_EDGES = 1_000
Parsed = Sequence[tuple[Sentence, Meaning]]


def compose(parsed: Parsed, asked: Asked, stated: Source, source: Source, language: str) -> Reading:
    """Returns the reading of a text whose sentences were all read.

    Raises:
        [`Unclear`]: If its names or its sentences do not go together.
    """
    meanings = [meaning for _, meaning in parsed]
    mentions = mentions_of(meanings)
    table = Table.of([*mentions, *asked_mentions(asked)])
    known = dict.fromkeys(table.settle(mention)[0] for mention in mentions)
    statements = _statements(parsed, table, stated)
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
    reading = Reading(statements, question, names, language, marks, together, independent)  # type: ignore[arg-type]
    reading = _with_hidden(reading, parsed, table, stated)
    place = {"start": asked.pair[0].start, "end": asked.pair[-1].end, "asked": True}
    try:
        if not statements and not reading.hidden:
            return system_prompt(reading, meanings, asked)
        if independent or any(meaning.variables or meaning.size for meaning in meanings):
            raise Unclear("mixed", 0, 0)
        reading = _with_prompt(reading, asked)
    except Unclear as unclear:
        raise Unclear(unclear.message, **place, **unclear.values) from None  # type: ignore[arg-type]
    unquoted = [table.shown[one] for one in known if one not in table.quoted] if not table.plain else []
    if doubt := find_doubt(reading, unquoted):
        raise Unclear("same_thing", **place, name=doubt[0], other=doubt[1])  # type: ignore[arg-type]
    return reading


def _with_hidden(reading: Reading, parsed: Parsed, table: Table, stated: Source) -> Reading:
    """Returns a reading with what is unobserved in it."""
    meanings, kind = [meaning for _, meaning in parsed], reading.question.kind
    if kind in (*EFFECT_KINDS, "independent", "blockers"):
        for mention in (one for meaning in meanings for one in meaning.selected):
            raise Unclear("selected", mention.start, mention.end, name=mention.name.text)
    pairs = [(_shown(table, pair), sentence.start) for sentence, meaning in parsed for pair in meaning.hidden]
    latent = latent_names(meanings, table, kind)
    if kind in EFFECT_KINDS:
        check_names(meanings, table, latent)
    if not pairs and not latent:
        return reading
    if same := [pair for pair, _ in pairs if pair[0] == pair[1]]:
        raise Unclear("itself", 0, len(stated.text.normal), name=same[0][0])
    hidden = tuple((pair[0], pair[1]) for pair, _ in pairs)
    starts = tuple(stated.text.place(start, start + 1)[0] for _, start in pairs)
    reading = replace(reading, hidden=hidden, hidden_starts=starts, latent=latent)
    return with_hidden_nodes(reading) if pairs and kind not in EFFECT_KINDS else reading


def _with_prompt(reading: Reading, asked: Asked) -> Reading:
    if asked.causes:
        check_cause(reading)
    reading = with_prompt(reading)
    if asked.back_door:
        check_back_door(reading)
    return reading


def _shown(table: Table, mentions: Sequence[Mention]) -> tuple[str, ...]:
    return tuple(table.shown[table.settle(mention)[0]] for mention in mentions)


def _statements(parsed: Parsed, table: Table, stated: Source) -> tuple[Statement, ...]:
    size = sum(len(meaning.edges) + len(meaning.together) for _, meaning in parsed)
    if size > MAX_EDGES:
        raise Unclear("too_many_statements", 0, len(stated.text.normal), size=size, most=MAX_EDGES)
    statements = []
    for sentence, meaning in parsed:
        start, end = stated.text.place(sentence.start, sentence.end)
        for edge in meaning.edges:
            cause, effect = _shown(table, (edge.cause, edge.effect))
            statements.append(Statement(cause, effect, edge_sign(edge, table), start, end))
    return tuple(statements)


def _question(asked: Asked, table: Table, known: dict[str, None], language: str) -> Question:
    for mention in asked_mentions(asked):
        name_key = table.settle(mention)[0]
        if name_key not in known:
            raise stranger(mention, [table.shown[one] for one in known], language == "en")
    kind, direction = asked_kind(asked, table)
    pair, given = _shown(table, asked.pair), tuple(dict.fromkeys(_shown(table, asked.given)))
    third = _shown(table, (asked.third,))[0] if asked.third else None
    _check_different(asked, table)
    return Question(kind, pair, given, third, direction, asked.num_changed)


def _check_different(asked: Asked, table: Table) -> None:
    """Raises [`Unclear`] where a question is about a name and itself, or conditions on what it is about."""
    seen: set[str] = set()
    for mention in (*asked.pair, *((asked.third,) if asked.third else ())):
        name_key = table.settle(mention)[0]
        if name_key in seen and (asked.edge is None or asked.directly or asked.kind == "why"):
            raise Unclear("itself", mention.start, mention.end, name=table.shown[name_key], asked=True)
        seen.add(name_key)
    for mention in asked.given:
        name_key = table.settle(mention)[0]
        if name_key in seen:
            raise Unclear("given_asked", mention.start, mention.end, name=table.shown[name_key], asked=True)
