"""Chinese characters to the terminals of `data/chinese.lark`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from hf_causal.reading.lexicon import Entry, chinese, english
from hf_causal.reading.names import Name
from hf_causal.reading.problems import Unclear, refuse_words
from hf_causal.reading.tokens import Sentence, Token

MAX_PIECES = 1_500
"""Of one sentence."""
_VERBS = ("ACTIVE", "MAKE", "BACKWARD")
_ANYWHERE = (
    "BETWEEN", "HAVE_COMMON", "PATH", "HAS_EFFECT", "ROLE", "INDEPENDENT", "CORRELATED", "IN_TURN", "SHARE_HIDDEN",
    "IS_LATENT", "UNSEEN_AFFECTS",
)  # fmt: skip
_MARKS = {",": "COMMA", "、": "COMMA", "|": "BAR", ":": "COLON"}


@dataclass
class Piece:
    """A phrase of the lexicon, a run of other characters, a quotation or a mark."""

    kind: str
    text: str
    start: int
    end: int
    entries: Mapping[str, Entry] = field(default_factory=dict)
    joined: bool = False
    """Whether it follows the piece before it without a blank."""

    def may_be(self, *kinds: str) -> bool:
        """Whether the lexicon has the phrase as one of some kinds."""
        return any(kind in self.entries for kind in kinds)


def has_han(text: str) -> bool:
    """Whether a text has a Chinese character."""
    return any("\u3400" <= letter <= "\u9fff" or "\U00020000" <= letter <= "\U0003ffff" for letter in text)


def looks_like_question(sentence: Sentence) -> bool:
    """Whether a sentence without a question mark asks: it has 吗, 是否, 什么 or 为什么."""
    return any(piece.may_be("ASK", "WHETHER", "WHAT", "WHY") for piece in look_up(sentence))


def look_up(sentence: Sentence) -> list[Piece]:
    """Returns the longest phrases of the lexicon from left to right, and what is between them."""
    phrases, pieces = chinese().phrases, []
    end_before = -1
    for token in sentence.tokens:
        if token.kind != "WORD":
            kind = _MARKS.get(token.text, "MARK") if token.kind == "MARK" else token.kind
            pieces.append(Piece(kind, token.text, token.start, token.end, joined=token.start == end_before))
            end_before = token.end
            continue
        place, held = 0, 0
        while place < len(token.text):
            end, entries = phrases.longest(token.text, place)
            if end == place:
                place += 1
                continue
            if held < place:
                pieces.append(_piece(token, held, place, [], end_before))
                end_before = token.start + place
            pieces.append(_piece(token, place, end, entries, end_before))
            end_before = token.start + end
            place = held = end
        if held < len(token.text):
            pieces.append(_piece(token, held, len(token.text), [], end_before))
            end_before = token.end
    return pieces


def _piece(token: Token, start: int, end: int, entries: Sequence[Entry], end_before: int) -> Piece:
    kinds = {} if any(entry.kind == "PLAIN" for entry in entries) else {entry.kind: entry for entry in entries}
    begin = token.start + start
    return Piece("WORD", token.text[start:end], begin, token.start + end, kinds, begin == end_before)


def terminals(sentence: Sentence, is_question: bool) -> tuple[list[Token], list[Token]]:
    """Returns the terminals of a sentence and the words of it that change nothing.

    Raises:
        [`Unclear`]: With the first word that changes the meaning and cannot be read.
    """
    pieces = look_up(sentence)
    if len(pieces) > MAX_PIECES:
        raise Unclear("sentence_too_long", sentence.start, sentence.end, most=MAX_PIECES)
    _decide(pieces, is_question)
    refused = [piece for piece in pieces if piece.kind == "REFUSED"]
    refuse_words([(one.entries["REFUSED"].note, one.text, one.start, one.end) for one in refused])
    for piece in pieces:
        if is_question and piece.kind == "WORD" and piece.text == "了" and piece.joined:
            piece.kind = "NEUTRAL"
        if not is_question and piece.may_be("WHETHER", "WHAT", "WHY", "ASK"):
            raise Unclear("question_in_premises", piece.start, piece.end)
        left_over = piece.may_be("BE", "BECAUSE", "SO", "IN_TURN", "COND") and piece.text not in ("后",)
        if piece.kind == "WORD" and (left_over or _is_english(piece.text)):
            raise Unclear("mark", piece.start, piece.end, word=piece.text)
        if piece.kind == "TWO_WAY":
            raise Unclear("two_way", piece.start, piece.end)
        if piece.kind == "MARK":
            raise Unclear("mark", piece.start, piece.end, word=piece.text)
    ignored = [Token("NEUTRAL", one.text, one.start, one.end) for one in pieces if one.kind == "NEUTRAL"]
    return _separate(_names(pieces), is_question), ignored


def _is_english(text: str) -> bool:
    """Whether a piece is an English word that is more than a part of a name."""
    _, entries = english().phrases.longest((text.strip().casefold(),), 0)
    return len(text.strip()) > 1 and any(entry.kind not in ("CHANGE", "CHANGED", "ACTIVE") for entry in entries)


def _decide(pieces: list[Piece], is_question: bool) -> None:
    """Gives every phrase its kind, from right to left: what a character is shows in what follows it."""
    start = _neutral_opening(pieces, is_question)
    following = Piece("END", "", 0, 0)
    passive = _ends_with_verb(pieces)
    given = start < len(pieces) and pieces[start].may_be("GIVEN")
    for place in range(len(pieces) - 1, start - 1, -1):
        piece = pieces[place]
        if piece.kind == "WORD" and piece.entries:
            before = pieces[place - 1] if place > start else Piece("START", "", 0, 0)
            piece.kind = _decide_one(piece, before, following, is_question, passive) or "WORD"
            if piece.may_be("COND") and given and following.kind == "COMMA":
                piece.kind = "NEUTRAL"
            if piece.kind == "WORD" and "REFUSED" in piece.entries:
                piece.kind = "REFUSED"
        if piece.kind != "NEUTRAL":
            following = piece


def _neutral_opening(pieces: list[Piece], is_question: bool) -> int:
    place = 0
    given = is_question and any(piece.may_be("INDEPENDENT") for piece in pieces)
    while place < len(pieces) - 1 and pieces[place].may_be("NEUTRAL"):
        if given and pieces[place].may_be("GIVEN"):
            break
        pieces[place].kind = "NEUTRAL"
        place += 1
        if pieces[place].kind in ("COMMA", "COLON"):
            pieces[place].kind = "NEUTRAL"
            place += 1
    return place


def _ends_with_verb(pieces: Sequence[Piece]) -> bool:
    """Whether a sentence ends as "B由A引起(的)(吗)" does."""
    rest = [piece for piece in pieces if not piece.may_be("ASK", "DE")]
    return bool(rest) and rest[-1].may_be("ACTIVE") and any(piece.may_be("BY", "BE") for piece in pieces)


def _decide_one(piece: Piece, before: Piece, following: Piece, is_question: bool, passive: bool) -> str | None:
    after = following.kind
    if piece.may_be("NEUTRAL") and (before.kind in ("COMMA", "NEUTRAL") or after in ("HELPER", "DIRECTLY", *_VERBS)):
        joining = piece.text in ("并", "还", "又", "并且", "而且", "也") and before.kind == "COMMA" and after in _VERBS
        return "AGAIN" if joining else "NEUTRAL"
    ends = after in ("END", "COMMA", "ASK", "BETWEEN", "SO") or after in _VERBS or after == "HELPER"
    if (
        piece.may_be("CHANGED")
        and ends
        and before.kind in ("WORD", "QUOTED")
        and not (passive and after in ("END", "ASK"))
    ):
        return "CHANGED"
    for kind in _VERBS:
        if piece.may_be(kind):
            objects = after in ("WORD", "QUOTED", "WHAT", "DE", "ASK", "END")
            return kind if objects and before.kind != "START" else None
    return _as_small_word(piece, before, after, is_question, passive)


def _as_small_word(piece: Piece, before: Piece, after: str, is_question: bool, passive: bool) -> str | None:
    if piece.may_be("WHETHER") and is_question:
        if after in (*_VERBS, "DIRECTLY"):
            return "HELPER"
        return "NEUTRAL" if after in ("BE", "INDEPENDENT", "HAVE_COMMON", "PATH") else "BE"
    before_verb = after in (*_VERBS, "DIRECTLY", "HELPER", "BLOCK", "MAKE")
    names_follow = after in ("WORD", "QUOTED", "WHAT")
    conditions = {
        "HELPER": before_verb,
        "DIRECTLY": before_verb,
        "BOTH": before_verb or after == "INDEPENDENT",
        "SUO": after == "ACTIVE",
        "DE": before.may_be("ACTIVE") and after in ("END", "ASK") and passive,
        "BE": (names_follow or after in ("BY", "WHAT")) and before.kind != "START",
        "BY": passive and names_follow,
        "ON": names_follow,
        "AND": names_follow and before.kind in ("WORD", "QUOTED"),
        "GIVEN": is_question or before.kind == "START",
        "BECAUSE": before.kind == "START",
        "SO": before.kind == "COMMA" and names_follow,
        "ASK": after == "END",
        "WHAT": is_question,
        "WHY": is_question,
        "FROM": before.kind == "START",
        "TO": is_question and names_follow,
        "BLOCK": is_question,
        **dict.fromkeys(_ANYWHERE, True),
    }
    kind = next((kind for kind, holds in conditions.items() if holds and piece.may_be(kind)), None)
    return "NEUTRAL" if kind == "SUO" else kind


def _names(pieces: Sequence[Piece]) -> list[Token]:
    rows: list[Token] = []
    held: list[Piece] = []
    path = any(piece.kind in ("FROM", "BLOCK") for piece in pieces)
    for piece in [*pieces, Piece("END", "", 0, 0)]:
        if piece.kind == "TO" and not path:
            piece.kind = "WORD"
        if piece.kind in ("WORD", "QUOTED"):
            held.append(piece)
            continue
        if held:
            rows.append(_name(held, piece.kind))
            held = []
        if piece.kind not in ("END", "NEUTRAL"):
            entry = piece.entries.get(piece.kind)
            rows.append(Token(piece.kind, piece.text, piece.start, piece.end, entry))
        elif piece.kind == "NEUTRAL":
            rows.append(Token("NEUTRAL", piece.text, piece.start, piece.end))
    return [token for token in rows if token.kind != "NEUTRAL"]


def _name(pieces: Sequence[Piece], following: str) -> Token:
    start, end = pieces[0].start, pieces[-1].end
    if any(piece.kind == "QUOTED" for piece in pieces):
        if len(pieces) > 1:
            raise Unclear("quotes", start, end)
        return Token("NAME", pieces[0].text, start, end, Name(pieces[0].text, start, end, quoted=True))
    text = "".join(("" if index == 0 or piece.joined else " ") + piece.text for index, piece in enumerate(pieces))
    if following == "CHANGED" and text.endswith("的"):
        text, end = text[:-1], end - 1
    if not any(letter.isalnum() for letter in text):
        raise Unclear("mark", start, end, word=text)
    return Token("NAME", text, start, end, Name(text, start, end))


def _separate(rows: Sequence[Token], is_question: bool) -> list[Token]:
    joined: list[Token] = []
    opening = rows[0].kind if rows else ""
    for place, token in enumerate(rows):
        last = joined[-1].kind if joined else ""
        following = rows[place + 1].kind if place + 1 < len(rows) else "END"
        if token.kind == "COMMA" and following in ("IN_TURN", "SO", "AGAIN"):
            continue
        if token.kind in ("COMMA", "AND"):
            if last in ("SEP", "THEN") or not joined:
                raise Unclear("mark", token.start, token.end, word=token.text)
            then = token.kind == "COMMA" and opening in ("BECAUSE", "GIVEN") and token.text == ","
            kind = "THEN" if then and all(one.kind != "THEN" for one in joined) else "SEP"
            written = "、" if token.kind == "AND" or token.text == "、" else ","
            joined.append(Token(kind, token.text, token.start, token.end, written))
            continue
        kind = {"IN_TURN": "THAT", "SO": "THEN"}.get(token.kind, token.kind)
        joined.append(Token(kind, token.text, token.start, token.end, token.data))
    return joined
