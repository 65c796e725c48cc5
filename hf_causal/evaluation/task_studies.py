"""Studies of a model of several tasks on its card: one model against specialists, arms, transfer, ceilings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hf_causal.evaluation.plots import save_figure, subplots

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


def render_task_studies(studies: dict[str, Any], folder: Path) -> list[str]:
    """Markdown of those studies that there are; their pictures go into the given folder."""
    lines: list[str] = []
    if tasks := studies.get("tasks"):
        lines += [*_tasks_table(tasks, studies.get("ceiling", {}).get("shares", {})), ""]
    if arms := studies.get("task_arms"):
        lines += [*_arms_table(arms), ""]
    if transfer := studies.get("transfer"):
        _plot_transfer(transfer, folder / "transfer.png")
        lines += [*_transfer_table(transfer, folder.name), ""]
    return lines


def _label(key: str) -> str:
    config, _, split = key.partition("/")
    if config == "file":
        return f"released file {split}"
    task = next((name for prefix, name in _TASKS.items() if config.startswith(prefix)), config)
    return f"{task}: {split.replace('_', ' ')}"


def _where(cell: list[Any]) -> str:
    structure, factor, nodes = cell
    return f"{structure.replace('_', ' ')}{f', factor {factor}' if factor else ''}, {nodes} nodes"


def _tasks_table(study: dict[str, Any], ceilings: dict[str, float]) -> list[str]:
    one = [run for run in study["runs"] if run["model"] == _ONE]
    with_trees = [run for run in study["runs"] if run["model"] == _WITH_TREES]
    decoders = [run for run in study["runs"] if run["model"] == _DECODER]
    specialists = [run for run in study["runs"] if run["model"] not in (_ONE, _WITH_TREES, _DECODER)]
    keys = [key for key in one[0]["scores"] if not key.endswith("/validation")]
    seeds = ", ".join(str(run["seed"]) for run in one)
    dates = ", ".join(sorted({run.get("date", study["date"]) for run in study["runs"]}))
    lines = [
        f"**One model against three specialists**, seeds {seeds} ({study['hardware']}, {dates}). Accuracy, "
        "mean of the seeds, worst seed, and the worst cell of the worst seed; F1 is that of Yes. Ceiling: how often a "
        "rule that opens colliders only where they are given themselves is right."
        + (" With trees: one model that learns d-separation from small trees beside the chains." if with_trees else "")
        + (f" At most {study['limit']} questions of each cell were asked." if study.get("limit") else ""),
        "",
        "| questions | n | one model | worst seed | worst cell | F1, worst | specialist | worst seed | ceiling |"
        + (" with trees | worst seed | worst cell |" if with_trees else ""),
        "|---|---|---|---|---|---|---|---|---|" + "---|" * (3 * bool(with_trees)),
    ]
    for key in keys:
        own = [run["scores"][key] for run in one]
        others = [run["scores"][key] for run in specialists if key in run["scores"]]
        cell = _worst_cell(own)
        f1 = f"{min(score['f1'] for score in own):.3f}" if "f1" in own[0] else ""
        ceiling = f"{ceilings[key]:.4f}" if key in ceilings else ""
        beside = f"{_mean(others):.4f} | {min(score['accuracy'] for score in others):.4f}" if others else " | "
        lines.append(
            f"| {_label(key)} | {own[0]['n']:,} | {_mean(own):.4f} | {min(score['accuracy'] for score in own):.4f} "
            f"| {cell} | {f1} | {beside} | {ceiling} |"
            + (_trees_columns([run["scores"][key] for run in with_trees]) if with_trees else "")
        )
    if decoders:
        lines += [
            "",
            "A decoder (`axiom`) that was trained on the same text of correlation to causation, in the one wording:",
            "",
        ]
        lines += ["| questions | seed | accuracy | F1 of Yes |", "|---|---|---|---|"]
        for run in decoders:
            tests = {key: score for key, score in run["scores"].items() if key.endswith("/test")}
            lines += [
                f"| {_label(key)} | {run['seed']} | {score['accuracy']:.4f} | {score['f1']:.4f} |"
                for key, score in tests.items()
            ]
    lines += [
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


def _worst_cell(scores: list[dict[str, Any]]) -> str:
    worst = min(scores, key=lambda score: score.get("worst", 1.0))
    if "worst" not in worst:
        return ""
    return f"{worst['worst']:.3f}" + (f" ({_where(worst['worst_cell'])})" if worst["worst"] < 1 else "")


def _trees_columns(scores: list[dict[str, Any]]) -> str:
    return f" {_mean(scores):.4f} | {min(score['accuracy'] for score in scores):.4f} | {_worst_cell(scores)} |"


def _mean(scores: list[dict[str, Any]]) -> float:
    return sum(score["accuracy"] for score in scores) / len(scores)


def _arms_table(study: dict[str, Any]) -> list[str]:
    lines = [
        f"**What the recipes buy**, specialists, seed {study['seed']} ({study['hardware']}, {study['date']})."
        + (f" At most {study['limit']} questions of each cell were asked." if study.get("limit") else ""),
        "",
        "| arm | in-family | accuracy (F1 of Yes, worst cell) |",
        "|---|---|---|",
    ]
    for arm in study["arms"]:
        shown = [
            f"{_label(key)} {score['accuracy']:.4f} ({score['f1']:.3f}, {score['worst']:.3f})"
            for key, score in arm["scores"].items()
            if "f1" in score and not key.endswith("/validation")
        ]
        lines.append(f"| {arm['name']} | {arm['in_family']:.4f} | {'<br>'.join(shown)} |")
    return lines


def _transfer_groups(study: dict[str, Any]) -> dict[tuple[str | None, str], list[int | None]]:
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
    for (first, task), steps in _transfer_groups(study).items():
        told = ", ".join("not reached" if step is None else str(step) for step in steps)
        lines.append(f"| {_TASKS[task]} | {_TASKS[first] if first else 'nothing'} | {told} |")
    return lines


def _plot_transfer(study: dict[str, Any], path: Path) -> None:
    groups = _transfer_groups(study)
    figure, axis = subplots(figsize=(7.2, 0.5 * len(groups) + 1.4))
    names = []
    for row, ((first, task), steps) in enumerate(groups.items()):
        names.append(f"{_TASKS[task]}, {'after ' + _TASKS[first] if first else 'from scratch'}")
        reached = [step for step in steps if step is not None]
        axis.plot(reached, [row] * len(reached), "o", color="#d1495b" if first else "#1f5fa8", markersize=8)
        if missing := len(steps) - len(reached):
            axis.annotate(
                f"{missing} of {len(steps)} not reached", (1.02, row), xycoords=("axes fraction", "data"), va="center"
            )
    axis.set_yticks(range(len(names)), names)
    axis.invert_yaxis()
    axis.set_xlim(left=0)
    axis.set_xlabel(f"steps to a validation accuracy of {study['reached']}")
    axis.grid(alpha=0.3, axis="x")
    save_figure(figure, path)
