"""Studies on the cards: the committed text is what the committed figures make, and a new study is added to it."""

import json
import shutil
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))
from studies import load_studies, save_study, write_studies  # noqa: E402

from hf_causal.models.registry import MODEL_TYPES  # noqa: E402


def known(folder):
    """Whether the model's architecture is one of this checkout: the folder of a system may be gone."""
    return json.loads((folder / "config.json").read_text())["model_type"] in MODEL_TYPES


FOLDERS = sorted(path.parent for path in (ROOT / "model_cards").glob("*/studies.json") if known(path.parent))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_the_text_of_a_model_is_what_its_studies_make(folder, tmp_path):
    shutil.copy(folder / "studies.json", tmp_path)
    assert write_studies(tmp_path).read_text() == (folder / "studies.md").read_text()
    figures = {path.name for path in (tmp_path / "plots").iterdir()}
    assert figures <= {path.name for path in (folder / "plots").iterdir()}
    assert all(f"plots/{name}" in (tmp_path / "studies.md").read_text() for name in figures)


def test_a_study_replaces_the_one_of_its_name_and_keeps_the_others(tmp_path):
    rows = [{"statements": 10, "accuracy": 0.5, "milliseconds": 1.0, "loops": 3.0}]
    scaling = {"questions": 4, "hardware": "one core", "date": "2026-01-01", "rows": rows}
    save_study(tmp_path, "other", {"x": 1})
    save_study(tmp_path, "scaling", scaling)
    assert "| 10 | 0.500 | 1.0 | 3 |" in (tmp_path / "studies.md").read_text()
    save_study(tmp_path, "scaling", {**scaling, "rows": [{**rows[0], "accuracy": 0.75}]})
    text = (tmp_path / "studies.md").read_text()
    assert "| 10 | 0.750 | 1.0 | 3 |" in text and "0.500" not in text
    assert load_studies(tmp_path)["other"] == {"x": 1}
