"""This process as the client of a test Hub."""

from __future__ import annotations

import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from hub_server import HubServer
from huggingface_hub import constants

ORG = "causal-lab"


def use_hub(monkeypatch: pytest.MonkeyPatch, hub: HubServer, home: Path, token: str | None = "hf_writer") -> None:
    """Points this process at a Hub: what the libraries read from the environment at import is set after it."""
    monkeypatch.setattr(constants, "ENDPOINT", hub.url)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", hub.url + "/{repo_id}/resolve/{revision}/{filename}")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(home / "hub"))
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(home / "token"))
    # Clients keep the address that they were made with.
    monkeypatch.setattr("transformers.utils.hub._hf_api", None)
    monkeypatch.setattr("huggingface_hub.hf_api.api.endpoint", hub.url)
    monkeypatch.delenv("HF_TOKEN", raising=False)
    if token:
        monkeypatch.setenv("HF_TOKEN", token)


def never_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries wait, so that a busy server can recover; a test Hub has recovered at once."""
    hasty = SimpleNamespace(**{**vars(time), "sleep": lambda seconds: None})
    monkeypatch.setattr("hf_causal.hub.commit.time", hasty)
    monkeypatch.setattr("huggingface_hub.utils._http.time", hasty)
