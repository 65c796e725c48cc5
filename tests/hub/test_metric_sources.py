"""The metric Spaces are what `make spaces` writes."""

import importlib.util
from pathlib import Path

import pytest

SPACES = Path(__file__).resolve().parents[2] / "spaces"
SOURCES = sorted((SPACES / "metric_sources").glob("*.yaml"))

specification = importlib.util.spec_from_file_location("make_metrics", SPACES / "make_metrics.py")
make_metrics = importlib.util.module_from_spec(specification)
specification.loader.exec_module(make_metrics)


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_a_metric_space_is_what_its_source_makes(source):
    written = {
        path.name: path.read_text("utf-8") for path in (SPACES / "metrics" / source.stem).iterdir() if path.is_file()
    }
    assert written == make_metrics.render_metric(source)


def test_every_metric_space_has_a_source():
    assert {path.stem for path in SOURCES} == {path.name for path in (SPACES / "metrics").iterdir() if path.is_dir()}
