"""Loads fixtures, and leaves out tests and builders of the sister systems that are not in this checkout."""

from pathlib import Path

from hf_causal.systems import NAMES
from hf_causal.systems.datasets import datasets

pytest_plugins = ["demo_browser"]
ROOT = Path(__file__).parent


def _folders_not_in(folder: Path, names) -> list[str]:
    folders = [path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("_")]
    return [str(path) for path in folders if path.name not in names]


collect_ignore = _folders_not_in(ROOT / "dataset_builders", datasets()) + _folders_not_in(
    ROOT / "tests" / "systems", NAMES
)
