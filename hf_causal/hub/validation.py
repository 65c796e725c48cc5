"""The token to publish with."""

from __future__ import annotations

from huggingface_hub import get_token

from hf_causal.hub.errors import PublishError


def check_token(token: str | bool | None = None) -> str:
    """The token to publish with: the one given, that of `HF_TOKEN`, or the one that `hf auth login` stored.

    Raises:
        [`PublishError`]: If there is none.
    """
    found = token if isinstance(token, str) else get_token()
    if not found:
        raise PublishError("there is no token: run `hf auth login`, or set `HF_TOKEN`")
    return found
