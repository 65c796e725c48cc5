"""English phrases with their kinds to the rows that the grammar reads: names joined, lists separated."""

from __future__ import annotations

from collections.abc import Sequence

from hf_causal.reading.english import Phrase, decide, is_preposition, look_up
from hf_causal.reading.lexicon import english
from hf_causal.reading.names import Name
from hf_causal.reading.problems import Unclear, refuse_words
from hf_causal.reading.tokens import Sentence, Token


def terminals(sentence: Sentence, is_question: bool) -> tuple[list[Token], list[Token]]:
    """Returns the terminals of a sentence and the words of it that change nothing.

    Raises:
        [`Unclear`]: With the first word that changes the meaning and cannot be read.
    """
    phrases = look_up(sentence)
    decide(phrases, is_question)
    ignored = [Token("NEUTRAL", one.text, one.start, one.end) for one in phrases if one.kind == "NEUTRAL"]
    kept = [phrase for phrase in phrases if phrase.kind != "NEUTRAL"]
    check(kept)
    return separate(join_names(kept)), ignored


def check(phrases: Sequence[Phrase]) -> None:
    """Raises [`Unclear`] for a word that changes the meaning, or a mark that has no place in a sentence."""
    refused = [phrase for phrase in phrases if phrase.kind == "REFUSED"]
    refuse_words([(one.entries["REFUSED"].note, one.text, one.start, one.end) for one in refused])
    for phrase in phrases:
        if phrase.kind == "TWO_WAY":
            raise Unclear("two_way", phrase.start, phrase.end)
        if phrase.kind == "MARK" and phrase.text not in "{}[]":
            raise Unclear("mark", phrase.start, phrase.end, word=phrase.text)


def join_names(phrases: Sequence[Phrase]) -> list[Token]:
    """Joins the words of each name, and checks that they can be one."""
    rows: list[Token] = []
    held: list[Phrase] = []
    path = any(phrase.kind in ("PATH_FROM", "BLOCK") for phrase in phrases)
    for phrase in [*phrases, Phrase("END", "", 0, 0, {})]:
        if phrase.kind in ("WORD", "QUOTED") and not (path and phrase.text.casefold() == "to"):
            held.append(phrase)
            continue
        if held:
            rows.append(_name(held))
            held = []
        if phrase.kind != "END" and phrase.text not in "{}[]":
            kind = {"WORD": "TO", "CHANGED_TO": "TO_CHANGED"}.get(phrase.kind, phrase.kind)
            entry = phrase.entry or phrase.entries.get("CHANGED")
            rows.append(Token(kind, phrase.text, phrase.start, phrase.end, entry))
    return rows


def _name(words: Sequence[Phrase]) -> Token:
    articles = english().words("articles")
    start, end = words[0].start, words[-1].end
    for word, following in zip(words, words[1:], strict=False):
        if word.text.casefold() == following.text.casefold():
            raise Unclear("double_word", word.start, following.end, word=word.text)
    if any(word.kind == "QUOTED" for word in words):
        rest = [word for word in words if word.text.casefold() not in articles or word.kind == "QUOTED"]
        if len(rest) > 1:
            raise Unclear("quotes", start, end)
        return Token("NAME", rest[0].text, start, end, Name(rest[0].text, start, end, quoted=True))
    if len(words) > 1 and words[0].text.casefold() in articles:
        words = words[1:]
    text = " ".join(word.text for word in words)
    if not any(letter.isalnum() for letter in text):
        raise Unclear("mark", start, end, word=text)
    for word in words:
        if _is_adverb(word.text):
            raise Unclear("adverb", word.start, word.end, word=word.text)
    for edge in (words[0], words[-1]):
        if len(words) > 1 and is_preposition(edge):
            raise Unclear("preposition", start, end, name=text, word=edge.text)
    if "--" in text:
        raise Unclear("undirected", start, end)
    return Token("NAME", text, start, end, Name(text, words[0].start, end))


def _is_adverb(word: str) -> bool:
    folded = word.casefold()
    return folded.endswith("ly") and len(folded) > 4 and folded not in english().words("ly_words")


def separate(rows: Sequence[Token]) -> list[Token]:
    """Joins commas and "and" to one separator, and tells "and causes" from the "and" of a list."""
    joined: list[Token] = []
    for place, token in enumerate(rows):
        last = joined[-1] if joined and joined[-1].kind == "SEP" else None
        if token.kind in ("COMMA", "AND"):
            if last and (token.kind == "COMMA" or "and" in last.data):
                raise Unclear("mark", token.start, token.end, word=token.text)
            written = (last.data if last else "") + ("," if token.kind == "COMMA" else "and")
            if last:
                joined.pop()
            verb = token.kind == "AND" and place + 1 < len(rows) and rows[place + 1].kind in _VERBAL
            joined.append(Token("AGAIN" if verb else "SEP", token.text, token.start, token.end, written))
            continue
        if last and "," in last.data and token.kind in _REASONS:
            raise Unclear("comma_because", token.start, token.end, word=token.text)
        if last and token.kind in ("THAT", "SO", "THEN", "GIVEN"):
            joined.pop()
        joined.append(token)
    return _commas_of_conditions(_commas_of_verbs(joined))


_VERBAL = ("ACTIVE", "BACKWARD", "HELPER", "BE", "MAKE", "DIRECTLY")
_REASONS = ("BECAUSE", "BECAUSE_OF", "IF")


def _commas_of_verbs(rows: list[Token]) -> list[Token]:
    """Makes the commas of "A causes B, leads to C, and reduces D" what its "and" is."""
    if not any(one.kind == "AGAIN" for one in rows):
        return rows
    return [
        Token("AGAIN", one.text, one.start, one.end, one.data)
        if one.kind == "SEP" and one.data == "," and following is not None and following.kind in _VERBAL
        else one
        for one, following in zip(rows, [*rows[1:], None], strict=True)
    ]


def _commas_of_conditions(rows: list[Token]) -> list[Token]:
    """Makes the one comma of "Because of X, Y" what "then" is; with several, what belongs together is not clear."""
    if (
        not rows
        or rows[0].kind not in ("BECAUSE", "BECAUSE_OF", "IF", "GIVEN")
        or any(one.kind == "THEN" for one in rows)
    ):
        return rows
    commas = [place for place, one in enumerate(rows) if one.kind == "SEP" and one.data == ","]
    if len(commas) != 1:
        return rows
    comma = rows[commas[0]]
    rows[commas[0]] = Token("THEN", comma.text, comma.start, comma.end)
    following = rows[commas[0] + 1] if commas[0] + 1 < len(rows) else comma
    if following.kind == "BE":  # "Given X, are Y and Z independent"
        rows[commas[0] + 1] = Token("IS", following.text, following.start, following.end)
    return rows
