"""Hypotheses about correlations, in the sentences of Corr2Cause and its published paraphrases."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hf_causal.reading.meaning import Asked, Meaning, Mention
from hf_causal.reading.names import Name
from hf_causal.reading.tasks import HYPOTHESES, PARAPHRASES
from hf_causal.reading.tokens import Sentence


def read_hypothesis(text: str, start: int, parsed: Sequence[tuple[Sentence, Meaning]]) -> Asked | None:
    """Reads a hypothesis where the premises are correlations; `None` for any other question.

    Names are only those of the premises, so a template is matched in one way or in none.
    """
    if any(meaning.edges for _, meaning in parsed) or not any(
        m.together or m.independent or m.variables for _, m in parsed
    ):
        return None
    for templates in (HYPOTHESES, PARAPHRASES):
        for relation, template in templates.items():
            if (names := _match(template.removesuffix("."), text)) is not None:
                pair = tuple(
                    Mention(Name(names[one][0], start + names[one][1], start + names[one][2])) for one in "ij"
                )
                kind = f"hypothesis:{relation}" + (":paraphrased" if templates is PARAPHRASES else "")
                return Asked(kind, pair)
    return None


def _match(template: str, text: str) -> dict[str, tuple[str, int, int]] | None:
    """The names at {i} and {j}, with their places; matched from left to right without going back."""
    pieces = re.split(r"(\{[ij]\})", template)
    folded, names, place, open_name = text.casefold(), {}, 0, ""
    if len(folded) != len(text):
        return None
    begin = 0
    for piece in pieces:
        if piece in ("{i}", "{j}"):
            open_name, begin = piece[1], place
            continue
        if not piece:
            continue
        at = folded.find(piece.casefold(), place)
        if at < 0 or (not open_name and at != place):
            return None
        if open_name:
            names[open_name] = (text[begin:at].strip(), begin, at)
        open_name, place = "", at + len(piece)
    if open_name:
        names[open_name] = (text[begin:].strip(), begin, len(text))
    elif place != len(text):
        return None
    return names if len(names) == 2 and all(name for name, _, _ in names.values()) else None
