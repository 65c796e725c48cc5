"""Studies that stand beside a model's scores on its card: several seeds, ablation, scaling; tables and pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402  (the backend is chosen first)

from hf_causal.evaluation.plots import save_figure, structure_name  # noqa: E402
from hf_causal.evaluation.task_studies import render_task_studies  # noqa: E402
from hf_causal.evaluation.titles import TITLES  # noqa: E402
from hf_causal.tasks.registry import get_task  # noqa: E402

_PUBLISHED = get_task("transitivity").published_curves
STUDIES_FILE = "studies.json"


def seed_result(seed: int, in_family: float, consistency: dict[str, float], scores: dict[str, Any]) -> dict[str, Any]:
    """What a study keeps of one trained seed: accuracies of all cells, and of files over their correct rows."""
    cells = [
        {"split": split, **{name: cell[name] for name in ("structure", "branching_factor", "num_nodes", "accuracy")}}
        for split, score in scores["splits"].items()
        for cell in score["cells"]
    ]
    files = {name: score["correct_rows"]["accuracy"] for name, score in scores["files"].items()}
    return {"seed": seed, "in_family": in_family, "consistency": consistency, "cells": cells, "files": files}


def render_studies(studies: dict[str, Any], folder: Path) -> list[str]:
    """Markdown of the studies that there are; their pictures go into the given folder."""
    lines: list[str] = []
    if seeds := studies.get("seeds"):
        lines += [*_seed_tables(seeds), ""]
    if ablation := studies.get("ablation"):
        _plot_ablation(ablation, folder / "ablation.png")
        lines += [*_ablation_table(ablation, folder.name), ""]
    if scaling := studies.get("scaling"):
        _plot_scaling(scaling, folder / "scaling.png")
        lines += [*_scaling_table(scaling, folder.name), ""]
    return lines + render_task_studies(studies, folder)


def _seed_tables(study: dict[str, Any]) -> list[str]:
    runs = study["runs"]
    seeds = [str(run["seed"]) for run in runs]
    accuracies = [{_key(cell): cell["accuracy"] for cell in run["cells"]} for run in runs]
    worst = min(min(own.values()) for own in accuracies)
    in_family = ", ".join(f"{run['in_family']:.4f}" for run in runs)
    lines = [
        f"**Every cell, seeds {', '.join(seeds)}** ({study['hardware']}, {study['date']}). In-family validation: "
        f"{in_family}. The worst cell of the worst seed: {worst:.3f}.",
        "",
        "| split | structure | factor | nodes | mean | worst | " + " | ".join(_PUBLISHED) + " |",
        "|---|---|---|---|---|---|" + "---|" * len(_PUBLISHED),
    ]
    for split, structure, factor, nodes in accuracies[0]:
        values = [own[split, structure, factor, nodes] for own in accuracies]
        # Published shuffled chains are flipped or not; the published figures are drawn beside the plain ones.
        plain = structure != "shuffled_flipped"
        curves = [rows.get((split, factor), {}).get(nodes) if plain else None for rows in _PUBLISHED.values()]
        printed = " | ".join("" if value is None else f"{value:.2f}" for value in curves)
        lines.append(
            f"| {TITLES.get(split, split)} | {structure_name(structure)} | {factor or ''} | {nodes} | "
            f"{sum(values) / len(values):.4f} | {min(values):.3f} | {printed} |"
        )
    if runs[0]["files"]:
        lines += ["", "**External files**, over the rows whose label does not contradict their own text", ""]
        lines += ["| file | mean | worst |", "|---|---|---|"]
        for name in runs[0]["files"]:
            values = [run["files"][name] for run in runs]
            lines.append(f"| {name} | {sum(values) / len(values):.4f} | {min(values):.3f} |")
    lines += [
        "",
        "**Checks without labels**, on validation prompts: share of answers that stay when something that does not "
        "matter changes",
        "",
        "| seed | " + " | ".join(runs[0]["consistency"]) + " |",
        "|---|" + "---|" * len(runs[0]["consistency"]),
    ]
    for run in runs:
        lines.append(
            f"| {run['seed']} | " + " | ".join(f"{value:.4f}" for value in run["consistency"].values()) + " |"
        )
    return lines


def _key(cell: dict[str, Any]) -> tuple[str, str, float | None, int]:
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
    figure, axis = plt.subplots(figsize=(9.4, 0.36 * len(arms) + 1.6))
    values = [[arm["in_family"], *(arm["splits"][split] for split in splits)] for arm in arms]
    axis.imshow(values, cmap="cividis", vmin=0.5, vmax=1.0, aspect="auto")
    axis.set_xticks(range(len(splits) + 1), ["in-family", *(split.replace("_", "\n") for split in splits)])
    axis.set_yticks(range(len(arms)), [arm["name"] for arm in arms])
    axis.tick_params(length=0)
    axis.xaxis.tick_top()
    for row, own in enumerate(values):
        for column, value in enumerate(own):
            shade = "black" if value > 0.75 else "white"
            axis.text(column, row, f"{value:.3f}", ha="center", va="center", fontsize=8, color=shade)
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
    figure, (left, right) = plt.subplots(1, 2, figsize=(9.2, 3.6))
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
