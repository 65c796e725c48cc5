"""The forms that the sentences of a closed system have, word by word."""

from __future__ import annotations

import re

from .configuration_axiom_looped import AxiomLoopedConfig
from .text_axiom_looped import Text, spell

_LIST = "N(?:(?:, and|,| and) N)*"
_STATEMENT = rf"(?:However, )?(?:N correlates with N|N is independent of N|N and N are independent given {_LIST})"
_HYPOTHESES = (
    "N directly causes N",
    "N causes something else which causes N",
    "N is a cause for N, but not a direct one",
    "There exists at least one collider (i.e., common effect) of N and N",
    "There exists at least one confounder (i.e., common cause) of N and N",
    "N directly affects N",
    "N influences N through some mediator(s)",
    "N and N together cause some other variable(s)",
    "Some variable(s) cause(s) both N and N",
)
_FORMS = {
    "premise": "Premise:",
    "list": rf"Suppose there is a closed system of N variables, {_LIST}\.",
    "header": "All the statistical relations among these N variables are as follows:",
    "statement": rf"{_STATEMENT}\.?(?: Hypothesis:)?|Hypothesis:",
    "hypothesis": rf"(?:{'|'.join(map(re.escape, _HYPOTHESES))})\.?",
}
"""Patterns of the sentences of a prompt, in their order and with N for each name."""

EXPECTED = {
    "premise": "'Premise:'",
    "list": "'Suppose there is a closed system of N variables, X, Y and Z.'",
    "header": "'All the statistical relations among these N variables are as follows:'",
    "statement": "'X correlates with Y.', 'X is independent of Y.' or 'X and Y are independent given Z.'",
    "hypothesis": "'X directly causes Y.' or another hypothesis of the task",
}
"""The same for people."""


def check_forms(text: Text, config: AxiomLoopedConfig) -> None:
    """Checks every word of prompts about closed systems.

    Raises:
        `ValueError`: For the first sentence with words that its form does not have, or out of order, and for a premise
            that announces another number of variables than it lists.
    """
    words = {id: word for word, id in config.all_word_ids.items()}
    for row in range(len(text.input_ids)):
        sentences = _sentences_of(text, row)
        shapes = [_shape(ids, words) for ids in sentences]
        for number, form in enumerate(_expected_forms(shapes)):
            if not re.fullmatch(_FORMS[form], shapes[number]):
                raise unreadable(row, number, spell(sentences[number], config), EXPECTED[form])
        size = max(shape.count("N") - 1 for shape in shapes if re.fullmatch(_FORMS["list"], shape))
        announced = re.findall(r"(?: of| these) (\S+) variables", " ".join(spell(ids, config) for ids in sentences))
        if announced != [str(size)] * 2:
            raise ValueError(
                f"`input_ids` row {row} announces {' and '.join(announced)} variables and lists {size}; the numbers "
                "must be equal"
            )


def unreadable(row: int, number: int, sentence: str, form: str) -> ValueError:
    """Returns the error for a sentence of another form."""
    return ValueError(
        f"`input_ids` row {row}: part {number + 1} cannot be read: {sentence!r}; it should have the form {form}"
    )


def _sentences_of(text: Text, row: int) -> list[list[int]]:
    """Returns the token ids of each sentence of a row."""
    real = text.real[row]
    sentences: dict[int, list[int]] = {}
    for index, id in zip(text.sentence[row][real].tolist(), text.input_ids[row][real].tolist(), strict=True):
        sentences.setdefault(index, []).append(id)
    return list(sentences.values())


def _shape(ids: list[int], words: dict[int, str]) -> str:
    """Returns a sentence with N for each name."""
    pieces: list[str] = []
    for id in ids:
        if id in words:
            pieces.append(words[id])
        elif not pieces or pieces[-1] != "N":
            pieces.append("N")
    return re.sub(r" (?=[.,])", "", " ".join(pieces))


def _expected_forms(shapes: list[str]) -> list[str]:
    """Returns the form that each sentence of a prompt should have; 'Premise:' may be left out."""
    opening = ["premise", "list", "header"] if shapes[0] == "Premise:" else ["list", "header"]
    statements = ["statement"] * max(len(shapes) - len(opening) - 1, 0)
    return [*opening, *statements, "hypothesis"][: len(shapes)]


__all__ = ["EXPECTED", "check_forms", "unreadable"]
