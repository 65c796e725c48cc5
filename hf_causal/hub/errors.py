"""What can go wrong on the way to the Hub, in one line each."""

from __future__ import annotations

from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled, RepositoryNotFoundError

from hf_causal.cards.errors import CardError

_INVALID_CARD = "Invalid metadata in README.md"


class PublishError(ValueError):
    """Publishing failed; the message is one line that says what would be right."""


def is_passing(error: BaseException | None) -> bool:
    """Whether trying again may help: the connection broke, or the server is busy or broken."""
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
    """The error of a client or server as one that a user can act on."""
    if isinstance(error, OfflineModeIsEnabled):
        return PublishError("`HF_HUB_OFFLINE` is set: unset it to publish")
    if isinstance(error, CardError):
        return PublishError(str(error))
    if _INVALID_CARD in str(error):
        reason = " ".join(str(error).partition(_INVALID_CARD)[2].split()).lstrip(". -")
        return PublishError(f"the Hub refuses the card of {repo_id!r}: {reason}")
    if is_passing(error):
        return PublishError(
            f"{endpoint} failed while {repo_id!r} was published ({_reason(error)}); nothing was committed: publish "
            "again, what has arrived is not sent again"
        )
    if isinstance(error, HfHubHTTPError):
        return PublishError(_explain_status(error, repo_id))
    return PublishError(f"cannot publish {repo_id!r}: {' '.join(str(error).split())}")


def _is_transport_error(error: BaseException) -> bool:
    """By name, since the client's HTTP library is its own affair and has changed before."""
    return any(kind.__name__ == "TransportError" for kind in type(error).__mro__)


def _explain_status(error: HfHubHTTPError, repo_id: str) -> str:
    status, namespace = error.response.status_code, repo_id.split("/")[0]
    if status == 401 and not isinstance(error, RepositoryNotFoundError):
        return "the token is not valid any more: run `hf auth login`, or set `HF_TOKEN`"
    if status == 403:
        return f"no write access to {repo_id!r}: ask the owners of {namespace!r}, or use a token that may write there"
    if isinstance(error, RepositoryNotFoundError):
        return f"{repo_id!r} does not exist, or this token may not see it"
    return f"the Hub refused {repo_id!r} with status {status}: {_reason(error)}"


def _reason(error: BaseException) -> str:
    """The innermost cause, in a few words."""
    while error.__cause__ is not None and not isinstance(error, HfHubHTTPError):
        error = error.__cause__
    if isinstance(error, HfHubHTTPError):
        said = error.server_message or error.response.reason_phrase
        return f"{error.response.status_code} {said}".strip()
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:200]
