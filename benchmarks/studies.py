"""Studies of a published model: several seeds, ablations, comparisons, kept in its folder and shown on its card.

    python benchmarks/studies.py model_cards/axiom-looped    # renders studies.md and its figures again

The figures of the studies are in `studies.json`; the scripts that run the studies add to it by [`save_study`]. Every
change renders `studies.md` from all of them, and `hf-causal report FOLDER` puts that text on the card.
"""

from __future__ import annotations

import argparse
import json
from importlib import import_module
from pathlib import Path
from typing import Any

from hf_causal.artifacts import STUDIES_FILE
from hf_causal.utils.files import write_json, write_text

DATA_FILE = "studies.json"
PLOTS = "plots"
REPORTS = {
    "looped": ("seeds", "ablation", "scaling"),
    "tasks": ("tasks", "task_arms", "transfer"),
    "heterogeneity": ("phase", "sizes", "cues"),
    "equivariance": ("eqsim",),
}
"""From module of `study_reports` to the studies that it renders, in the order of the page."""


def load_studies(folder: Path) -> dict[str, Any]:
    """Returns the studies of a model folder by name; empty where there are none."""
    path = folder / DATA_FILE
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def save_study(folder: Path, name: str, study: dict[str, Any]) -> None:
    """Adds a study to a model folder, replaces the one of this name, and renders all studies again."""
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / DATA_FILE, {**load_studies(folder), name: study})
    write_studies(folder)


def write_studies(folder: Path) -> Path:
    """Writes `studies.md` and the figures of a model folder from its `studies.json`.

    Returns:
        `Path`: Of `studies.md`.
    """
    studies = load_studies(folder)
    (folder / PLOTS).mkdir(parents=True, exist_ok=True)
    lines: list[str] = []
    for module, names in REPORTS.items():
        if studies.keys() & names:
            lines += import_module(f"study_reports.{module}").render(studies, folder / PLOTS)
    return write_text(folder / STUDIES_FILE, "\n".join(lines))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+", help="model folders with a studies.json")
    for folder in parser.parse_args().folders:
        print(write_studies(folder))


if __name__ == "__main__":
    main()
