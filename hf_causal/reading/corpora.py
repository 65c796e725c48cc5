"""Prompts of the corpora, whose names are random letters and may look like words ("if causes As.")."""

from __future__ import annotations

from hf_causal.reading.lexicon import english
from hf_causal.reading.names import is_plain
from hf_causal.reading.reading import Mark, Question, Reading, Statement
from hf_causal.reading.tasks import canonical
from hf_causal.reading.text import Text


def read_corpora_prompt(premises: Text, question: Text) -> Reading | None:
    """Reads a prompt that is letter by letter as the corpora write it, with names of at most three characters.

    A pronoun or a denial is none: "It causes mud." is refused as in any other text.
    """
    texts = [text.normal for text in (premises, question) if text.normal]
    parsed = canonical(" ".join(texts))
    if parsed is None:
        return None
    task, edges, pair, given = parsed
    names = tuple(dict.fromkeys([name for edge in edges for name in edge] + [*pair, *given]))
    stated = {name for edge in edges for name in edge}
    if not all(map(is_plain, names)) or not {*pair, *given} <= stated or any(map(_is_refused, names)):
        return None
    statements, marks = [], []
    place = 0
    for cause, effect in edges:
        end = place + len(f"{cause} causes {effect}.")
        statements.append(Statement(cause, effect, "+", place, end - 1))
        marks += _marks(cause, effect, place)
        place = end + 1
    kind = "cause" if task == "transitivity" else "independent"
    asked = Question(kind, pair, given)
    return Reading(
        tuple(statements), asked, names, "en", tuple(marks), task=task, prompt=" ".join(texts)
    )  # fmt: skip


def _marks(cause: str, effect: str, place: int) -> list[Mark]:
    verb = place + len(cause) + 1
    return [
        Mark("premises", place, verb - 1, "name", cause),
        Mark("premises", verb, verb + 6, "relation", "causes"),
        Mark("premises", verb + 7, verb + 7 + len(effect), "name", effect),
    ]


def _is_refused(name: str) -> bool:
    if len(name) == 1 or not (name.islower() or name.istitle()):
        return False
    refused = english().data["refused"]
    return any(name.casefold() in map(str, refused[group]) for group in ("negation", "pronoun", "quantity"))
