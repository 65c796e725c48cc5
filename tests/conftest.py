"""Settings that every test runs under, and small things that several of them need."""

import os

# Read at import by the libraries, so they are set before anything else is imported.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("HF_EVALUATE_OFFLINE", "1")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import importlib.util
from pathlib import Path

import pytest

TINY = {
    "max_steps": 6,
    "per_device_train_batch_size": 8,
    "train_rows": 600,
    "eval_rows": 100,
    "eval_steps": 3,
    "save_steps": 2,
    "logging_steps": 2,
    "warmup_steps": 1,
    "model.hidden_size": 16,
    "model.num_hidden_layers": 1,
    "model.num_attention_heads": 2,
}
"""Overrides that make any decoder recipe a matter of seconds."""

needs_ray = pytest.mark.skipif(
    importlib.util.find_spec("ray") is None, reason="Ray is not installed: pip install 'hf-causal[ray]'"
)


@pytest.fixture(scope="session")
def corpus_dir(tmp_path_factory) -> Path:
    """A small axiomatic corpus on disk: 2,000 training questions and 20 questions a generalization cell."""
    from hf_causal.dataset_builders import build

    folder = tmp_path_factory.mktemp("corpus") / "axiomatic"
    build("axiomatic", folder, ["transitivity_ts2"], rows=2000, validation_rows=400)
    build("axiomatic", folder, ["transitivity_generalization"], rows_per_cell=20, nodes=(5, 6, 9))
    return folder


@pytest.fixture(scope="session")
def trained_model(tmp_path_factory, corpus_dir) -> Path:
    """A model folder as training leaves it."""
    from hf_causal.training.loop import train
    from hf_causal.training.recipes import load_recipe

    folder = tmp_path_factory.mktemp("trained") / "model"
    train(load_recipe("axiom-cpu", TINY), folder, data_dir=corpus_dir)
    return folder


@pytest.fixture
def uncompiled():
    """Flex attention runs as written: compiling each of its masks would take ten seconds."""
    import torch

    with torch.compiler.set_stance("force_eager"):
        yield
