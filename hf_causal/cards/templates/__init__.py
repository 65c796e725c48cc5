"""Jinja templates of the cards."""

from __future__ import annotations

from importlib import resources


def read_template(name: str) -> str:
    """Returns the text of a template in this folder."""
    return (resources.files(__name__) / name).read_text(encoding="utf-8")
