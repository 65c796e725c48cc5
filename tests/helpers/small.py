"""Small settings that tests of several rooms share."""

import importlib.util
from dataclasses import replace

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


def few_prompts() -> dict:
    """Returns tasks on whose few prompts an exported graph is compared, where a test is about something else."""
    from hf_causal.tasks.registry import get_task

    options = {"transitivity_generalization": {"rows_per_cell": 2, "nodes": (5, 9)}}
    return {"transitivity": replace(get_task("transitivity"), small_options=options)}


needs_ray = pytest.mark.skipif(
    importlib.util.find_spec("ray") is None, reason="Ray is not installed: pip install 'hf-causal[ray]'"
)
