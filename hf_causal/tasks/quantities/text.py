"""The text of quantities: a structural model in words and a question such as `What is the average treatment effect?`.

Premises are those of `hf_causal.tasks.shared.chances`, quantities those of `hf_causal.tasks.shared.quantity_texts`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from hf_causal.tasks.shared.chance_prompts import ChancePrompt, read_premise_and_question
from hf_causal.tasks.shared.chances import NO_HIDDEN_CAUSES
from hf_causal.tasks.shared.quantity_texts import Quantity, read_quantity

QUESTION_FORM = "What is the probability that B is 1 if A is set to 1?"


@dataclass(frozen=True)
class Prompt(ChancePrompt):
    """A parsed prompt."""

    quantity: Quantity

    @property
    def question_text(self) -> str:
        """The canonical text of the question."""
        return f"What {'are' if self.quantity.type == 'bounds' else 'is'} {self.quantity}?"

    @property
    def question(self) -> tuple[str, ...]:
        """The variables that the question is about."""
        return self.quantity.names


def recognizes(text: str) -> bool:
    """Returns whether a text asks for a quantity of a model with probabilities."""
    return _ASKS.search(text) is not None and _STATES.search(text) is not None


def parse_prompt(text: str) -> Prompt:
    """Parses a prompt as people write it.

    Raises:
        `ValueError`: With the sentence that cannot be read and what would have been right.

    Example:

    ```python
    >>> text = "P(A=1) = 0.5. P(B=1 | A=0) = 20%. If A is 1, B is 1 with probability 3/4."
    >>> text = f"{text} There are no hidden common causes. What is P(B=1 | do(A=1))?"
    >>> parse_prompt(text).question_text
    'What is the probability that B is 1 if A is set to 1?'

    ```
    """
    premise, match = read_premise_and_question(text, _ENDED, _QUESTION, QUESTION_FORM)
    return Prompt(premise, read_quantity(match[1], match[0]))


_ENDED = re.compile(r"(.+\.) (What (?:is|are) [^.?]+)\?")
_QUESTION = re.compile(r"(?:what (?:is|are)|compute|find|calculate)\s+(.+)", re.IGNORECASE)
_ASKS = re.compile(r"\b(?:what (?:is|are)|compute|find|calculate)\s+(?:the\s|P\()", re.IGNORECASE)
_STATES = re.compile(rf"\bwith probability\b|\bP\(|{re.escape(NO_HIDDEN_CAUSES[:-1])}", re.IGNORECASE)
