"""Studies of the looped reasoner: several seeds, an ablation, and scaling in the length of the prompt."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from hf_causal.evaluation.plots import save_figure, structure_name
from hf_causal.evaluation.scores import Scores
from hf_causal.evaluation.titles import TITLES
from hf_causal.tasks.registry import get_task

_PUBLISHED = get_task("transitivity").published_curves


def seed_result(seed: int, in_family: float, consistency: dict[str, float], scores: Scores) -> dict[str, Any]:
    """Returns what a study stores of one seed: accuracies of all cells, and of files over their correct rows."""
    names = ("structure", "branching_factor", "num_nodes", "accuracy")
    cells = [
        {"split": split, **{name: getattr(cell, name) for name in names}}
        for part in scores.by_config
        for split, score in part.splits.items()
        for cell in score.cells
    ]
    files = {name: score.correct_rows.accuracy for name, score in scores.files.items()}
    return {"seed": seed, "in_family": in_family, "consistency": consistency, "cells": cells, "files": files}


def render(studies: dict[str, Any], plots: Path) -> list[str]:
    """Returns Markdown lines of the studies `seeds`, `ablation` and `scaling`; writes their figures into `plots`."""
    lines: list[str] = []
    if seeds := studies.get("seeds"):
        lines += [*_cell_table(seeds), *_file_table(seeds), *_consistency_table(seeds), ""]
    if ablation := studies.get("ablation"):
        _plot_ablation(ablation, plots / "ablation.png")
        lines += [*_ablation_table(ablation, plots.name), ""]
    if scaling := studies.get("scaling"):
        _plot_scaling(scaling, plots / "scaling.png")
        lines += [*_scaling_table(scaling, plots.name), ""]
    return lines


def _cell_table(study: dict[str, Any]) -> list[str]:
    runs = study["runs"]
    accuracies = [{_cell_key(cell): cell["accuracy"] for cell in run["cells"]} for run in runs]
    worst = min(min(by_cell.values()) for by_cell in accuracies)
    seeds = ", ".join(str(run["seed"]) for run in runs)
    in_family = ", ".join(f"{run['in_family']:.4f}" for run in runs)
    lines = [
        f"**Every cell, seeds {seeds}** ({study['hardware']}, {study['date']}). In-family validation: {in_family}. "
        f"The worst cell of the worst seed: {worst:.3f}.",
        "",
        "| split | structure | factor | nodes | mean | worst | " + " | ".join(_PUBLISHED) + " |",
        "|---|---|---|---|---|---|" + "---|" * len(_PUBLISHED),
    ]
    for key in accuracies[0]:
        split, structure, factor, nodes = key
        values = [by_cell[key] for by_cell in accuracies]
        lines.append(
            f"| {TITLES.get(split, split)} | {structure_name(structure)} | {factor or ''} | {nodes} | "
            f"{sum(values) / len(values):.4f} | {min(values):.3f} | {_published_columns(key)} |"
        )
    return lines


def _published_columns(key: tuple[str, str, float | None, int]) -> str:
    split, structure, factor, nodes = key
    # The papers mix plain and flipped shuffled chains; their figures stand in the rows of the plain ones.
    plain = structure != "shuffled_flipped"
    values = [rows.get((split, factor), {}).get(nodes) if plain else None for rows in _PUBLISHED.values()]
    return " | ".join("" if value is None else f"{value:.2f}" for value in values)


def _file_table(study: dict[str, Any]) -> list[str]:
    runs = study["runs"]
    if not runs[0]["files"]:
        return []
    lines = ["", "**External files**, over the rows whose label does not contradict their own text", ""]
    lines += ["| file | mean | worst |", "|---|---|---|"]
    for name in runs[0]["files"]:
        values = [run["files"][name] for run in runs]
        lines.append(f"| {name} | {sum(values) / len(values):.4f} | {min(values):.3f} |")
    return lines


def _consistency_table(study: dict[str, Any]) -> list[str]:
    runs = study["runs"]
    lines = [
        "",
        "**Checks without labels**, on validation prompts: share of answers that stay when something that does not "
        "matter changes",
        "",
        "| seed | " + " | ".join(runs[0]["consistency"]) + " |",
        "|---|" + "---|" * len(runs[0]["consistency"]),
    ]
    for run in runs:
        shares = " | ".join(f"{value:.4f}" for value in run["consistency"].values())
        lines.append(f"| {run['seed']} | {shares} |")
    return lines


def _cell_key(cell: dict[str, Any]) -> tuple[str, str, float | None, int]:
    return cell["split"], cell["structure"], cell["branching_factor"], cell["num_nodes"]


def _ablation_table(study: dict[str, Any], plots: str) -> list[str]:
    splits = list(study["arms"][0]["splits"])
    lines = [
        f"**Ablation**, seed {study['seed']}, {study['steps']} steps each, {study['rows_per_cell']} questions of each "
        f"cell ({study['hardware']}, {study['date']})",
        "",
        f"![Ablation]({plots}/ablation.png)",
        "",
        "| arm | parameters | in-family | " + " | ".join(TITLES.get(split, split) for split in splits) + " |",
        "|---|---|---|" + "---|" * len(splits),
    ]
    for arm in study["arms"]:
        cells = " | ".join(f"{arm['splits'][split]:.3f}" for split in splits)
        lines.append(f"| {arm['name']} | {arm['parameters']:,} | {arm['in_family']:.4f} | {cells} |")
    return lines


def _plot_ablation(study: dict[str, Any], path: Path) -> None:
    arms = study["arms"]
    splits = list(arms[0]["splits"])
    figure = Figure(figsize=(11.4, 0.36 * len(arms) + 1.6))
    axis = figure.subplots()
    values = [[arm["in_family"], *(arm["splits"][split] for split in splits)] for arm in arms]
    axis.imshow(values, cmap="cividis", vmin=0.5, vmax=1.0, aspect="auto")
    axis.set_xticks(range(len(splits) + 1), ["in-family", *(split.replace("_", "\n") for split in splits)])
    axis.set_yticks(range(len(arms)), [arm["name"] for arm in arms])
    axis.tick_params(length=0)
    axis.xaxis.tick_top()
    for row, accuracies in enumerate(values):
        for column, value in enumerate(accuracies):
            color = "black" if value > 0.75 else "white"
            axis.text(column, row, f"{value:.3f}", ha="center", va="center", fontsize=8, color=color)
    axis.set_title("Accuracy by arm and split", fontsize=11)
    save_figure(figure, path)


def _scaling_table(study: dict[str, Any], plots: str) -> list[str]:
    lines = [
        f"**Scaling** on one core: shuffled chains, {study['questions']} questions a size ({study['hardware']}, "
        f"{study['date']})",
        "",
        f"![Scaling]({plots}/scaling.png)",
        "",
        "| statements | accuracy | milliseconds per question | loops, mean |",
        "|---|---|---|---|",
    ]
    for row in study["rows"]:
        lines.append(
            f"| {row['statements']} | {row['accuracy']:.3f} | {row['milliseconds']:.1f} | {row['loops']:.0f} |"
        )
    return lines


def _plot_scaling(study: dict[str, Any], path: Path) -> None:
    sizes = [row["statements"] for row in study["rows"]]
    figure = Figure(figsize=(9.2, 3.6))
    left, right = figure.subplots(1, 2)
    left.plot(sizes, [row["accuracy"] for row in study["rows"]], marker="o", color="#1f5fa8")
    left.set_ylim(0.38, 1.03)
    left.set_ylabel("accuracy")
    right.plot(sizes, [row["milliseconds"] for row in study["rows"]], marker="o", color="#d1495b")
    right.set_yscale("log")
    right.set_ylabel("milliseconds per question")
    for axis in (left, right):
        axis.set_xscale("log")
        axis.set_xlabel("statements in the prompt")
        axis.grid(alpha=0.3)
    save_figure(figure, path)
