"""The package without one of its systems, as if its folder and its line in the registry were gone."""

import subprocess
import sys
from pathlib import Path

import pytest

from hf_causal.systems import NAMES

ROOT = Path(__file__).resolve().parents[2]
# Runs in a process of its own, in which nothing of the system can be imported.
WITHOUT = """
import sys
from importlib.abc import MetaPathFinder
from pathlib import Path

gone, root = sys.argv[1], Path(sys.argv[2])


class Gone(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if f"{name}.".startswith(f"hf_causal.systems.{gone}."):
            raise ModuleNotFoundError(f"{name} is gone")


sys.meta_path.insert(0, Gone())
import hf_causal.systems as registry

removed = __import__("json").loads(sys.argv[3])
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

import json

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
print("works without", gone)
"""


@pytest.mark.parametrize("name", NAMES)
def test_everything_else_works_without_a_system(name):
    import json

    from hf_causal.systems import systems

    system = systems()[name]
    removed = {"datasets": [dataset.name for dataset in system.datasets], "model_type": system.model_type}
    command = [sys.executable, "-c", WITHOUT, name, str(ROOT), json.dumps(removed)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert ran.returncode == 0 and f"works without {name}" in ran.stdout, ran.stderr[-3000:]
