"""The import order in `pyproject.toml` names every room and every system, and a wrong import breaks it."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from hf_causal.systems import NAMES

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("hf_causal", "dataset_builders")


def contracts():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    return {contract["id"]: contract for contract in settings["contracts"]}


def lint(folder):
    """Runs import-linter on the packages of a folder."""
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache", "--no-logo"]
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


@pytest.fixture
def copy(tmp_path):
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=lambda folder, names: {
            name for name in names if (Path(folder) / name).is_file() and not name.endswith(".py")
        })  # fmt: skip
    shutil.copyfile(ROOT / "pyproject.toml", tmp_path / "pyproject.toml")
    return tmp_path


def test_every_room_is_a_layer():
    layers = {name.strip(" ()") for layer in contracts()["layers"]["layers"] for name in layer.split("|")}
    modules = [path for path in (ROOT / "hf_causal").iterdir() if path.suffix == ".py" or list(path.glob("*.py"))]
    rooms = {f"hf_causal.{path.stem}" for path in modules} - {"hf_causal.__init__", "hf_causal.systems"}
    assert rooms <= layers
    systems = {f"hf_causal.systems.{name}" for name in NAMES}
    assert systems <= layers


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("utils/files.py", "from hf_causal.tasks import registry"),
        ("cards/model_card.py", "from hf_causal.hub import publish"),
        ("models/registry.py", f"import hf_causal.systems.{NAMES[-1]}.corpus"),
        ("systems/__init__.py", f"import hf_causal.systems.{NAMES[-1]}.corpus"),
        (f"systems/{NAMES[0]}/corpus.py", f"import hf_causal.systems.{NAMES[-1]}.corpus"),
        ("corpora/load.py", "import dataset_builders"),
    ],
)
def test_a_wrong_import_breaks_the_order(module, line, copy):
    assert lint(copy).returncode == 0
    path = copy / "hf_causal" / module
    path.write_text(
        path.read_text(encoding="utf-8").replace("import annotations\n", f"import annotations\n{line}\n", 1)
    )
    broken = lint(copy)
    assert broken.returncode == 1 and "BROKEN" in broken.stdout
