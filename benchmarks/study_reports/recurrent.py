"""The page of the study of the recurrent transformer: its axes and sizes, what each prior buys, and the comparison."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from safetensors import safe_open

from hf_causal.evaluation.titles import TITLES
from hf_causal.utils.files import write_text
from study_reports.positions import read_results
from study_reports.positions_claims import Result
from study_reports.positions_plots import curve, draw_axes

CARDS = Path(__file__).resolve().parents[2] / "model_cards"
RECIPE, SHORT = "recipe", "short"
AIMS = ((20, 0.95), (50, 0.9))
"""Nodes up to which every cell should have this accuracy."""
PRIORS = {
    SHORT: "nothing: the recipe with the steps of an arm",
    "no-repetitions": "no sentence is repeated in training",
    "no-loops": "7 different blocks, once each",
    "no-mentions": "no loss on mentions",
    "no-renaming": "the rows' names of 1 to 3 characters alone",
    "softmax": "softmax with a sink instead of sigmoid attention",
    "directions": "heads that look one way instead of convolutions",
    "no-injection": "the prompt is read once, not in every loop",
    "unmatched-keys": "keys begin unrelated to queries",
    "no-noise": "no noise on states",
    "shuffled": "half of the training prompts are shuffled",
    "dull-matching": "softmax attention as usual: no norm, no learned factor",
    "every-pair": "questions of all pairs equally often",
    "fixed-loops": "always 7 loops in training",
}
"""What each arm changes."""
KNOWS = {
    "axiom-cpu": "left to right; next token; nothing of sentences, names or order",
    "axiom-recurrent": "that neighbours matter (convolutions), that equal tokens match at first, that steps repeat",
    "axiom-looped": "which tokens are sentences, names and roles; exact equality of names; flags that only rise",
}
COLOURS = {
    RECIPE: "#1f5fa8",
    SHORT: "#7aa6d6",
    "no-repetitions": "#d1495b",
    "no-loops": "#2a9d5c",
    "no-mentions": "#c2701c",
    "no-renaming": "#8a5fbf",
    "softmax": "#7a7a7a",
    "shuffled": "#3cb4c0",
}
"""Colours of the lines of the figure."""


def write_page(folder: Path, page: Path) -> Path:
    """Writes the page of the results in a folder, and its figure into the folder.

    Raises:
        `FileNotFoundError`: If there is no result.
    """
    results = read_results(folder)
    if not results:
        raise FileNotFoundError(f"no results in {str(folder)!r}: run study_recurrent.py first")
    series = {arm: [result for result in results if result["arm"] == arm] for arm in COLOURS}
    figure = draw_axes({arm: runs for arm, runs in series.items() if runs}, COLOURS, folder / "axes.png")
    root = Path(os.path.relpath(folder, page.parent)).as_posix()
    recipe = series[RECIPE]
    lines = ["# A transformer that sees tokens only", "", *_introduction(results, recipe), ""]
    lines += [*_aim(recipe), *_sizes(recipe), f"![Accuracy on every axis by arm]({root}/{figure.name})", ""]
    lines += [*_arms(results), *_comparison(recipe)]
    notes = folder / "notes.md"  # what the figures mean, written by hand
    lines += [notes.read_text(encoding="utf-8").rstrip()] if notes.is_file() else []
    return write_text(page, "\n".join(lines).rstrip() + "\n")


def _introduction(results: Sequence[Result], recipe: Sequence[Result]) -> list[str]:
    hardware = "; ".join(sorted({result["hardware"] for result in results}))
    dates = sorted({result["date"] for result in results})
    when = dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}"
    seeds = ", ".join(str(result["seed"]) for result in recipe) or "none yet"
    arms = sum(result["arm"] in PRIORS for result in results)
    per_cell = sorted({min(cell[4] for cell in result["cells"]) for result in recipe or results})
    return [
        "The looped reasoner finds sentences and names by code and learns what to do with them. `axiom-recurrent` "
        "sees the tokens of a prompt, in which a name is a run of characters: blocks of convolution, attention in "
        "both directions and a feed-forward layer, without positions, whose weights are the same in every loop. "
        "It loops until its states no longer change. It is trained on the same chains of 3 to 6 nodes.",
        "",
        f"**{len(recipe)} of 3 seeds and {arms} of {len(PRIORS)} arms are finished** (seeds of the recipe: {seeds}). "
        f"At least {per_cell[0]} questions a cell, half of them Yes in all, so chance is .5 "
        f"(`benchmarks/study_recurrent.py`; one thread of {hardware}; {when}). The weights of a run are those with "
        "the best in-family validation.",
    ]


def _cells(results: Iterable[Result]) -> list[tuple[str, int, float, int]]:
    """Returns axis, nodes, accuracy and number of questions of every cell of some runs."""
    return [(cell[0], cell[3], cell[5], cell[4]) for result in results for cell in result["cells"]]


def _aim(recipe: Sequence[Result]) -> list[str]:
    """Says whether every cell up to some sizes reaches the aim."""
    if not recipe:
        return []
    lines = ["## The aim", "", "| cells | aim | cells that reach it | worst cell | reached |", "|---|---|---|---|---|"]
    smallest = 0
    for size, aim in AIMS:
        cells = [cell for cell in _cells(recipe) if smallest < cell[1] <= size]
        hits = sum(cell[2] >= aim for cell in cells)
        axis, nodes, accuracy, n = min(cells, key=lambda cell: cell[2])
        worst = f"{accuracy:.3f} ({TITLES[axis].lower()}, {nodes} nodes, n = {n})"
        lines.append(
            f"| {smallest + 1} to {size} nodes | {aim} | {hits} of {len(cells)} | {worst} | "
            f"{'yes' if hits == len(cells) else '**no**'} |"
        )
        smallest = size
    return [*lines, ""]


def _sizes(recipe: Sequence[Result]) -> list[str]:
    """Accuracy of the recipe by axis and number of nodes; several seeds give the worst and the best one."""
    if not recipe:
        return []
    sizes = sorted({cell[1] for cell in _cells(recipe)})
    lines = ["## Axes and sizes", "", "| axis | " + " | ".join(map(str, sizes)) + " |"]
    lines.append("|---|" + "---|" * len(sizes))
    groups = dict.fromkeys((cell[0], cell[1], cell[2]) for result in recipe for cell in result["cells"])
    for axis, structure, factor in groups:
        points = curve(recipe, axis, structure, factor)
        several = len({group[1] for group in groups if group[0] == axis}) > 1
        title = TITLES[axis] + (f", {structure.replace('_', ' ')}" if several else "")
        title += f", {factor:.1f} edges a node" if factor else ""
        lines.append(f"| {title} | " + " | ".join(_range(points.get(size, ())) for size in sizes) + " |")
    family = ", ".join(f"{result['in_family']['accuracy']:.4f}" for result in recipe)
    return [*lines, "", f"In-family, by seed: {family} (n = {recipe[0]['in_family']['n']:,}).", ""]


def _range(values: Sequence[float]) -> str:
    if not values:
        return ""
    low, high = f"{min(values):.2f}", f"{max(values):.2f}"
    return low if low == high else f"{low} to {high}"


def _arms(results: Sequence[Result]) -> list[str]:
    """Accuracy of every arm on every axis, and the steps that all of them take."""
    arms = [result for arm in PRIORS for result in results if result["arm"] == arm]
    if not arms:
        return []
    axes, first = arms[0]["axes"], arms[0]
    spread = 0.5 / math.sqrt(min(n for n, _ in axes.values()))
    steps = f"{first['steps']:,} steps" if len({arm["steps"] for arm in arms}) == 1 else "different numbers of steps"
    lines = ["## What each prior buys", "", f"One change at a time, seed {first['seed']}, {steps}, at most "
             f"{first['recipe']['model']['max_loops']} loops; the standard error of a mean is at most {spread:.3f}. "
             "An arm with few in-family answers has not learned the family in these steps.", ""]  # fmt: skip
    lines.append("| change | in-family | " + " | ".join(TITLES[axis] for axis in axes) + " | minutes |")
    lines.append("|---|---|" + "---|" * len(axes) + "---|")
    for arm in arms:
        values = " | ".join(f"{accuracy:.3f}" for _, accuracy in arm["axes"].values())
        family, minutes = arm["in_family"]["accuracy"], arm["train_seconds"] / 60
        lines.append(f"| {PRIORS[arm['arm']]} | {family:.3f} | {values} | {minutes:.1f} |")
    return [*lines, ""]


def _comparison(recipe: Sequence[Result]) -> list[str]:
    """The decoder, the recurrent transformer and the looped reasoner: sizes, axes, and what they know."""
    if not recipe:
        return []
    rows = [_card("axiom-cpu"), _of_recipe(recipe), _card("axiom-looped")]
    axes = list(recipe[0]["axes"])
    lines = ["## Compared with the decoder and the looped reasoner", ""]
    lines.append("| model | parameters | minutes | " + " | ".join(TITLES[axis] for axis in axes) + " | it knows |")
    lines.append("|---|---|---|" + "---|" * (len(axes) + 1))
    for name, parameters, minutes, accuracy in rows:
        values = " | ".join(f"{accuracy[axis]:.3f}" for axis in axes)
        lines.append(f"| `{name}` | {parameters:,} | {minutes:.1f} | {values} | {KNOWS[name]} |")
    note = (
        "Minutes of training, `axiom-cpu` on two cores, the others on one. `axiom-cpu` and `axiom-looped` as released."
    )
    return [*lines, "", note, ""]


def _of_recipe(recipe: Sequence[Result]) -> tuple[str, int, float, dict[str, float]]:
    accuracy = {axis: fmean(result["axes"][axis][1] for result in recipe) for axis in recipe[0]["axes"]}
    minutes = fmean(result["train_seconds"] for result in recipe) / 60
    return "axiom-recurrent", recipe[0]["parameters"], minutes, accuracy


def _card(name: str) -> tuple[str, int, float, dict[str, float]]:
    """Reads a released model: its parameters, minutes of training, and accuracy on every axis."""
    folder = CARDS / name
    scores: dict[str, Any] = json.loads((folder / "generalization.json").read_text(encoding="utf-8"))
    summary = json.loads((folder / "training_summary.json").read_text(encoding="utf-8"))
    with safe_open(folder / "model.safetensors", "np") as weights:
        parameters = sum(math.prod(weights.get_slice(key).get_shape()) for key in weights.keys())  # noqa: SIM118
    accuracy = {axis: split["accuracy"] for axis, split in scores["splits"].items()}
    return name, parameters, summary["seconds"] / 60, accuracy
