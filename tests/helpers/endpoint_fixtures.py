"""What tests of endpoints share: questions, a network of which every host is the loopback, and connections."""

import json
import socket

import pytest
from huggingface_hub import constants

from hf_causal.evaluation.language_models import endpoint as module
from hf_causal.evaluation.language_models.endpoint import TOKEN_VARIABLE, Endpoint, Pace
from hf_causal.evaluation.language_models.prompts import PromptFormat
from hf_causal.tasks.proving import prove

PROMPTS = [f"A causes B. B causes {name}. Does A cause {last}?" for name in "CDEF" for last in ("B", name, "Z")]
RIGHT = [int(prove(prompt).answer == "Yes") for prompt in PROMPTS]
SECRET = "hf_secret_of_the_user"


@pytest.fixture
def on_the_loopback(monkeypatch):
    """Every host is the loopback, and pauses take no time."""
    addresses = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, *arguments, **options: addresses("127.0.0.1", *arguments, **options)
    )
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.delenv(TOKEN_VARIABLE, raising=False)
    monkeypatch.setenv("HF_TOKEN", SECRET)
    monkeypatch.setattr(module, "get_token", lambda: SECRET)
    pauses = []
    monkeypatch.setattr(Pace, "sleep", lambda self, seconds: pauses.append(seconds))
    monkeypatch.setattr(Pace, "hold", lambda self, seconds: pauses.append(seconds))
    return pauses


def connect(server, tmp_path, **options):
    return Endpoint(server.url, "causal-7b", **{"prompt_format": PromptFormat(), "answers": tmp_path, **options})


def error(message, status=400, **fields):
    return status, {}, json.dumps({"error": {"message": message, **fields}}).encode()
