"""The table of all seeds of a recipe, the one with the worst cell first, and its page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hf_causal.evaluation.titles import TITLES
from hf_causal.utils.files import write_text

GOAL = 0.999
"""Every cell is to reach this."""
INTRODUCTION = """# Ten seeds of each recipe

Each seed is one training run of the recipe as it ships, scored on every cell of every axis of its tasks by
`benchmarks/seed_study.py`. No seed is left out and none is repeated because of its scores; weights and settings are
chosen by the training family alone. A seed is right when in-family validation is 1.000 and no cell is below .999. The
seed with the worst cell is first.
"""


def read_runs(folder: Path, recipe: str) -> list[dict[str, Any]]:
    """Returns the runs of a recipe, the one with the worst cell first."""
    runs = [json.loads(path.read_text(encoding="utf-8")) for path in folder.glob(f"{recipe}-*.json")]
    runs = [run for run in runs if run["recipe"] == recipe]
    return sorted(runs, key=lambda run: (worst(run)["worst"], run["accuracy"], run["seed"]))


def splits_of(run: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    """Returns the scores of all splits by config and split."""
    return {(config, split): score for config, splits in run["configs"].items() for split, score in splits.items()}


def worst(run: dict[str, Any]) -> dict[str, Any]:
    """Returns the score of the split with the worst cell."""
    return min(splits_of(run).values(), key=lambda score: score["worst"])


def is_right(run: dict[str, Any]) -> bool:
    """Returns whether a run has reached the goal."""
    return run["accuracy"] == 1 and worst(run)["worst"] >= GOAL


def describe(folder: Path, recipe: str) -> list[str]:
    """Returns the table of a recipe."""
    runs = read_runs(folder, recipe)
    lines = [
        "| seed | in-family | worst cell | where | cells below .999 | questions | wrong | minutes | open gates |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for run in runs:
        scores = splits_of(run)
        lowest = worst(run)
        structure, nodes, factor = lowest["worst_cell"]
        where = f"{structure.replace('_', ' ')}, {nodes} nodes" + (f", {factor} edges a node" if factor else "")
        questions = sum(score["n"] for score in scores.values())
        wrong = sum(round(score["n"] * (1 - score["accuracy"])) for score in scores.values())
        below = sum(score["cells_below_999"] for score in scores.values())
        cells = sum(score["cells"] for score in scores.values())
        lines.append(
            f"| {run['seed']} | {run['accuracy']:.4f} | {lowest['worst']:.3f} | {where if below else ''} | "
            f"{below} of {cells} | {questions:,} | {wrong:,} | {run['seconds'] / 60:.1f} | "
            f"{run['open_gates']} of {run['gates']} |"
        )
    right = sum(map(is_right, runs))
    return [*lines, "", f"Right: {right} of {len(runs)} seeds."]


def split_table(folder: Path, recipe: str) -> list[str]:
    """Returns the mean and the lowest accuracy of every split over the seeds."""
    runs = read_runs(folder, recipe)
    lines = ["| config | split | n a seed | mean over seeds | lowest seed | worst cell |", "|---|---|---|---|---|---|"]
    for config, split in splits_of(runs[0]):
        scores = [run["configs"][config][split] for run in runs]
        accuracies = [score["accuracy"] for score in scores]
        lines.append(
            f"| `{config}` | {TITLES.get(split, split)} | {scores[0]['n']:,} | "
            f"{sum(accuracies) / len(accuracies):.4f} | {min(accuracies):.4f} | "
            f"{min(score['worst'] for score in scores):.3f} |"
        )
    return lines


def write_page(folder: Path, page: Path) -> None:
    """Writes the page of all recipes that have runs.

    Remarks in `NAME.md` of the folder follow the tables of a recipe; `introduction.md` replaces the introduction.
    """
    recipes = sorted({json.loads(path.read_text(encoding="utf-8"))["recipe"] for path in folder.glob("*.json")})
    if not recipes:
        raise ValueError(f"`--out` {str(folder)!r} holds no runs; run the study first")
    introduction = folder / "introduction.md"
    sections = [introduction.read_text(encoding="utf-8") if introduction.is_file() else INTRODUCTION]
    for recipe in recipes:
        runs = read_runs(folder, recipe)
        machines = sorted({run["hardware"] for run in runs})
        days = {
            hardware: sorted({run["date"] for run in runs if run["hardware"] == hardware}) for hardware in machines
        }
        hardware = " and ".join(f"{name}, {' and '.join(dates)}" for name, dates in days.items())
        title = f"## `{recipe}`\n\n{runs[0]['parameters']:,} parameters, {runs[0]['steps']:,} steps; {hardware}.\n"
        remarks = folder / f"{recipe}.md"
        text = [remarks.read_text(encoding="utf-8")] if remarks.is_file() else []
        tables = ["\n".join(describe(folder, recipe)) + "\n", "\n".join(split_table(folder, recipe)) + "\n"]
        sections += [title, *tables, *text]
    write_text(page, "\n".join(sections))
