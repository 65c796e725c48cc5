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
    (top, places), (bottom, below) = _digits(match["top"]), _digits(match["bottom"] or "1")
    if not bottom:
        raise ValueError(f"{text.strip()!r:.60} divides by 0")
    places += 2 if match["percent"] else 0
    sign = -1 if match["sign"] in ("-", "−") else 1
    value = Fraction(sign * top * 10**below, bottom * 10**places)
    return WrittenNumber(value, None if match["bottom"] is not None else places)


def _digits(decimal: str) -> tuple[int, int]:
    """Returns the digits of a decimal as a whole number, and its number of decimal places."""
    whole, _, rest = decimal.partition(".")
    return int(whole + rest), len(rest)


def write_decimal(value: Fraction, most_places: int = 18) -> str | None:
    """Writes a number as an exact decimal; `None` where it has none of so few places.

    Example:

    ```python
    >>> write_decimal(Fraction(3, 8)), write_decimal(Fraction(1, 3)), write_decimal(Fraction(-1))
    ('0.375', None, '-1')

    ```
    """
    if 10**most_places % value.denominator:
        return None
    places = 0
    while 10**places % value.denominator:
        places += 1
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
