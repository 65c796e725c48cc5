"""Headings of the page's answers, in the language of the question."""

from __future__ import annotations

import unicodedata
from functools import cache
from pathlib import Path

import yaml


@cache
def _labels() -> dict[str, dict[str, str]]:
    return yaml.safe_load(Path(__file__).with_name("labels.yaml").read_text(encoding="utf-8"))


def label(name: str, language: str, **values: object) -> str:
    """Returns a heading or sentence of `labels.yaml`.

    Example:

    ```python
    >>> label("proof", "en"), label("proof", "zh")
    ('Proof', '证明')

    ```
    """
    return _labels()[name][language].format(**values)


def language_of(*texts: str) -> str:
    """Returns the language of the first text that has letters: `"zh"` where some are Chinese, else `"en"`."""
    for text in texts:
        names = [unicodedata.name(letter, "") for letter in text if letter.isalpha()]
        if names:
            return "zh" if any(name.startswith("CJK") for name in names) else "en"
    return "en"
