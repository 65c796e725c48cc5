"""Studies of the reasoner, a model of several tasks: against specialists, recipe changes, transfer between tasks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from hf_causal.evaluation.plots import save_figure

_ONE = "one model"
_WITH_TREES = "one model, small trees too"
_DECODER = "decoder"
_TASKS = {
    "transitivity": "transitivity",
    "d_separation": "d-separation",
    "default": "correlation to causation",
    "paraphrased": "the same in other words",
    "refactored": "the same with other names",
}


def render(studies: dict[str, Any], plots: Path) -> list[str]:
    """Returns Markdown lines of the studies `tasks`, `task_arms` and `transfer`; writes a figure into `plots`."""
    lines: list[str] = []
    if tasks := studies.get("tasks"):
        lines += [*_comparison(tasks, studies.get("ceiling", {}).get("shares", {})), ""]
    if arms := studies.get("task_arms"):
        lines += [*_arms_table(arms), ""]
    if transfer := studies.get("transfer"):
        _plot_transfer(transfer, plots / "transfer.png")
        lines += [*_transfer_table(transfer, plots.name), ""]
    return lines


def _comparison(study: dict[str, Any], ceilings: dict[str, float]) -> list[str]:
    """Compares one model of all tasks with specialists, and lists the training of each."""
    runs = {name: [run for run in study["runs"] if run["model"] == name] for name in (_ONE, _WITH_TREES, _DECODER)}
    specialists = [run for run in study["runs"] if run["model"] not in runs]
    return [
        *_comparison_heading(study, runs),
        "",
        *_comparison_table(runs, specialists, ceilings),
        *_decoder_table(runs[_DECODER]),
        *_training_table(study),
    ]


def _comparison_heading(study: dict[str, Any], runs: dict[str, list[dict[str, Any]]]) -> list[str]:
    seeds = ", ".join(str(run["seed"]) for run in runs[_ONE])
    dates = ", ".join(sorted({run.get("date", study["date"]) for run in study["runs"]}))
    with_trees = " With trees: one model that learns d-separation from small trees beside the chains."
    limit = f" At most {study['limit']} questions of each cell were asked." if study.get("limit") else ""
    return [
        f"**One model against three specialists**, seeds {seeds} ({study['hardware']}, {dates}). Accuracy, "
        "mean of the seeds, worst seed, and the worst cell of the worst seed; F1 is that of Yes. Ceiling: how often a "
        "rule that opens colliders only where they are given themselves is right."
        + (with_trees if runs[_WITH_TREES] else "")
        + limit
    ]


def _comparison_table(
    runs: dict[str, list[dict[str, Any]]], specialists: list[dict[str, Any]], ceilings: dict[str, float]
) -> list[str]:
    with_trees = runs[_WITH_TREES]
    lines = [
        "| questions | n | one model | worst seed | worst cell | F1, worst | specialist | worst seed | ceiling |"
        + (" with trees | worst seed | worst cell |" if with_trees else ""),
        "|---|---|---|---|---|---|---|---|---|" + "---|" * (3 * bool(with_trees)),
    ]
    for key in runs[_ONE][0]["scores"]:
        if key.endswith("/validation"):
            continue
        scores = [run["scores"][key] for run in runs[_ONE]]
        specialized = [run["scores"][key] for run in specialists if key in run["scores"]]
        f1 = f"{min(score['f1'] for score in scores):.3f}" if "f1" in scores[0] else ""
        ceiling = f"{ceilings[key]:.4f}" if key in ceilings else ""
        line = (
            f"| {_label(key)} | {scores[0]['n']:,} | {_mean_and_worst(scores)} | {_worst_cell(scores)} | {f1} | "
            f"{_mean_and_worst(specialized) if specialized else ' | '} | {ceiling} |"
        )
        if with_trees:
            scores = [run["scores"][key] for run in with_trees]
            line += f" {_mean_and_worst(scores)} | {_worst_cell(scores)} |"
        lines.append(line)
    return lines


def _decoder_table(decoders: list[dict[str, Any]]) -> list[str]:
    if not decoders:
        return []
    lines = [
        "",
        "A decoder (`axiom`) that was trained on the same text of correlation to causation, in the one wording:",
        "",
        "| questions | seed | accuracy | F1 of Yes |",
        "|---|---|---|---|",
    ]
    for run in decoders:
        for key, score in run["scores"].items():
            if key.endswith("/test"):
                lines.append(f"| {_label(key)} | {run['seed']} | {score['accuracy']:.4f} | {score['f1']:.4f} |")
    return lines


def _training_table(study: dict[str, Any]) -> list[str]:
    lines = [
        "",
        "| model | seed | steps | questions seen | in-family | minutes of training | date |",
        "|---|---|---|---|---|---|---|",
    ]
    for run in study["runs"]:
        lines.append(
            f"| {run['recipe']} | {run['seed']} | {run['steps']:,} | {run['questions']:,} | {run['accuracy']:.4f} "
            f"| {run['seconds'] / 60:.1f} | {run.get('date', study['date'])} |"
        )
    return lines


def _label(key: str) -> str:
    """Returns the name of a split in the tables, from `<config>/<split>`."""
    config, _, split = key.partition("/")
    if config == "file":
        return f"released file {split}"
    task = next((name for prefix, name in _TASKS.items() if config.startswith(prefix)), config)
    return f"{task}: {split.replace('_', ' ')}"


def _mean_and_worst(scores: list[dict[str, Any]]) -> str:
    accuracies = [score["accuracy"] for score in scores]
    return f"{sum(accuracies) / len(accuracies):.4f} | {min(accuracies):.4f}"


def _worst_cell(scores: list[dict[str, Any]]) -> str:
    worst = min(scores, key=lambda score: score.get("worst", 1.0))
    if "worst" not in worst:
        return ""
    if worst["worst"] == 1:
        return f"{worst['worst']:.3f}"
    structure, factor, nodes = worst["worst_cell"]
    name = f"{structure.replace('_', ' ')}{f', factor {factor}' if factor else ''}, {nodes} nodes"
    return f"{worst['worst']:.3f} ({name})"


def _arms_table(study: dict[str, Any]) -> list[str]:
    lines = [
        f"**What the recipes buy**, specialists, seed {study['seed']} ({study['hardware']}, {study['date']})."
        + (f" At most {study['limit']} questions of each cell were asked." if study.get("limit") else ""),
        "",
        "| arm | in-family | accuracy (F1 of Yes, worst cell) |",
        "|---|---|---|",
    ]
    for arm in study["arms"]:
        scores = [
            f"{_label(key)} {score['accuracy']:.4f} ({score['f1']:.3f}, {score['worst']:.3f})"
            for key, score in arm["scores"].items()
            if "f1" in score and not key.endswith("/validation")
        ]
        lines.append(f"| {arm['name']} | {arm['in_family']:.4f} | {'<br>'.join(scores)} |")
    return lines


def _steps_by_order(study: dict[str, Any]) -> dict[tuple[str | None, str], list[int | None]]:
    """Returns the steps that each run needed, by (task learned first, task)."""
    groups: dict[tuple[str | None, str], list[int | None]] = {}
    for run in study["runs"]:
        groups.setdefault((run["first"], run["task"]), []).append(run["steps"])
    return groups


def _transfer_table(study: dict[str, Any], plots: str) -> list[str]:
    lines = [
        f"**Does learning one task first shorten another?** Steps after which validation accuracy stays at or above "
        f"{study['reached']}, one number a seed ({study['hardware']}, {study['date']})",
        "",
        f"![Transfer]({plots}/transfer.png)",
        "",
        "| task | learnt before | steps |",
        "|---|---|---|",
    ]
    for (first, task), steps in _steps_by_order(study).items():
        cells = ", ".join("not reached" if step is None else str(step) for step in steps)
        lines.append(f"| {_TASKS[task]} | {_TASKS[first] if first else 'nothing'} | {cells} |")
    return lines


def _plot_transfer(study: dict[str, Any], path: Path) -> None:
    groups = _steps_by_order(study)
    figure = Figure(figsize=(7.2, 0.5 * len(groups) + 1.4))
    axis = figure.subplots()
    for row, ((first, _), steps) in enumerate(groups.items()):
        reached = [step for step in steps if step is not None]
        axis.plot(reached, [row] * len(reached), "o", color="#d1495b" if first else "#1f5fa8", markersize=8)
        if missing := len(steps) - len(reached):
            axis.annotate(
                f"{missing} of {len(steps)} not reached", (1.02, row), xycoords=("axes fraction", "data"), va="center"
            )
    names = [f"{_TASKS[task]}, {'after ' + _TASKS[first] if first else 'from scratch'}" for first, task in groups]
    axis.set_yticks(range(len(names)), names)
    axis.invert_yaxis()
    axis.set_xlim(left=0)
    axis.set_xlabel(f"steps to a validation accuracy of {study['reached']}")
    axis.grid(alpha=0.3, axis="x")
    save_figure(figure, path)
