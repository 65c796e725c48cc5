"""The study of positions: answers to the claims from constructed runs, pages of incomplete studies, and a tiny run."""

import json
import shutil
import sys
from pathlib import Path

import pytest
from matplotlib.figure import Figure
from small import TINY

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))
from study_positions import Run, Study, all_runs, main, select  # noqa: E402
from study_reports.positions import write_page  # noqa: E402
from study_reports.positions_claims import (  # noqa: E402
    Part,
    answer_claims,
    compare,
    compare_with_bound,
    difference_interval,
    mean_interval,
)

RESULTS = ROOT / "benchmarks" / "results" / "positions"
PAGE = ROOT / "docs" / "results" / "positions.md"
AXES = ("sequential", "flipped", "reversed", "shuffled", "branching", "long_names")


def result(encoding, data, seed, accuracy, in_family=0.998):
    """A run that has one accuracy in every cell."""
    cells = [[axis, axis, None, nodes, 500, accuracy] for axis in AXES for nodes in (3, 5, 9, 12)]
    return {
        "run": f"{encoding}/{data}/{seed}",
        "encoding": encoding,
        "data": data,
        "seed": seed,
        "steps": 2000,
        "parameters": 800_000,
        "hardware": "one core",
        "date": "2026-01-01",
        "train_seconds": 60.0,
        "in_family": {"n": 17_500, "accuracy": in_family},
        "axes": {axis: [2000, accuracy] for axis in AXES},
        "cells": cells,
        "name_lengths": [[4, True, 100, accuracy], [4, False, 100, accuracy]],
        "shortcuts": {"direct edge": dict.fromkeys(AXES, 0.6)},
    }


def runs(encoding, data, accuracies, **options):
    return [result(encoding, data, seed, accuracy, **options) for seed, accuracy in enumerate(accuracies)]


def claim(results, words):
    (found,) = [claim for claim in answer_claims(results) if words in claim.text]
    return found


def test_the_queue_does_one_seed_of_every_cell_first():
    keys = [run.key for run in all_runs()]
    assert len(set(keys)) == 36 + 3
    cells = {(run.encoding, run.data) for run in all_runs()[:12]}
    assert len(cells) == 12 and {run.seed for run in all_runs()[:12]} == {0}
    assert keys[-3:] == ["none/corr2cause/0", "none/corr2cause/1", "none/corr2cause/2"]


def test_filters_are_parts_of_keys():
    assert [run.key for run in select(all_runs(), ["rope/ts2/1"])] == ["rope/ts2/1"]
    assert {run.encoding for run in select(all_runs(), ["learned"])} == {"learned"}
    assert len(select(all_runs(), ["ts2/0", "none/ts2"])) == 4 + 2
    with pytest.raises(ValueError, match="'rop' names no run"):
        select(all_runs(), ["rop"])


def test_all_runs_differ_from_their_recipe_only_in_what_is_compared():
    recipes = [run.recipe({}) for run in all_runs()[:36]]
    assert (
        len({(recipe.max_steps, recipe.per_device_train_batch_size, recipe.mixed_precision) for recipe in recipes})
        == 1
    )
    assert {recipe.model["position_encoding"] for recipe in recipes} == {"none", "learned", "sinusoidal", "rope"}
    assert {recipe.config for recipe in recipes} == {f"transitivity_{data}" for data in ("ts2", "ts1", "occ")}
    assert Run("none", "corr2cause", 0).recipe({}).config == "balanced"


@pytest.mark.parametrize(
    ("first", "second"),
    [((0.9, 0.91, 0.92), (0.8, 0.85, 0.81)), ((0.5, 0.6), (0.55, 0.5, 0.9)), ((0.9, 0.8), (0.7, 0.71))],
)
def test_intervals_are_those_of_scipy_or_a_little_wider(first, second):
    stats = pytest.importorskip("scipy.stats")
    oracle = stats.ttest_ind(first, second, equal_var=False).confidence_interval()
    found = difference_interval(first, second)
    assert found.low <= oracle.low + 1e-3 and found.high >= oracle.high - 1e-3
    assert (found.low + found.high) / 2 == pytest.approx((oracle.low + oracle.high) / 2)
    mean = stats.ttest_1samp(first, 0).confidence_interval()
    assert (mean_interval(first).low, mean_interval(first).high) == pytest.approx(tuple(mean), abs=1e-3)


@pytest.mark.parametrize(
    ("better", "worse", "answer"),
    [
        ((0.90, 0.91, 0.92), (0.70, 0.71, 0.72), "yes"),
        ((0.70, 0.71, 0.72), (0.90, 0.91, 0.92), "no"),
        ((0.800, 0.801, 0.802), (0.800, 0.801, 0.802), "no"),  # an advantage of two points is excluded
        ((0.70, 0.90, 0.80), (0.75, 0.78, 0.72), "undecided"),
        ((0.9, 0.9), (0.7, 0.7), "yes"),  # no spread at all
        ((0.90,), (0.70, 0.71, 0.72), "undecided"),
        ((), (), "undecided"),
    ],
)
def test_a_comparison_is_answered_by_the_rule(better, worse, answer):
    results = runs("none", "ts2", better) + runs("learned", "ts2", worse)
    assert compare(results, ("none", "ts2"), ("learned", "ts2"), Part("sequential", 7, 15)).answer == answer


def test_runs_that_did_not_learn_the_family_do_not_count():
    results = runs("none", "ts2", (0.9, 0.91, 0.92)) + runs("learned", "ts2", (0.6, 0.61, 0.62), in_family=0.98)
    answer = compare(results, ("none", "ts2"), ("learned", "ts2"), Part("sequential"))
    assert answer.answer == "undecided" and "learned (TS2): 3 finished, 0 of them at 0.99" in answer.more


@pytest.mark.parametrize(
    ("values", "answer"), [((0.5, 0.51), "yes"), ((0.9, 0.91), "no"), ((0.7, 0.8), "undecided"), ((0.5,), "undecided")]
)
def test_a_value_is_compared_with_its_bound(values, answer):
    assert compare_with_bound("low", values, 0.75, above=False, missing="").answer == answer


def test_a_claim_is_as_good_as_its_worst_comparison():
    better = runs("none", "ts2", (0.9, 0.91, 0.92)) + runs("learned", "ts2", (0.5, 0.51, 0.52))
    assert claim(better, "Beyond the trained length").answer == "undecided"  # nothing about sinusoidal ones yet
    assert claim(better + runs("sinusoidal", "ts2", (0.7, 0.71)), "Beyond the trained length").answer == "yes"
    assert claim(better + runs("sinusoidal", "ts2", (0.95, 0.951)), "Beyond the trained length").answer == "no"
    assert claim(better, "collapse").answer == "yes"


@pytest.mark.parametrize(
    ("accuracies", "answer"), [((0.65, 0.66), "yes"), ((0.5, 0.51, 0.5), "no"), ((0.9,), "undecided")]
)
def test_correlation_to_causation_is_compared_with_gpt_4(accuracies, answer, tmp_path):
    results = [
        {**run, "axes": {"test": [1160, accuracy]}, "shortcuts": {"majority": {"test": 0.5}}, "cells": []}
        for run, accuracy in zip(runs("none", "corr2cause", accuracies), accuracies, strict=True)
    ]
    assert claim(results, "GPT-4").answer == answer
    for run in results:
        (tmp_path / f"{run['seed']}.json").write_text(json.dumps(run))
    text = write_page(tmp_path, tmp_path / "page.md").read_text()
    assert "**0 of 36 runs are finished.**" in text and "| shortcut: majority | 0.500 | 1,160 | |" in text


def test_a_part_is_weighted_by_its_questions():
    run = result("none", "ts2", 0, 0.5)
    cells = [
        ("sequential", 7, 100, 1.0),
        ("sequential", 8, 300, 0.5),
        ("sequential", 20, 300, 0.0),
        ("flipped", 8, 300, 0.0),
    ]
    run["cells"] = [[axis, axis, None, *rest] for axis, *rest in cells]
    assert Part("sequential", 7, 15).accuracy(run) == pytest.approx(0.625)
    assert Part("branching").accuracy(run) is None


def test_a_page_of_three_runs_says_so_and_has_their_numbers(tmp_path, drawn_pictures):
    results = tmp_path / "results"
    results.mkdir()
    for run in runs("none", "ts2", (0.9, 0.8)) + runs("rope", "occ", (0.7,), in_family=0.97):
        (results / f"{run['run'].replace('/', '-')}.json").write_text(json.dumps(run))
    text = write_page(results, tmp_path / "page.md").read_text()
    assert "**3 of 36 runs are finished.**" in text
    assert "| 9 | 500 | 0.850 ± 0.071 (2) | 0.92 | 0.77 | 0.86 |" in text  # ours, then the published ones
    assert "| OCC | rope | 0.9700 | 17,500 | 1.0 | seed 0 |" in text
    assert "axiom-67m-rope" in text and "**undecided**" in text and "**yes**" not in text.split("\n\n")[3]
    for figure in ("lengths", "encodings", "data", "names"):
        assert f"(results/{figure}.png)" in text and (results / f"{figure}.png").stat().st_size > 10_000
    assert "## OCC, longer chains: sequential" in (results / "cells.md").read_text()


@pytest.fixture
def no_figures(monkeypatch):
    """Draws nothing: rendering takes most of the time of a page."""
    monkeypatch.setattr(Figure, "savefig", lambda *_, **__: None)


def test_a_run_is_trained_scored_and_then_skipped(corpus_dir, tmp_path, capsys, no_figures):
    options = ["--out", str(tmp_path), "--data", str(corpus_dir.parent), "--only", "rope/ts2/1", "--limit", "10"]
    options += [f"--{name}={value}" for name, value in TINY.items()]
    main(options)
    path = tmp_path / "results" / "rope-ts2-1.json"
    found = json.loads(path.read_text())
    assert (found["encoding"], found["data"], found["seed"], found["steps"]) == ("rope", "ts2", 1, TINY["max_steps"])
    assert found["recipe"]["model"]["position_encoding"] == "rope" and found["in_family"]["n"] == 400
    assert list(found["axes"]) == list(AXES) and found["axes"]["sequential"][0] == 30
    for axis, (n, accuracy) in found["axes"].items():
        cells = [cell for cell in found["cells"] if cell[0] == axis]
        assert sum(cell[4] for cell in cells) == n
        assert sum(cell[4] * cell[5] for cell in cells) == pytest.approx(n * accuracy)
    names = found["name_lengths"]
    assert sum(n for *_, n, _ in names) == found["axes"]["long_names"][0]
    hits = sum(n * accuracy for *_, n, accuracy in names)
    assert hits == pytest.approx(found["axes"]["long_names"][0] * found["axes"]["long_names"][1])
    assert "1 of 36 runs" in (tmp_path / "page.md").read_text()
    written = path.stat().st_mtime_ns
    main(options)
    assert path.stat().st_mtime_ns == written
    path.unlink()
    with Study(tmp_path, None, {}, None).claim(Run("rope", "ts2", 1)):
        main(options)
    assert not path.exists() and "rope/ts2/1 skipped: another process works on it" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--only", "nothing"], "'nothing' names no run"),
        (["--no-such-field", "3"], "no_such_field"),
        (["--limit", "0"], "--limit must be at least 1"),
        (["--data", "absent"], "'absent' is not a folder"),
        (["--render", "absent"], "no results in 'absent'"),
    ],
)
def test_a_mistake_ends_with_one_line(arguments, message, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2 and message in capsys.readouterr().err
    assert not any(tmp_path.iterdir())


@pytest.mark.skipif(not PAGE.is_file(), reason="no page of results yet")
def test_the_committed_page_is_what_the_committed_results_make(tmp_path, no_figures):
    results = shutil.copytree(RESULTS, tmp_path / RESULTS.relative_to(ROOT))
    page = write_page(results, tmp_path / PAGE.relative_to(ROOT))
    assert page.read_text() == PAGE.read_text()
    assert (results / "cells.md").read_text() == (RESULTS / "cells.md").read_text()
