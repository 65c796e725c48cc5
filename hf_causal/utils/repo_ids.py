"""Repository ids that the Hub accepts, checked without a request."""

from __future__ import annotations


def check_repo_id(repo_id: str) -> None:
    """Raises `ValueError` unless `repo_id` is a `NAMESPACE/NAME` that the Hub accepts.

    Example:

    ```python
    >>> check_repo_id("causal-lab/axiomatic")
    >>> check_repo_id("axiomatic")
    Traceback (most recent call last):
        ...
    ValueError: `repo_id` must be NAMESPACE/NAME, got 'axiomatic'

    ```
    """
    from huggingface_hub.utils import HFValidationError, validate_repo_id

    namespace, _, name = repo_id.partition("/")
    if not (namespace and name) or "/" in name:  # the client also accepts a name alone
        raise ValueError(f"`repo_id` must be NAMESPACE/NAME, got {repo_id!r}")
    try:
        validate_repo_id(repo_id)
    except HFValidationError as error:
        reason = " ".join(str(error).split())
        raise ValueError(f"`repo_id` must be a name that the Hub accepts: {reason}") from error
