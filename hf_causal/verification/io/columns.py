"""Finds the columns of a table with the text and the label, and reads and writes labels in their spelling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

TEXTS = (("prompt",), ("input",), ("premise", "question"), ("premise", "hypothesis"))
"""Columns that a row's text is taken from: the first of these that the table has completely."""

LABELS = ("completion", "label", "answer", "relation", "output")
"""Columns that a row's label is taken from: the first of these that the table has."""

_SPELLINGS = (
    ("Yes", "No"),
    ("1", "0"),
    ("True", "False"),
    ("Entailment", "Non-entailment"),
    ("Entailment", "Not_entailment"),
    ("Entailment", "Non_entailment"),
    ("Entailment", "Not-entailment"),
    ("Entailment", "Contradiction"),
    ("Entailment", "Neutral"),
    ("Entails", "Does not entail"),
)
_NUMBERS = (bool, int, float, Decimal)
_ANSWERS: dict[Any, str] = {
    spelling.lower(): answer for pair in _SPELLINGS for spelling, answer in zip(pair, ("Yes", "No"), strict=True)
}
_COUNTERPARTS = {yes.lower(): no for yes, no in reversed(_SPELLINGS)} | {no.lower(): yes for yes, no in _SPELLINGS}
# The most frequent spellings, so that a look-up is enough; 1 is equal to True, 1.0 and Decimal(1).
_EXACT: dict[Any, str] = {"Yes": "Yes", "No": "No", "yes": "Yes", "no": "No", 1: "Yes", 0: "No"}


def answer_of(value: Any, classes: Sequence[str] = ()) -> str | None:
    """Returns the answer that a label means.

    Args:
        value: The label of a row.
        classes (sequence of `str`): Names of the classes, for a column of class numbers.

    Returns:
        `str` or `None`: `"Yes"`, `"No"`, or `None` if the label means neither.

    Example:

    ```python
    >>> [answer_of(label) for label in ("Yes", " no", 1, False, "non-entailment", "maybe", None)]
    ['Yes', 'No', 'Yes', 'No', 'No', None, None]
    >>> answer_of(0, ["entailment", "neutral"])
    'Yes'

    ```
    """
    if isinstance(value, str):
        return _EXACT.get(value) or _ANSWERS.get(value.strip().rstrip(".").lower())
    if not isinstance(value, _NUMBERS):
        return None
    if classes and not isinstance(value, bool):
        return answer_of(classes[int(value)]) if 0 <= value < len(classes) else None
    return _EXACT.get(value)


def spell(answer: str, like: Any, classes: Sequence[str] = ()) -> Any:
    """Spells an answer as the labels of a column are spelled.

    Args:
        answer (`str`): `"Yes"` or `"No"`.
        like: A label of that column, whose type, words and letter case the answer gets.
        classes (sequence of `str`): Names of the classes, for a column of class numbers.

    Raises:
        `ValueError`: If none of the classes means the answer.

    Example:

    ```python
    >>> [spell("No", like) for like in ("Yes", "TRUE", 1, True, "entailment", "maybe")]
    ['No', 'FALSE', 0, False, 'non-entailment', 'No']

    ```
    """
    if answer_of(like, classes) == answer:
        return like
    if isinstance(like, _NUMBERS):
        if not classes or isinstance(like, bool):
            return type(like)(answer == "Yes")
        numbers = [number for number, name in enumerate(classes) if answer_of(name) == answer]
        if not numbers:
            raise ValueError(
                f"none of the classes {', '.join(classes)} means {answer!r}, so the label has no correction"
            )
        return type(like)(numbers[0])
    word = _COUNTERPARTS.get(like.strip().rstrip(".").lower()) if isinstance(like, str) else None
    if word is None:
        return answer
    first, *_ = like.strip()
    return word.lower() if first.islower() else word.upper() if like.isupper() else word


@dataclass(frozen=True)
class Columns:
    """The columns of a table that a verification reads."""

    text: tuple[str, ...]
    """One column, or premise and question."""
    label: str
    second_label: str | None = None
    """`label`, in a table that also has `completion`, which must agree with it."""
    certificate: str | None = None
    parts: tuple[str, ...] = ()
    """`premise` and `question`, in a table that also has `prompt`, which they must make up."""
    classes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Names of the classes of label columns that hold class numbers."""
    structure: str | None = None
    """`structure`, in a table with certificates: it says whether feedback among the statements is meant."""

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all these columns."""
        further = (self.second_label, self.certificate, self.structure)
        return (*self.text, self.label, *(name for name in further if name), *self.parts)

    @property
    def labels(self) -> tuple[str, ...]:
        """The columns with the label, one or two."""
        return (self.label, self.second_label) if self.second_label else (self.label,)

    def texts(self, row: Mapping[str, Any]) -> list[str] | None:
        """Returns the prompt of a row, or its premise and question; `None` if any of them is not a string."""
        texts = [text for column in self.text if isinstance(text := row.get(column), str)]
        return texts if len(texts) == len(self.text) else None

    def answer(self, row: Mapping[str, Any], column: str) -> str | None:
        """Returns the answer in a label column of a row, see [`answer_of`]."""
        return answer_of(row.get(column), self.classes.get(column, ()))


def find_columns(names: Sequence[str], where: str, classes: Mapping[str, Sequence[str]] | None = None) -> Columns:
    """Finds the columns with the text and the label.

    Args:
        names (sequence of `str`): The columns of a table.
        where (`str`): The table's name, for the error.
        classes (mapping, *optional*): From column to the names of its classes.

    Raises:
        `ValueError`: If they are missing, with the columns of the table and those that would be right.
    """
    present = set(names)
    text = next((columns for columns in TEXTS if present.issuperset(columns)), None)
    label = next((column for column in LABELS if column in present), None)
    if text is None or label is None:
        missing = "text" if text is None else "label"
        texts = ", ".join(" and ".join(f"`{column}`" for column in columns) for columns in TEXTS)
        raise ValueError(
            f"{where} has no column for the {missing}: it has {', '.join(f'`{name}`' for name in names) or 'none'}. "
            f"{_about_separators(names)}"
            f"Rows need a text ({texts}) and a label ({', '.join(f'`{column}`' for column in LABELS)})"
        )
    return Columns(
        text,
        label,
        "label" if label == "completion" and "label" in present else None,
        "certificate" if "certificate" in present else None,
        tuple(name for name in ("premise", "question") if name in present and text == ("prompt",)),
        {name: list(values) for name, values in (classes or {}).items() if name in LABELS},
        "structure" if present.issuperset(("certificate", "structure")) else None,
    )


def _about_separators(names: Sequence[str]) -> str:
    """Returns a hint where the columns of a CSV file are separated by something else than commas."""
    mark = next((mark for mark in ";\t|" if len(names) == 1 and mark in names[0]), None)
    return f"Its columns seem to be separated by {mark!r}: separate them by commas. " if mark else ""
