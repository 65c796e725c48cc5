"""Small settings that tests of several rooms share."""

import importlib.util

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
