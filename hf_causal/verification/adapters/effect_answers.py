"""Compares stated quantities with exact ones: to the digits that were asked for, and apart from rounding."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any, NamedTuple

from hf_causal.verification.adapters.effect_questions import (
    Effect,
    check_instruction,
    read_effect_question,
    solve_effect,
)
from hf_causal.verification.adapters.effect_texts import Scene
from hf_causal.verification.adapters.open_questions import two_models
from hf_causal.verification.adapters.questions import OutOfScopeError, Solution, UnreadableError

TOLERANCE = Fraction(1, 20_000) + Fraction(1, 10**9)
"""Half a unit of the fourth decimal place, to which answers are stated."""
SLACK = Fraction(1, 1_000)
"""Differences up to this are counted as rounding, since rounded numbers enter a calculation several times."""


class Stated(NamedTuple):
    """A stated answer; each part may be absent."""

    answer: str | None = None
    number: Fraction | None = None


LACKING = "LACK_CONDITION"
"""What CauGym states where the text does not determine the answer."""


def solve(scene: Scene, asked: str, wants: Stated, instruction: str = "") -> Solution:
    """Returns the exact answer to a question about an effect, with the parts that the stated one has.

    Args:
        scene ([`Scene`]): The graph and the stated probabilities.
        asked (`str`): The question.
        wants ([`Stated`]): The stated answer.
        instruction (`str`): The sentence before the question that names the effect, or nothing.

    Raises:
        [`UnreadableError`]: With words that are not understood, or an instruction for another question.
        [`OutOfScopeError`]: If the stated probabilities do not lead to an answer, and no two models show that they
            cannot.
    """
    question = read_effect_question(scene, asked)
    check_instruction(scene, question, instruction)
    effect = solve_effect(scene, question)
    if effect is None:
        proof = two_models(scene, question)
        if proof is None:
            raise OutOfScopeError("no rule leads from the stated probabilities to the answer, and nothing is proved")
        return Solution((Stated(LACKING),), proof, underdetermined=True)
    if wants.answer == LACKING:
        wants = Stated(None if effect.rises is None else "Yes", Fraction(0))
    return solution_of(effect, wants)


def concluded(derivation: Any) -> str | None:
    """Returns the Yes or No that the last step of a derivation concludes, where it does."""
    steps = list(derivation.values()) if isinstance(derivation, dict) else []
    last = next((step for step in reversed(steps) if isinstance(step, str)), "")
    match = re.search(r"(?:the answer is (Yes|No)|答案为(是|否))[.。]?\s*$", last)
    return None if not match else {"Yes": "Yes", "是": "Yes"}.get(match[1] or match[2], "No")


def solution_of(effect: Effect, wants: Stated) -> Solution:
    """Returns the solution for a quantity."""
    if wants.answer is not None and effect.rises is None:
        raise UnreadableError("a bound has no Yes or No")
    word = None if wants.answer is None or effect.rises is None else "Yes" if effect.rises else "No"
    exact = Stated(word, None if wants.number is None else effect.value)

    def accepts(stated: Any) -> bool:
        # A model may write more than is asked for.
        same = exact.answer in (None, stated.answer)
        return same and (exact.number is None or _gap(stated, exact) <= TOLERANCE)

    def nearly(stated: Any) -> str:
        same = exact.answer in (None, stated.answer)
        close = same and exact.number is not None and _gap(stated, exact) <= SLACK
        return f"the difference is {float(_gap(stated, exact)):.6f}" if close else ""

    return Solution((exact,), effect.proof, accepts, nearly)


def _gap(stated: Stated, exact: Stated) -> Fraction:
    if stated.number is None or exact.number is None:
        return Fraction(10)
    return abs(stated.number - exact.number)


def spell(stated: Any) -> str:
    """Writes an answer."""
    number = "" if stated.number is None else decimal(stated.number)
    return ", ".join(part for part in (stated.answer, number) if part)


def decimal(number: Fraction) -> str:
    """Writes a number with four decimal places."""
    return f"{float(round(number, 4)):.4f}"
