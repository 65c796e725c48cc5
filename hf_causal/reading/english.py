"""English words to the terminals of `data/english.lark`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hf_causal.reading.lexicon import Entry, english
from hf_causal.reading.problems import Unclear
from hf_causal.reading.tokens import Sentence

_VERBS = ("ACTIVE", "BACKWARD", "MAKE", "ING", "PASSIVE")
_BEFORE_VERB = (*_VERBS, "HELPER", "BE", "DIRECTLY", "CORRELATES", "BECOME", "ROLE", "INDEPENDENT")
_STARTS_NAME = ("WORD", "QUOTED", "CHANGE", "UNSURE_CHANGE", "LIKELIHOOD", "WEATHER")
_REASONS = {"BECAUSE", "BECAUSE_OF", "IF"}
_OPENS_QUESTION = ("DO", "IS", "WHAT", "WHY", "EXISTS", "IT_IS_TRUE")
_ONLY_ASKED = ("BLOCK", "PATH_FROM", "HAVE_COMMON", "IT_IS_TRUE", "WHAT", "WHY", "NOTHING")


@dataclass
class Phrase:
    """A phrase of the lexicon, a plain word, a quotation or a mark, with the kind that its surroundings give it."""

    kind: str
    text: str
    start: int
    end: int
    entries: Mapping[str, Entry]
    entry: Entry | None = None

    def may_be(self, *kinds: str) -> bool:
        """Whether the lexicon has the phrase as one of some kinds."""
        return any(kind in self.entries for kind in kinds)

    def take(self, kind: str, entry: Entry | None = None) -> None:
        self.kind, self.entry = kind, entry or self.entries.get(kind)


def look_up(sentence: Sentence) -> list[Phrase]:
    """Returns the longest phrases of the lexicon from left to right, every other word by itself."""
    tokens = sentence.tokens
    shouted = all(token.text.isupper() for token in tokens if token.kind == "WORD" and token.text.isalpha())
    parts = [token.text.casefold() if token.kind == "WORD" else "" for token in tokens]
    parts = ["&" if token.text == "&" else part for token, part in zip(tokens, parts, strict=True)]
    lexicon, phrases, place = english(), [], 0
    while place < len(tokens):
        token = tokens[place]
        end, entries = lexicon.phrases.longest(parts, place)
        if end == place + 1 and token.text.isupper() and not shouted and parts[place] in lexicon.words("acronyms"):
            end, entries = place, []
        if end == place:
            kind = token.kind if token.kind != "MARK" else _MARKS.get(token.text, "MARK")
            phrases.append(Phrase(kind, token.text, token.start, token.end, {}))
            place += 1
            continue
        text = " ".join(one.text for one in tokens[place:end])
        kinds = {entry.kind: entry for entry in entries}
        phrases.append(Phrase("WORD", text, token.start, tokens[end - 1].end, kinds))
        place = end
    return phrases


_MARKS = {",": "COMMA", "|": "BAR", ":": "COLON", "、": "COMMA"}


def decide(phrases: list[Phrase], is_question: bool) -> None:
    """Gives every phrase its kind, from right to left: what a word is shows in what follows it."""
    start = _neutral_opening(phrases, is_question)
    _neutral_between_commas(phrases)
    has_reason = any(phrase.may_be(*_REASONS) for phrase in phrases) or any(
        phrase.may_be("SO") for phrase in phrases[start + 1 :]
    )
    # Only "What does X cause?" ends with its verb; in "Does rain cause delays?" the last word is a name.
    asks = is_question and start < len(phrases) and _opening(phrases, start) == "WHAT"
    following = behind = Phrase("END", "", 0, 0, {})
    for place in range(len(phrases) - 1, start - 1, -1):
        phrase = phrases[place]
        if phrase.kind == "WORD" and phrase.entries:
            before = phrases[place - 1] if place > start else Phrase("START", "", 0, 0, {})
            if place > start + 1 and _two_verbs(phrase, before, following):
                phrase.take(next((kind for kind in ("CHANGE", "UNSURE_CHANGE") if phrase.may_be(kind)), "WORD"))
            elif _may_be_adjective(phrase) and (
                before.text == "a" or (behind.kind in _VERBS and (before.text == "A" or _is_list(before)))
            ):
                # "…, and lower growth raises debt", "a slow network causes"
                phrase.take(next((kind for kind in ("CHANGE", "UNSURE_CHANGE") if phrase.may_be(kind)), "WORD"))
            else:
                _decide_one(phrase, before, following, has_reason, asks, is_question)
        if phrase.kind != "NEUTRAL":
            following = phrase
        if phrase.kind not in ("WORD", "NEUTRAL", "QUOTED"):
            behind = phrase


def _two_verbs(phrase: Phrase, before: Phrase, following: Phrase) -> bool:
    """Whether a word behind a verb is an adjective although it may be a verb: "causes slow traffic".

    Raises:
        [`Unclear`]: If the word before may as well be a noun: "price increases reduced demand".
    """
    may_be_verb = before.kind == "WORD" and before.may_be("ACTIVE") and before.entries["ACTIVE"].single
    if not may_be_verb or following.kind not in _STARTS_NAME or not _may_be_adjective(phrase):
        return False
    if before.text.casefold() in english().words("verb_nouns"):
        raise Unclear("two_ways", before.start, phrase.end)
    return True


def _may_be_adjective(phrase: Phrase) -> bool:
    """Whether a form of a verb may stand before a noun: "reduced", "lower", "slow", "delayed", but not "caused"."""
    verb = phrase.entries.get("ACTIVE")
    text = phrase.text.casefold()
    past = verb is not None and verb.single and (verb.past or text in english().words("verb_adjectives"))
    return phrase.may_be("CHANGE", "UNSURE_CHANGE") or (past and text not in english().words("never_adjectives"))


def _neutral_opening(phrases: list[Phrase], is_question: bool) -> int:
    """Marks the words at the beginning that change nothing, and returns where the sentence begins."""
    place = 0
    while place < len(phrases):
        phrase = phrases[place]
        comma = place + 1 < len(phrases) and phrases[place + 1].kind in ("COMMA", "COLON")
        neutral = phrase.entries.get("NEUTRAL")
        if neutral is None or (neutral.note == "comma" and not comma) or place + 1 + comma >= len(phrases):
            break
        phrase.take("NEUTRAL")
        if comma:
            phrases[place + 1].take("NEUTRAL")
        place += 1 + comma
    return place


def _neutral_between_commas(phrases: list[Phrase]) -> None:
    """Marks ", however," and ", too" at the end, with their commas."""
    for before, phrase, after in zip(phrases, phrases[1:], [*phrases[2:], None], strict=False):
        neutral = phrase.may_be("NEUTRAL") and not phrase.may_be("AND") and phrase.kind == "WORD"
        if neutral and before.kind == "COMMA" and (after is None or after.kind == "COMMA"):
            for one in filter(None, (before, phrase, after)):
                one.take("NEUTRAL")


def _opening(phrases: list[Phrase], start: int) -> str | None:
    """The kind of the word that opens a question, if one does."""
    first = phrases[start]
    if first.may_be("HELPER"):
        first.take("DO")
    elif first.may_be("EXISTS", "IT_IS_TRUE", "WHAT", "WHY"):
        first.take(next(kind for kind in ("EXISTS", "IT_IS_TRUE", "WHAT", "WHY") if first.may_be(kind)))
    elif first.may_be("BE"):
        first.take("IS")
    else:
        return None
    following = phrases[start + 1] if start + 1 < len(phrases) else None
    if first.kind in ("WHAT", "WHY") and following and following.text.casefold() in _AUXILIARIES:
        following.take("DO")
        following.entries = {}
    first.entries = {}
    return first.kind


_AUXILIARIES = frozenset(("do", "does", "did", "can", "will"))


def _decide_one(
    phrase: Phrase, before: Phrase, following: Phrase, has_reason: bool, asks: bool, is_question: bool
) -> None:
    for rule in (_as_change, _as_verb, _as_noun_phrase, _as_small_word):
        if kind := rule(phrase, before, following, has_reason, asks):
            if kind in _ONLY_ASKED and not is_question:
                continue
            phrase.take(kind)
            return
    if "REFUSED" in phrase.entries and not (phrase.entries["REFUSED"].note == "link" and _in_name(before, following)):
        phrase.take("REFUSED")
    else:
        phrase.take("WORD", Entry("WORD"))


def _in_name(before: Phrase, following: Phrase) -> bool:
    """Whether a word such as "mean" is where only the middle of a name can be."""
    return before.text.casefold() in english().words("articles")


def _begins(before: Phrase) -> bool:
    """Whether a name begins behind a phrase, or goes on from its article."""
    if before.kind == "WORD" and not before.entries:
        return before.text.casefold() in english().words("articles")
    if before.kind == "WHAT":
        return False
    return not (before.kind == "QUOTED" or (before.kind == "WORD" and not before.may_be(*_NOT_IN_NAMES)))


_NOT_IN_NAMES = (
    *_VERBS, "HELPER", "BE", "AND", "BOTH", "THAT", "BECAUSE", "BECAUSE_OF", "IF", "THEN", "SO", "NEUTRAL", "DIRECTLY",
    "GIVEN", "ROLE", "HEADED", "CORRELATES", "INCLUDE", "INDEPENDENT_OF", "LIKELIHOOD", "REFUSED",
)  # fmt: skip


_BEFORE_NAMES = (
    "ROLE",
    "HEADED",
    "BECAUSE",
    "BECAUSE_OF",
    "IF",
    "SO",
    "LIKELIHOOD",
    "GIVEN",
    "INDEPENDENT_OF",
    "CORRELATES",
    "BE",
)


def _as_change(phrase: Phrase, before: Phrase, following: Phrase, has_reason: bool, asks: bool) -> str | None:
    if phrase.may_be("LIKELIHOOD"):
        led = before.may_be("ACTIVE", "CHANGE") and following.kind in ("WORD", "QUOTED")
        return "LIKELIHOOD" if led else None
    names = following.kind in ("WORD", "QUOTED", "LIKELIHOOD") and not is_preposition(following)
    for kind in ("CHANGE", "UNSURE_CHANGE"):
        if phrase.may_be(kind) and names and _begins(before) and not (phrase.may_be("ACTIVE") and _is_list(before)):
            return kind
    return None


def _is_list(before: Phrase) -> bool:
    return before.kind == "COMMA" or before.may_be("AND")


def _as_verb(phrase: Phrase, before: Phrase, following: Phrase, has_reason: bool, asks: bool) -> str | None:
    ends = following.kind in ("END", "COMMA", "BECAUSE", "BECAUSE_OF", "IF", "SO", "THEN", "AND")
    if phrase.may_be("CHANGED") and ends and before.kind == "WORD" and not before.may_be(*_NOT_IN_NAMES):
        if before.text.casefold() == "to" and following.kind in ("END", "COMMA", "AND"):
            before.take("NEUTRAL")
            return "CHANGED_TO"
        if has_reason:
            return "CHANGED"
    verb = next((kind for kind in _VERBS if phrase.may_be(kind)), None)
    if verb is None:
        return None
    if not phrase.entries[verb].single:
        return verb
    starts = following.kind in _STARTS_NAME or following.may_be("BOTH")
    if following.kind == "WORD" and is_preposition(following):
        return None
    if before.kind == "START" or before.text.casefold() in ("the", "an") or before.may_be(*_BEFORE_NAMES):
        return None
    if before.kind in ("DO", "IS") or (before.kind == "WORD" and is_preposition(before)):
        return None
    if starts and _is_list(before) and _may_be_adjective(phrase) and not phrase.may_be("CHANGE", "UNSURE_CHANGE"):
        raise Unclear("two_ways", before.start, phrase.end)
    return verb if starts or (asks and following.kind == "END") else None


def is_preposition(phrase: Phrase) -> bool:
    return phrase.text.casefold() in english().words("prepositions")


def _as_noun_phrase(phrase: Phrase, before: Phrase, following: Phrase, has_reason: bool, asks: bool) -> str | None:
    if phrase.may_be("HEADED") and (before.kind == "START" or not phrase.may_be("ROLE")):
        if before.kind == "START":
            return "HEADED"
        phrase.entries = {"ROLE": Entry("ROLE", "+", phrase.entries["HEADED"].note)}
    if phrase.may_be("BECAUSE_OF") and not before.may_be("BE"):
        return "BECAUSE_OF"
    for kind in _NOUN_PHRASES:
        if phrase.may_be(kind):
            return kind
    if phrase.may_be("VARIABLES") and before.text.isdigit():
        return "VARIABLES"
    return None


_NOUN_PHRASES = (
    "ROLE", "CORRELATES", "INDEPENDENT_OF", "GIVEN", "ITS_SYSTEM", "ALL_RELATIONS", "AS_FOLLOWS", "SHARE_HIDDEN",
    "UNMEASURED_CONFOUNDING", "IS_LATENT",
)  # fmt: skip


def _as_small_word(phrase: Phrase, before: Phrase, following: Phrase, has_reason: bool, asks: bool) -> str | None:
    verb_follows = following.kind in _BEFORE_VERB
    if phrase.may_be("NEUTRAL") and phrase.entries["NEUTRAL"].note != "comma" and not phrase.may_be("AND"):
        ends = following.kind == "END" and phrase.text.casefold() in ("too", "as well", "also", "in turn")
        if (verb_follows and phrase.text.casefold() != "but") or ends:
            return "NEUTRAL"
        if phrase.may_be("THEN") and has_reason and not verb_follows:
            return "THEN"
        if _is_list(before) and phrase.text.casefold() in ("then", "also", "in turn", "eventually", "ultimately"):
            return "NEUTRAL"
    if phrase.may_be("SO") and before.kind != "START":
        return "SO"
    if phrase.may_be("THAT") and verb_follows:
        return "THAT"
    if phrase.may_be("HELPER") and following.kind in _BEFORE_VERB:
        return "HELPER"
    if phrase.may_be("BE", "INCLUDE") and before.kind != "START":
        return "BE" if phrase.may_be("BE") else "INCLUDE"
    for kind in _PLAIN_KINDS:
        if phrase.may_be(kind):
            return kind
    return None


_PLAIN_KINDS = (
    "AND", "BOTH", "BECAUSE", "IF", "THERE_BE", "DIRECTLY", "NOTHING", "INDEPENDENT", "CORRELATED", "PATH_FROM",
    "BLOCK", "HAVE_COMMON", "LIKELIER", "LESS_LIKELY", "WEATHER", "BECOME", "EXISTS",
)  # fmt: skip
