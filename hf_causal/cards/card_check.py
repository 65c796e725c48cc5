"""Whether the Hub will take a card: first by its text alone, then by asking."""

from __future__ import annotations

import json
import re
from typing import Any

import yaml
from huggingface_hub import ModelCard, RepoCard

from hf_causal.cards.errors import CardError

SDKS = ("gradio", "docker", "static")
COLOURS = ("red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray")
_FRONT_MATTER = re.compile(r"\A---[ \t]*\r?\n(.*?)\r?\n---[ \t]*(?:\r?\n|\Z)", re.DOTALL)


def parse_card(text: str) -> dict[str, Any]:
    """The YAML of a card.

    Raises:
        [`CardError`]: If there is none, or it cannot be read.

    Example:

    ```python
    >>> parse_card("---\\nlicense: mit\\n---\\n# Title")
    {'license': 'mit'}

    ```
    """
    found = _FRONT_MATTER.match(text)
    if not found:
        raise CardError("invalid card: README.md must begin with YAML between two lines `---`")
    try:
        data = yaml.safe_load(found[1])
        ModelCard(text)  # knows what a model-index may hold
    except (yaml.YAMLError, ValueError) as error:
        raise CardError(
            f"invalid card: the YAML of README.md cannot be read: {' '.join(str(error).split())}"
        ) from error
    if not isinstance(data, dict):
        raise CardError("invalid card: the YAML of README.md must be a mapping")
    return data


def read_space_card(text: str) -> dict[str, Any]:
    """The YAML of a Space's card.

    Raises:
        [`CardError`]: If it does not say how to start the Space, or the Hub would not take it.
    """
    data = parse_card(text)
    if data.get("sdk") not in SDKS:
        raise CardError(f"invalid card: `sdk` must be one of {', '.join(SDKS)}, got {data.get('sdk')!r}")
    for name in ("colorFrom", "colorTo"):
        if data.get(name, "blue") not in COLOURS:
            raise CardError(f"invalid card: `{name}` must be one of {', '.join(COLOURS)}, got {data[name]!r}")
    return data


def check_card(text: str, repo_type: str) -> None:
    """Asks the Hub whether it takes a card, before a repository is made for it.

    Raises:
        [`CardError`]: With the Hub's reasons.
    """
    try:
        RepoCard(text).validate(repo_type)
    except ValueError as error:
        raise CardError(f"invalid card: the Hub refuses it: {_reasons(str(error))}") from error


def _reasons(answer: str) -> str:
    try:
        return "; ".join(error["message"] for error in json.loads(answer)["errors"])
    except (ValueError, KeyError, TypeError):
        return " ".join(answer.split())
