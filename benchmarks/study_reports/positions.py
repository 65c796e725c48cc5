"""The page of the study of positions: claims with their answers, tables and figures of the runs that exist."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from hf_causal.evaluation.titles import TITLES
from hf_causal.utils.files import write_text
from study_reports.positions_claims import (
    LEARNED_THE_FAMILY,
    PUBLISHED,
    PUBLISHED_CORR2CAUSE,
    RULE,
    Claim,
    Result,
    answer_claims,
    spread,
)
from study_reports.positions_plots import DATA, ENCODINGS, Points, curve, draw_figures, name_curve, runs_of

NUM_RUNS = 36
"""Runs of the complete study, without those on Corr2Cause."""


def read_results(folder: Path) -> list[Result]:
    """Returns the results in a folder, in the order of their names; empty where there are none."""
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))]


def write_page(folder: Path, page: Path) -> Path:
    """Writes the page of the results in a folder; its figures and the table of all cells go into the folder.

    Raises:
        `FileNotFoundError`: If there is no result.
    """
    results = read_results(folder)
    if not results:
        raise FileNotFoundError(f"no results in {str(folder)!r}: run study_positions.py first")
    figures = draw_figures(results, folder)
    write_text(folder / "cells.md", "\n".join(_all_cells(results)) + "\n")
    root = Path(os.path.relpath(folder, page.parent)).as_posix()
    return write_text(page, "\n".join(_page(results, figures, root)) + "\n")


def _page(results: Sequence[Result], figures: dict[str, Path], root: str) -> list[str]:
    questions = [result for result in results if result["data"] in DATA]
    claims = answer_claims(results)
    lines = ["# Positions and training data", "", *_introduction(results, questions), "", *_claims(claims), ""]
    for title, path in figures.items():
        lines += [f"![{title}]({root}/{path.name})", ""]
    if figures:
        lines += ["Lines are means over seeds, bands reach from the worst seed to the best one.", ""]
    lines += [*_learned(questions), "", *_axes(questions), "", *_lengths(questions), "", *_names(questions), ""]
    lines += [f"Every cell of every axis: [cells.md]({root}/cells.md).", ""]
    lines += [*_corr2cause(results), *_scale(claims)]
    return lines


def _introduction(results: Sequence[Result], questions: Sequence[Result]) -> list[str]:
    hardware = "; ".join(sorted({result["hardware"] for result in results}))
    dates = sorted(result["date"] for result in results)
    steps = sorted({result["steps"] for result in questions})
    parameters = sorted({result["parameters"] for result in questions})
    when = dates[0] if dates[0] == dates[-1] else f"{dates[0]} to {dates[-1]}"
    scale = f"{_range(parameters)} parameters, {_range(steps)} steps" if questions else "no run yet"
    state = "" if len(questions) >= NUM_RUNS else f"**{len(questions)} of {NUM_RUNS} runs are finished.** "
    return [
        f"{state}The comparison of arXiv 2407.07612 at the scale of the recipe `axiom-cpu`: the same decoder "
        "with four position encodings, on three mixes of chains of 3 to 6 nodes, three seeds each "
        f"({scale}; `benchmarks/study_positions.py`; {hardware}; {when}). The weights of a run are those with the "
        "best in-family validation. The recipe differs from the paper's in size, optimizer (Muon), steps and loss, "
        "which includes the prompt's tokens. Accuracy is over questions of which half are Yes, so chance is .5; "
        "± is the standard deviation over seeds, and the number of seeds follows in brackets.",
    ]


def _claims(claims: Sequence[Claim]) -> list[str]:
    lines = ["## The claims", "", "| claim | answer | published |", "|---|---|---|"]
    lines += [f"| {claim.text} | **{claim.answer}** | {claim.published} |" for claim in claims]
    lines += ["", RULE, "", "| comparison | accuracy | difference (95 % interval) | answer | what is missing |"]
    lines.append("|---|---|---|---|---|")
    for claim in claims:
        for one in claim.comparisons:
            interval = one.interval or ""
            lines.append(f"| {one.question} | {one.numbers} | {interval} | {one.answer} | {one.more} |")
    return lines


def _learned(questions: Sequence[Result]) -> list[str]:
    """In-family accuracy of every run, and what it took."""
    lines = ["## In-family", "", "| data | positions | in-family, by seed | n | minutes | below .99 |"]
    lines.append("|---|---|---|---|---|---|")
    for data in DATA:
        for encoding in ENCODINGS:
            runs = sorted(runs_of(questions, encoding, data), key=lambda run: run["seed"])
            if not runs:
                continue
            accuracies = ", ".join(f"{run['in_family']['accuracy']:.4f}" for run in runs)
            low = [f"seed {run['seed']}" for run in runs if run["in_family"]["accuracy"] < LEARNED_THE_FAMILY]
            minutes = fmean(run["train_seconds"] for run in runs) / 60
            n = runs[0]["in_family"]["n"]
            lines.append(
                f"| {data.upper()} | {encoding} | {accuracies} | {n:,} | {minutes:.1f} | {', '.join(low) or 'none'} |"
            )
    return lines


def _axes(questions: Sequence[Result]) -> list[str]:
    """Accuracy over every axis, with the shortcuts."""
    if not questions:
        return []
    axes = questions[0]["axes"]
    lines = ["## Every axis", "", "| data | positions | " + " | ".join(TITLES.get(axis, axis) for axis in axes) + " |"]
    lines.append("|---|---|" + "---|" * len(axes))
    for data in DATA:
        for encoding in ENCODINGS:
            if runs := runs_of(questions, encoding, data):
                cells = (spread([run["axes"][axis][1] for run in runs]) for axis in axes)
                lines.append(f"| {data.upper()} | {encoding} | " + " | ".join(cells) + " |")
    for name, accuracies in questions[0]["shortcuts"].items():
        lines.append(f"| shortcut | {name} | " + " | ".join(f"{accuracies[axis]:.3f}" for axis in axes) + " |")
    lines.append("| n | | " + " | ".join(f"{n:,}" for n, _ in axes.values()) + " |")
    return lines


def _lengths(questions: Sequence[Result]) -> list[str]:
    """Accuracy on longer chains by size, next to the published rows."""
    series = {encoding: curve(runs_of(questions, encoding, "ts2"), "sequential", "sequential", None)
              for encoding in ENCODINGS}  # fmt: skip
    published = {f"{encoding}, published": values for encoding, values in PUBLISHED.items()}
    lines = ["## Longer chains, trained on TS2", ""]
    return lines + _table("nodes", series, published, _sizes(questions, "sequential"))


def _names(questions: Sequence[Result]) -> list[str]:
    lines = ["## Length of names, trained on TS2", ""]
    series: dict[str, Points] = {}
    for trained, sizes in ((True, "3 to 6 nodes"), (False, "7 to 15 nodes")):
        for encoding in ENCODINGS:
            series[f"{encoding}, {sizes}"] = name_curve(runs_of(questions, encoding, "ts2"), trained)
    counts: dict[int, int] = {}
    for run in questions[:1]:
        for length, _, n, _ in run["name_lengths"]:
            counts[length] = counts.get(length, 0) + n
    return lines + _table("characters", series, {}, counts)


def _all_cells(results: Sequence[Result]) -> list[str]:
    """Every cell of every axis for every training data."""
    lines = ["# Every cell", "", "Mean accuracy ± standard deviation over seeds (number of seeds)."]
    for data in DATA:
        runs = runs_of(results, data=data)
        keys = dict.fromkeys(tuple(cell[:3]) for run in runs for cell in run["cells"])
        for axis, structure, factor in keys:
            series = {encoding: curve(runs_of(runs, encoding), axis, structure, factor) for encoding in ENCODINGS}
            title = f"{structure.replace('_', ' ')}{f', {factor} edges a node' if factor else ''}"
            lines += ["", f"## {data.upper()}, {TITLES.get(axis, axis).lower()}: {title}", ""]
            lines += _table("nodes", series, {}, _sizes(runs, axis, structure, factor))
    return lines


def _table(
    first: str, series: dict[str, Points], published: dict[str, dict[int, float]], counts: dict[int, int]
) -> list[str]:
    """Returns a table with a row for each size and a column for each curve that has points."""
    shown = {name: points for name, points in series.items() if points}
    lines = [f"| {first} | n | " + " | ".join([*shown, *published]) + " |"]
    lines.append("|---|---|" + "---|" * (len(shown) + len(published)))
    for size, n in counts.items():
        ours = [spread(points.get(size, [])) for points in shown.values()]
        theirs = [f"{values[size]:.2f}" if size in values else "" for values in published.values()]
        lines.append(f"| {size} | {n:,} | " + " | ".join([*ours, *theirs]) + " |")
    return lines


def _sizes(
    results: Iterable[Result], axis: str, structure: str | None = None, factor: float | None = None
) -> dict[int, int]:
    """Returns the sizes of an axis with the number of questions of each."""
    sizes: dict[int, int] = {}
    for result in results:
        for cell in result["cells"]:
            if cell[:3] == [axis, structure or axis, factor]:
                sizes[cell[3]] = cell[4]
    return dict(sorted(sizes.items()))


def _corr2cause(results: Sequence[Result]) -> list[str]:
    runs = runs_of(results, data="corr2cause")
    lines = ["## From correlation to causation", ""]
    if not runs:
        return [*lines, "No run on the balanced questions of Corr2Cause is finished.", ""]
    lines += ["On the balanced questions of `corr2cause`, which are not the paper's.", ""]
    lines += ["| model | accuracy | n | in-family |", "|---|---|---|---|"]
    learned = spread([run["in_family"]["accuracy"] for run in runs])
    n = runs[0]["axes"]["test"][0]
    lines.append(
        f"| the small decoder, no positions | {spread([run['axes']['test'][1] for run in runs])} | {n:,} | {learned} |"
    )
    for name, accuracies in runs[0]["shortcuts"].items():
        lines.append(f"| shortcut: {name} | {accuracies['test']:.3f} | {n:,} | |")
    lines += [f"| {name}, published | {value:.2f} | | |" for name, value in PUBLISHED_CORR2CAUSE.items()]
    return [*lines, ""]


def _scale(claims: Sequence[Claim]) -> list[str]:
    """Which scale decides what this one leaves open."""
    undecided = [claim for claim in claims if claim.answer != "yes"]
    if not undecided:
        return []
    lines = [
        "## What a larger scale would decide",
        "",
        "The paper trains 12 layers of width 512 for 100 epochs. Where this scale says no or leaves a claim open, "
        "these recipes decide it. A call takes ten minutes of a GPU and trains as many epochs as fit; `--seed 1` and "
        "so on give the other seeds, `--minutes` more time.",
        "",
    ]
    runs: dict[str, dict[str, None]] = {}
    for claim in undecided:
        lines.append(f"- {claim.text} {', '.join(f'`{name}`' for name in claim.recipes)}")
        for config in claim.configs:
            runs.setdefault(config, {}).update(dict.fromkeys(claim.recipes))
    command = "python benchmarks/gpu.py --out benchmarks/results/gpu-{} --recipes {} --config {}"
    commands = [command.format(config.replace("_", "-"), " ".join(names), config) for config, names in runs.items()]
    return [*lines, "", "<!-- not run: needs a GPU -->", "```bash", *commands, "```"]


def _range(values: Sequence[Any]) -> str:
    return f"{values[0]:,}" if values[0] == values[-1] else f"{values[0]:,} to {values[-1]:,}"
