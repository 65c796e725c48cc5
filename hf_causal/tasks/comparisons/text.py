"""The text of comparisons: a structural model, and `Is the average treatment effect of A on B larger than 0?`.

Premises and quantities are those of `hf_causal.tasks.quantities`; the second one may be a number.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from hf_causal.tasks.shared.chance_prompts import ChancePrompt, read_premise_and_question
from hf_causal.tasks.shared.exact_numbers import NUMBER, read_number
from hf_causal.tasks.shared.quantity_texts import Quantity, read_quantity

QUESTION_FORM = "Is the average treatment effect of A on B larger than the average treatment effect of C on B?"


@dataclass(frozen=True)
class Prompt(ChancePrompt):
    """A parsed prompt."""

    first: Quantity
    second: Quantity | str
    """A quantity, or a number as it is written."""

    @property
    def question_text(self) -> str:
        """The canonical text of the question."""
        return f"Is {self.first} larger than {self.second}?"

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        """The quantities that are compared, one or two."""
        return (self.first, self.second) if isinstance(self.second, Quantity) else (self.first,)


def recognizes(text: str) -> bool:
    """Returns whether a text asks which of two quantities of a model with probabilities is larger."""
    return _COMPARES.search(text) is not None and _STATES.search(text) is not None


def parse_prompt(text: str) -> Prompt:
    """Parses a prompt as people write it.

    Raises:
        `ValueError`: With the sentence that cannot be read and what would have been right.

    Example:

    ```python
    >>> text = "P(A=1) = 0.5. P(B=1 | A=0) = 20%. P(B=1 | A=1) = 3/4. There are no hidden common causes."
    >>> parse_prompt(f"{text} Is the average causal effect of A on B greater than 1/2?").question_text
    'Is the average treatment effect of A on B larger than 1/2?'

    ```
    """
    premise, match = read_premise_and_question(text, _ENDED, _QUESTION, QUESTION_FORM)
    return Prompt(premise, _read_side(match[1], match[0]), _read_second(match[2], match[0]))


def _read_second(text: str, question: str) -> Quantity | str:
    if _IS_NUMBER.fullmatch(text.strip()):
        read_number(text)
        return "".join(text.split())
    return _read_side(text, question)


def _read_side(text: str, question: str) -> Quantity:
    quantity = read_quantity(text.strip(), question)
    if quantity.type == "bounds":
        raise ValueError(f"cannot read the question {question!r}: bounds are two numbers, of which none is compared")
    return quantity


_ENDED = re.compile(r"(.+\.) (Is the (?:(?!\. ).)+)\?")
_QUESTION = re.compile(r"is\s+(.+?)\s+(?:larger|greater|higher|bigger|more) than\s+(.+)", re.IGNORECASE)
_COMPARES = re.compile(
    r"\bis\s+(?:the\s|P\().+\b(?:larger|greater|higher|bigger|more) than\b", re.IGNORECASE | re.DOTALL
)
_STATES = re.compile(r"\bwith probability\b|\bP\(", re.IGNORECASE)
_IS_NUMBER = re.compile(NUMBER)
