"""Checks that the Hub will accept a card: by its text alone, then by a request."""

from __future__ import annotations

import json
from typing import Any

import yaml
from huggingface_hub import ModelCard, RepoCard

from hf_causal.cards.errors import CardError

SDKS = ("gradio", "docker", "static")
COLOURS = ("red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray")


def parse_card(text: str) -> dict[str, Any]:
    """Returns the metadata in the YAML of a card.

    Raises:
        [`CardError`]: If there is no YAML, or it cannot be read.

    Example:

    ```python
    >>> parse_card("---\\nlicense: mit\\n---\\n# Title")
    {'license': 'mit'}

    ```
    """
    if not text.startswith("---"):
        raise CardError("invalid card: README.md must begin with YAML between two lines `---`")
    try:
        return ModelCard(text).data.to_dict()  # a model card also checks its `model-index`
    except (yaml.YAMLError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise CardError(f"invalid card: the YAML of README.md cannot be read: {reason}") from error


def parse_space_card(text: str) -> dict[str, Any]:
    """Returns the metadata in the YAML of a Space's card.

    Raises:
        [`CardError`]: If it does not name the SDK that starts the Space, or has a value that the Hub refuses.
    """
    data = parse_card(text)
    if data.get("sdk") not in SDKS:
        raise CardError(f"invalid card: `sdk` must be one of {', '.join(SDKS)}, got {data.get('sdk')!r}")
    for name in ("colorFrom", "colorTo"):
        if data.get(name, "blue") not in COLOURS:
            raise CardError(f"invalid card: `{name}` must be one of {', '.join(COLOURS)}, got {data[name]!r}")
    return data


def validate_on_hub(text: str, repo_type: str) -> None:
    """Sends a card to the Hub's validator, so that no repository is created for an invalid one.

    Raises:
        [`CardError`]: With the Hub's reasons.
    """
    try:
        RepoCard(text).validate(repo_type)
    except ValueError as error:
        raise CardError(f"invalid card: the Hub refuses it: {_reasons(str(error))}") from error


def _reasons(response: str) -> str:
    """Returns the messages in the validator's JSON, or its text where it is not JSON."""
    try:
        return "; ".join(error["message"] for error in json.loads(response)["errors"])
    except (ValueError, KeyError, TypeError):
        return " ".join(response.split())
