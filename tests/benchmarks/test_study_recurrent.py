"""The study of the recurrent transformer: its arms, pages of incomplete studies, and a tiny run."""

import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))
from study_recurrent import ARMS, RecurrentRun, RecurrentStudy, all_runs, main  # noqa: E402
from study_reports.recurrent import PRIORS, write_page  # noqa: E402

RESULTS = ROOT / "benchmarks" / "results" / "recurrent"
PAGE = ROOT / "docs" / "results" / "recurrent.md"
AXES = ("sequential", "flipped", "reversed", "shuffled", "branching", "long_names")
TINY = {
    "model.hidden_size": 16,
    "model.num_attention_heads": 2,
    "model.intermediate_size": 16,
    "model.max_loops": 3,
    "objective.drawn_questions": 1,
    "max_steps": 2,
    "eval_steps": 2,
    "eval_rows": 20,
}


def result(arm, seed, accuracy):
    """A run that has one accuracy in every cell up to 20 nodes, and .1 less beyond."""
    sizes = {5: accuracy, 20: accuracy, 50: accuracy - 0.1}
    return {
        "run": f"{arm}/{seed}",
        "arm": arm,
        "seed": seed,
        "steps": 600,
        "parameters": 359_925,
        "hardware": "one core",
        "date": "2026-01-01",
        "train_seconds": 60.0,
        "recipe": {"model": {"max_loops": 64}},
        "in_family": {"n": 17_500, "accuracy": 0.999},
        "axes": {axis: [300, accuracy] for axis in AXES},
        "cells": [[axis, axis, None, nodes, 100, value] for axis in AXES for nodes, value in sizes.items()],
        "name_lengths": [],
        "shortcuts": {},
    }


def page_of(folder, *results):
    for one in results:
        (folder / f"{one['run'].replace('/', '-')}.json").write_text(json.dumps(one))
    return write_page(folder, folder / "page.md").read_text()


def test_every_arm_changes_one_thing():
    assert set(PRIORS) == set(ARMS) and len({run.key for run in all_runs()}) == len(ARMS) + 3
    short = RecurrentRun("short", 0).recipe({})
    for arm, changes in ARMS.items():
        recipe = RecurrentRun(arm, 0).recipe({})
        assert recipe.max_steps == short.max_steps and (recipe == short) == (not changes)
    assert RecurrentRun("recipe", 2).recipe({}).seed == 2
    assert RecurrentRun("recipe", 0).recipe({}).max_steps > short.max_steps


def test_the_page_says_whether_the_aim_is_reached(tmp_path):
    page = page_of(tmp_path, result("recipe", 0, 0.99), result("recipe", 1, 0.97))
    assert "| 1 to 20 nodes | 0.95 | 24 of 24 | 0.970" in page and "| yes |" in page
    assert "| 21 to 50 nodes | 0.9 | 0 of 12 | 0.870" in page or "6 of 12 | 0.870" in page
    assert "| 0.97 to 0.99 | 0.97 to 0.99 | 0.87 to 0.89 |" in page
    assert "| `axiom-recurrent` | 359,925 | 1.0 | 0.980 |" in page and "`axiom-looped`" in page


def test_the_page_of_arms_alone(tmp_path):
    page = page_of(tmp_path, result("short", 0, 0.9), result("softmax", 0, 0.8))
    assert "## What each prior buys" in page and "## The aim" not in page
    assert "| softmax with a sink instead of sigmoid attention | 0.999 | 0.800 |" in page


def test_without_results_there_is_no_page(tmp_path):
    with pytest.raises(FileNotFoundError, match="no results in"):
        write_page(tmp_path, tmp_path / "page.md")


@pytest.mark.skipif(not PAGE.is_file(), reason="no results yet")
def test_the_page_is_that_of_the_results(tmp_path):
    for path in RESULTS.iterdir():
        if path.suffix in (".json", ".md"):
            (tmp_path / path.name).write_bytes(path.read_bytes())
    text = write_page(tmp_path, tmp_path / "page.md").read_text().replace("](./axes.png)", "")
    published = PAGE.read_text().replace("](../../benchmarks/results/recurrent/axes.png)", "")
    assert text == published


@pytest.mark.filterwarnings("ignore:.*non-writable.*")
def test_a_tiny_run_is_scored_and_not_repeated(corpus_dir, tmp_path, capsys):
    study = RecurrentStudy(tmp_path, corpus_dir.parent, TINY, limit=1)
    run = RecurrentRun("softmax", 0)
    study.complete(run)
    written = json.loads((tmp_path / "results" / "softmax-0.json").read_text())
    assert written["arm"] == "softmax" and set(written["axes"]) == set(AXES) and study.is_finished(run)
    assert "softmax with a sink" in (tmp_path / "page.md").read_text()
    main(["--out", str(tmp_path), "--list", "--only", "softmax"])
    assert "finished" in capsys.readouterr().out


def test_wrong_options_are_refused(capsys):
    for arguments, message in ((["--only", "soft"], "names no run"), (["--limit", "0"], "--limit must be at least 1")):
        with pytest.raises(SystemExit):
            main([*arguments, "--list"])
        assert message in capsys.readouterr().err
