"""Every folder in `model_cards/` loads with its code, also where this package is not installed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hf_causal.hub.remote_code import package_code

MODEL_CARDS = Path(__file__).resolve().parents[2] / "model_cards"
FOLDERS = sorted(config.parent for config in MODEL_CARDS.glob("*/config.json"))

LOADER = """
import json, sys

sys.modules["hf_causal"] = None  # its import fails

import transformers

loaded = {}
for folder in sys.argv[1:]:
    auto_map = json.load(open(f"{folder}/config.json"))["auto_map"]
    for name in auto_map:
        if name == "AutoConfig":
            continue
        model, info = getattr(transformers, name).from_pretrained(
            folder, trust_remote_code=True, output_loading_info=True
        )
        keys = sorted(info["missing_keys"])
        loaded[f"{folder}:{name}"] = [type(model).__module__, type(model).__name__, keys]
print(json.dumps(loaded))
"""


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("HF_", "PYTHON"))}
    environment |= {"HF_HUB_OFFLINE": "1", "HF_HOME": str(home)}
    command = [sys.executable, "-I", "-c", LOADER, *map(str, FOLDERS)]
    finished = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout.splitlines()[-1])


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_a_released_folder_loads_with_its_code(folder, loaded):
    auto_map = json.loads((folder / "config.json").read_text())["auto_map"]
    classes = {name: reference.rpartition(".")[2] for name, reference in auto_map.items() if name != "AutoConfig"}
    assert classes
    for name, expected in classes.items():
        module, name_of_class, missing = loaded[f"{folder}:{name}"]
        assert module.startswith("transformers_modules.") and name_of_class == expected and not missing


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_the_code_of_a_released_folder_is_that_of_the_package(folder):
    """`python model_cards/link_code.py` links it."""
    code = package_code(json.loads((folder / "config.json").read_text())["model_type"])
    assert {path.name: path.read_bytes() for path in folder.glob("*.py")} == {
        name: path.read_bytes() for name, path in code.items()
    }
