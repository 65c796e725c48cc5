"""The package without one of its systems, as if its folder and its line in the registry were gone."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from hf_causal.systems import NAMES, systems

ROOT = Path(__file__).resolve().parents[2]
# Runs in a separate process, which imports the libraries once and forks for each system, of which nothing can then be
# imported.
WITHOUT = """
import json
import os
import sys
from importlib.abc import MetaPathFinder
from pathlib import Path

import datasets
import gradio
import matplotlib.figure
import torch
import transformers

root, systems = Path(sys.argv[1]), json.loads(sys.argv[2])
assert not [name for name in sys.modules if name.partition(".")[0] in ("hf_causal", "dataset_builders")]
for gone, removed in systems.items():
    if not os.fork():
        break
    if os.wait()[1]:
        sys.exit(1)
else:
    sys.exit(0)


class Gone(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if f"{name}.".startswith(f"hf_causal.systems.{gone}."):
            raise ModuleNotFoundError(f"{name} is gone")


sys.meta_path.insert(0, Gone())
import hf_causal.systems as registry

registry.NAMES = tuple(name for name in registry.NAMES if name != gone)

from hf_causal.corpora import config_names
from hf_causal.systems.datasets import datasets

assert datasets() and not set(removed["datasets"]) & set(datasets())
assert all(config_names(name) for name in datasets())

from dataset_builders import load_builder

for name in datasets():
    load_builder(name, config_names(name)[0])
for name in removed["datasets"]:
    try:
        load_builder(name, "default")
    except ValueError as error:
        assert "axiomatic" in str(error)
    else:
        raise AssertionError(name)

from hf_causal.cards.model_card import render_model_card
from hf_causal.models.registry import MODEL_TYPES

assert removed["model_type"] not in MODEL_TYPES
rendered = 0
for folder in sorted(root.glob("model_cards/*/")):
    if json.loads((folder / "config.json").read_text())["model_type"] in MODEL_TYPES:
        rendered += "hf_causal" in render_model_card(folder)
assert rendered >= 3

from hf_causal.training.recipe import load_recipe, recipe_names

loaded = []
for name in recipe_names():
    try:
        loaded.append(load_recipe(name).model_type)
    except ValueError as error:
        assert removed["model_type"] in str(error), error
assert len(loaded) >= 3

from hf_causal.cli import main
from hf_causal.demo.page import build_page

for command in ("build", "evaluate", "train", "demo"):
    assert main([command, "--help"]) == 0
assert main(["info"]) == 0
build_page()
assert not [name for name in sys.modules if f"{name}.".startswith(f"hf_causal.systems.{gone}.")]
print("works without", gone, flush=True)
"""


@pytest.fixture(scope="module")
def ran():
    """The finished process."""
    described = {
        name: {"datasets": [dataset.name for dataset in system.datasets], "model_type": system.model_type}
        for name, system in systems().items()
    }
    command = [sys.executable, "-c", WITHOUT, str(ROOT), json.dumps(described)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)


@pytest.mark.parametrize("name", NAMES)
def test_everything_else_works_without_a_system(name, ran):
    assert f"works without {name}" in ran.stdout.splitlines(), ran.stderr[-3000:]


def test_no_removal_fails(ran):
    assert ran.returncode == 0, ran.stderr[-3000:]
