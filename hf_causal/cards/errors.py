"""The error of everything that is wrong with a card."""

from __future__ import annotations


class CardError(ValueError):
    """A card cannot be written or read, or the Hub would refuse it; the message is one line that names the remedy."""
