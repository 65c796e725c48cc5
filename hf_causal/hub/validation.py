"""Names and tokens that the Hub takes, checked before anything is asked of it."""

from __future__ import annotations

from huggingface_hub import get_token
from huggingface_hub.errors import HFValidationError
from huggingface_hub.utils import validate_repo_id

from hf_causal.hub.errors import PublishError


def check_repo_id(repo_id: str) -> None:
    """Raises [`PublishError`] unless it is a `NAMESPACE/NAME` that the Hub takes.

    Example:

    ```python
    >>> check_repo_id("causal-lab/axiomatic")
    >>> check_repo_id("axiomatic")
    Traceback (most recent call last):
        ...
    hf_causal.hub.errors.PublishError: `repo_id` must be NAMESPACE/NAME, got 'axiomatic'

    ```
    """
    namespace, slash, name = repo_id.partition("/")
    if not (namespace and slash and name) or "/" in name:
        raise PublishError(f"`repo_id` must be NAMESPACE/NAME, got {repo_id!r}")
    try:
        validate_repo_id(repo_id)
    except HFValidationError as error:
        reason = " ".join(str(error).split())
        raise PublishError(f"`repo_id` must be a name that the Hub takes: {reason}") from error


def check_token(token: str | bool | None = None) -> str:
    """The token to publish with: the one given, that of `HF_TOKEN`, or the one that `hf auth login` stored.

    Raises:
        [`PublishError`]: If there is none.
    """
    found = token if isinstance(token, str) else get_token()
    if not found:
        raise PublishError("there is no token: run `hf auth login`, or set `HF_TOKEN`")
    return found
