"""Errors of publishing, each one line that names the remedy."""

from __future__ import annotations

from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled, RepositoryNotFoundError

from hf_causal.cards.errors import CardError

_INVALID_CARD = "Invalid metadata in README.md"


class PublishError(ValueError):
    """Publishing failed; the message is one line that names the remedy."""


def is_transient(error: BaseException | None) -> bool:
    """Returns whether a retry may help: the connection broke, or the server is busy or failed."""
    while error is not None:
        if isinstance(error, HfHubHTTPError):
            return error.response.status_code in (408, 429) or error.response.status_code >= 500
        if isinstance(error, OfflineModeIsEnabled):
            return False
        if isinstance(error, ConnectionError) or _is_transport_error(error):
            return True
        error = error.__cause__
    return False


def explain(error: Exception, repo_id: str, endpoint: str) -> PublishError:
    """Returns any error as a [`PublishError`] that a user can act on."""
    if isinstance(error, PublishError):
        return error
    if isinstance(error, CardError):
        return PublishError(str(error))
    if isinstance(error, OfflineModeIsEnabled):
        return PublishError("`HF_HUB_OFFLINE` is set: unset it to publish")
    if _INVALID_CARD in str(error):
        reason = " ".join(str(error).partition(_INVALID_CARD)[2].split()).lstrip(". -")
        return PublishError(f"the Hub refuses the card of {repo_id!r}: {reason}")
    if is_transient(error):
        return PublishError(
            f"{endpoint} failed while {repo_id!r} was published ({_root_cause(error)}); nothing was committed: "
            "publish again, uploaded files are not sent again"
        )
    if isinstance(error, HfHubHTTPError):
        return PublishError(_explain_status(error, repo_id))
    return PublishError(f"cannot publish {repo_id!r}: {' '.join(str(error).split())}")


def _is_transport_error(error: BaseException) -> bool:
    """Compares by name, since the client has changed its HTTP library before."""
    return any(base.__name__ == "TransportError" for base in type(error).__mro__)


def _explain_status(error: HfHubHTTPError, repo_id: str) -> str:
    status, namespace = error.response.status_code, repo_id.split("/")[0]
    if status == 401 and not isinstance(error, RepositoryNotFoundError):
        return "the token is not valid any more: run `hf auth login`, or set `HF_TOKEN`"
    if status == 403:
        return f"no write access to {repo_id!r}: ask the owners of {namespace!r}, or use a token that may write there"
    if isinstance(error, RepositoryNotFoundError):
        return f"{repo_id!r} does not exist, or this token may not see it"
    return f"the Hub refused {repo_id!r} with status {status}: {_root_cause(error)}"


def _root_cause(error: BaseException) -> str:
    """Returns the innermost cause in a few words."""
    while error.__cause__ is not None and not isinstance(error, HfHubHTTPError):
        error = error.__cause__
    if isinstance(error, HfHubHTTPError):
        message = error.server_message or error.response.reason_phrase
        return f"{error.response.status_code} {message}".strip()
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:200]
