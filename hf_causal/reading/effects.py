"""Questions about holding fixed, adjusting for and computing effects.

Such a question is read if every word of it is part of a known phrase or of a name that the premises have, and the
grammar has a reading of them. What else it says is refused.
"""

from __future__ import annotations

from collections.abc import Sequence

from hf_causal.reading.effect_rules import EffectQuestions
from hf_causal.reading.effect_words import ROWS, UNKNOWN, KnownNames, has_cue, with_strangers
from hf_causal.reading.grammar import MAX_TERMINALS, parse, transform
from hf_causal.reading.lexicon import chinese, english
from hf_causal.reading.meaning import Asked, Meaning
from hf_causal.reading.problems import Unclear, refuse_words
from hf_causal.reading.resolve import asked_mentions, stranger
from hf_causal.reading.tokens import Sentence, Token


def read_effect_question(
    sentence: Sentence, text: str, language: str, meanings: Sequence[Meaning], late: bool = False
) -> tuple[Asked, list[Token]] | Unclear | None:
    """Reads a question about effects.

    Args:
        sentence ([`Sentence`]): The question.
        text (`str`): Its normalised text.
        language (`str`): `"english"` or `"chinese"`.
        meanings (sequence of [`Meaning`]): Of the premises, whose names the question may have.
        late (`bool`): Whether nothing else reads the question.

    Returns:
        What it asks and its tokens, or why it cannot be read; `None` for a question that is of no form of these.

    Raises:
        [`Unclear`]: For a question that is understood as one with two meanings.
    """
    if len(sentence.tokens) > MAX_TERMINALS or not has_cue(
        text, language, *(("late",) if late else ("telling", "cues"))
    ):
        return None
    known = KnownNames(meanings)
    row = ROWS[language](sentence, known)
    if all(token.kind != UNKNOWN for token in row):
        try:
            tree = parse(f"effects_{language}", "question", row)
        except Unclear as unclear:
            return _trouble(text, language, unclear)
        asked = transform(EffectQuestions(), tree)
        return None if asked is None else (asked, row)
    if not has_cue(text, language, "telling"):
        return None
    return _unknown(text, language, row, known)


def _trouble(text: str, language: str, unclear: Unclear) -> Unclear | None:
    """Returns what to say of known words in an order that has no reading."""
    if not has_cue(text, language, "telling"):
        return None
    word = str(unclear.values.get("word", ""))
    if word.casefold() in ("or", "或", "或者"):
        return Unclear("refused_quantity", unclear.start, unclear.end, word=word)
    return Unclear("effect_form", unclear.start, unclear.end, word=word)


def _unknown(text: str, language: str, row: Sequence[Token], known: KnownNames) -> Unclear | None:
    """Returns what to say of unknown words: they change the meaning, are a name of nothing, or do not fit."""
    runs = [token for token in row if token.kind == UNKNOWN]
    try:
        refuse_words(
            [(note, token.text, token.start, token.end) for token in runs for note in _refused(token, language)]
        )
    except Unclear as unclear:
        return unclear
    try:
        tree = parse(f"effects_{language}", "question", with_strangers(row))
        asked = transform(EffectQuestions(), tree)
    except Unclear:
        small = english().words("articles") | english().words("prepositions")
        run = next((one for one in runs if one.text.casefold() not in small), runs[0])
        return Unclear("effect_form", run.start, run.end, word=run.text)
    if asked is None:
        return None
    strange = [one for one in asked_mentions(asked) if not known.has(one.name)]
    if not strange:
        return Unclear("effect_form", runs[0].start, runs[0].end, word=runs[0].text)
    return stranger(strange[0], [known.table.shown.get(one, one) for one in known.keys], language == "english")


def _refused(token: Token, language: str) -> list[str]:
    """Returns the group of a word that changes the meaning of a sentence, or nothing."""
    lexicon = english() if language == "english" else chinese()
    words = [token.text.casefold()] if language == "english" else token.text
    for start in range(len(words)):
        end, entries = lexicon.phrases.longest(words, start)
        notes = [entry.note for entry in entries if entry.kind == "REFUSED"] if end > start else []
        if notes and notes[0] not in ("helping_verb", "link"):
            return notes[:1]
    return []
