"""The table of ten seeds says what the JSON files say, the worst cell first."""

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from study_reports.seeds import describe, is_right, read_runs, write_page  # noqa: E402


def run(seed, accuracy=1.0, worst=1.0):
    cell = {"n": 1000, "accuracy": 1 - (1 - worst) / 10, "cells": 10, "cells_below_999": int(worst < 0.999)}
    feedback = {**cell, "worst": worst, "worst_cell": ["back_edge", 5, None], "worst_n": 100}
    plain = {**cell, "accuracy": 1.0, "cells_below_999": 0, "worst": 1.0, "worst_cell": ["branching", 8, 1.4]}
    return {
        "recipe": "a", "seed": seed, "date": "2026-11-30", "steps": 400, "questions": 10, "seconds": 90.0,
        "accuracy": accuracy, "hardware": "a core", "parameters": 3572, "gates": 256, "open_gates": 3,
        "configs": {"one": {"branching": {**plain, "worst_n": 100}}, "two": {"feedback": feedback}},
    }  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    for one in (run(0), run(1, worst=0.98), run(2, accuracy=0.9998)):
        (tmp_path / f"a-{one['seed']}.json").write_text(json.dumps(one))
    return tmp_path


def test_the_worst_seed_is_first_and_the_goal_is_counted(folder):
    assert [one["seed"] for one in read_runs(folder, "a")] == [1, 2, 0]
    lines = describe(folder, "a")
    assert lines[2].startswith("| 1 | 1.0000 | 0.980 | back edge, 5 nodes | 1 of 20 | 2,000 | 2 | 1.5 | 3 of 256 |")
    assert lines[-1] == "Right: 1 of 3 seeds."
    assert [is_right(one) for one in read_runs(folder, "a")] == [False, False, True]


def test_the_page_has_the_remarks_of_a_recipe(folder):
    (folder / "a.md").write_text("What was tried.\n")
    write_page(folder, folder / "page.md")
    page = (folder / "page.md").read_text()
    assert (
        "## `a`" in page
        and "What was tried." in page
        and "| `two` | Statements with feedback | 1,000 | 0.9993 |" in page
    )
    with pytest.raises(ValueError, match="holds no runs"):
        write_page(folder / "none", folder / "page.md")
