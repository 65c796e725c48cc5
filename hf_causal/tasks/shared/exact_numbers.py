"""Numbers as texts and replies write them: decimals, fractions and percentages, read exactly."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import NamedTuple

PLACES = 4
"""Decimal places that an answer needs unless it is exact."""

DIGITS = r"(?:\d{1,60}(?:\.\d{1,40})?|\.\d{1,40})"
NUMBER = rf"[-−]?\s?{DIGITS}(?:\s?/\s?{DIGITS})?\s?%?"
"""A decimal or a quotient of two, perhaps in percent."""
_NUMBER = re.compile(rf"\s*(?P<sign>[-+−])?\s?(?P<top>{DIGITS})(?:\s?/\s?(?P<bottom>{DIGITS}))?\s?(?P<percent>%)?\s*")


class WrittenNumber(NamedTuple):
    """A number with what its text says about its exactness."""

    value: Fraction
    places: int | None
    """Decimal places, of the number and not of its percentage; `None` for a quotient."""

    def is_exact(self, true: Fraction) -> bool:
        """Returns whether it is a number itself."""
        return self.value == true

    def rounds(self, true: Fraction) -> bool:
        """Returns whether it is a number, or differs from it by at most half a unit of its last place."""
        if self.places is None:
            return self.value == true
        return abs(self.value - true) <= Fraction(1, 2 * 10**self.places)

    def is_right(self, true: Fraction) -> bool:
        """Returns whether it is a number, or that number rounded to `PLACES` places or more."""
        return self.value == true or (self.places is not None and self.places >= PLACES and self.rounds(true))


def read_number(text: str) -> WrittenNumber:
    """Reads a text that is one number.

    Raises:
        `ValueError`: If it is anything else, or a quotient by 0.

    Example:

    ```python
    >>> read_number("3/5").value == read_number("60%").value == read_number("0.6").value
    True
    >>> read_number("62.35 %").places
    4

    ```
    """
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise ValueError(f"cannot read {text.strip()!r:.60} as a number such as '3/5', '0.6' or '60%'")
    value = Fraction(match["top"])
    places: int | None = len(match["top"].partition(".")[2])
    if match["bottom"] is not None:
        if not Fraction(match["bottom"]):
            raise ValueError(f"{text.strip()!r:.60} divides by 0")
        value, places = value / Fraction(match["bottom"]), None
    if match["percent"]:
        value, places = value / 100, None if places is None else places + 2
    return WrittenNumber(-value if match["sign"] in ("-", "−") else value, places)


def write_decimal(value: Fraction, most_places: int = 18) -> str | None:
    """Writes a number as an exact decimal; `None` where it has none of so few places.

    Example:

    ```python
    >>> write_decimal(Fraction(3, 8)), write_decimal(Fraction(1, 3)), write_decimal(Fraction(-1))
    ('0.375', None, '-1')

    ```
    """
    denominator, twos, fives = value.denominator, 0, 0
    while not denominator & 1:
        denominator, twos = denominator >> 1, twos + 1
    while not denominator % 5:
        denominator, fives = denominator // 5, fives + 1
    places = max(twos, fives)
    if denominator != 1 or places > most_places:
        return None
    digits = str(abs(value.numerator) * 10**places // value.denominator).rjust(places + 1, "0")
    sign = "-" if value < 0 else ""
    return sign + (f"{digits[:-places]}.{digits[-places:]}" if places else digits)


def write_number(value: Fraction, decimals: bool = True) -> str:
    """Writes a number exactly: as a decimal of at most `PLACES` places, or else as a fraction in lowest terms.

    Example:

    ```python
    >>> write_number(Fraction(3, 8)), write_number(Fraction(1, 3)), write_number(Fraction(3, 8), decimals=False)
    ('0.375', '1/3', '3/8')

    ```
    """
    return (write_decimal(value, PLACES) if decimals else None) or str(value)
