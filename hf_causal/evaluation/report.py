"""The generalization report: one Markdown page with tables and pictures, which also goes into the model's card."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hf_causal.artifacts import REPORT_FILE, SCORES_FILE, STUDIES_FILE, all_scores
from hf_causal.cards.model_card import write_model_card
from hf_causal.evaluation.plots import cell_groups, plot_scores, structure_name
from hf_causal.evaluation.reference_results import published_curves, published_f1
from hf_causal.evaluation.titles import TITLES
from hf_causal.systems import evaluation_of_model_type
from hf_causal.tasks.registry import task_of_config
from hf_causal.tasks.shared.published import Curves
from hf_causal.utils.files import write_json, write_text

PLOTS = "plots"


def write_report(
    folder: str | Path, scores: dict[str, Any] | None = None, beside: Sequence[dict[str, Any]] = ()
) -> Path:
    """Writes `report.md`, `generalization.json` and `plots/` into a model folder and renews its card.

    Args:
        folder (`str` or `Path`): Model folder.
        scores (`dict`, *optional*): As [`evaluate_model`] returns them; those that the folder holds when not given.
        beside (sequence of `dict`): Scores of other models on the same config, for rows beside the published ones;
            they are kept with the folder's own, in place of any of the same name.

    Returns:
        `Path`: Of the report.

    Raises:
        `FileNotFoundError`: If it is not a model folder, or there are no scores.
        `ValueError`: If the scores are not those of an evaluation of splits.
    """
    folder = Path(folder)
    if not (folder / "config.json").is_file():
        raise FileNotFoundError(f"{str(folder)!r} is not a model folder: it has no config.json")
    if scores is None:
        path = folder / SCORES_FILE
        if not path.is_file():
            raise FileNotFoundError(f"{str(path)!r} does not exist: score the model first with `hf-causal evaluate`")
        scores = json.loads(path.read_text(encoding="utf-8"))
    page = write_page(folder, _with_others(scores, beside))
    write_model_card(folder)
    return page


def write_page(folder: str | Path, scores: dict[str, Any]) -> Path:
    """Writes `report.md`, `generalization.json` and `plots/` into any folder.

    Args:
        folder (`str` or `Path`): Is made if it does not exist.
        scores (`dict`): As [`evaluate_model`] returns them.

    Returns:
        `Path`: Of the report.

    Raises:
        `ValueError`: If the scores are not those of an evaluation of splits.
    """
    folder = Path(folder)
    if isinstance(scores, dict) and (system := evaluation_of_model_type(scores.get("kind"))):
        write_json(folder / SCORES_FILE, scores)
        (folder / PLOTS).mkdir(parents=True, exist_ok=True)
        return write_text(folder / REPORT_FILE, _with_studies(system.render(scores, folder, PLOTS), folder))
    if not isinstance(scores, dict) or not scores.get("splits"):
        raise ValueError("the scores have no `splits`: evaluate the model on `transitivity_generalization` or so")
    write_json(folder / SCORES_FILE, scores)
    first, *further = all_scores(scores)
    plot_scores(first, folder / PLOTS)
    parts = [render_report(first)]
    for others in further:
        plot_scores(others, folder / PLOTS / others["config"])
        title = _title(others)
        parts.append(f"### {title}\n\n" + render_report(others, f"{PLOTS}/{others['config']}/overview.png"))
    if further:
        parts.insert(0, "\n".join(_task_table([first, *further])) + f"\n\n### {_title(first)}\n")
    return write_text(folder / REPORT_FILE, _with_studies("\n".join(parts), folder))


def _with_studies(report: str, folder: Path) -> str:
    """Appends the text of the studies that were made of a model, if its folder has any."""
    studies = folder / STUDIES_FILE
    return f"{report}\n{studies.read_text(encoding='utf-8')}" if studies.is_file() else report


def _with_others(scores: dict[str, Any], others: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The scores with those of other models in `beside`, by name and way of asking."""
    kept = dict(scores.get("beside", {})) if isinstance(scores, dict) else {}
    for other in others:
        if other.get("config") != scores.get("config") or other.get("dataset") != scores.get("dataset"):
            raise ValueError(
                f"`beside` must be scores on {scores.get('config')!r}, those of {other.get('model')!r} are on "
                f"{other.get('config')!r}"
            )
        kept[_measured(other)] = {"splits": other["splits"], "date": other["date"]}
    return {**scores, "beside": kept} if kept else scores


def _measured(scores: dict[str, Any]) -> str:
    """The name of a row that was measured here."""
    asked = scores.get("asked")
    return f"{Path(scores['model']).name} ({_way(asked)})" if asked else Path(scores["model"]).name


def _way(asked: dict[str, Any]) -> str:
    shots = f"{asked['shots']} example{'s' if asked['shots'] > 1 else ''}" if asked["shots"] else "zero-shot"
    return ", ".join([asked["way"], shots, *(["chat template"] if asked["chat_template"] else [])])


def render_report(scores: dict[str, Any], picture: str = f"{PLOTS}/overview.png") -> str:
    """The report as Markdown, with a picture under its head."""
    lines = [
        f"Scored on {scores['date']} with {scores['hardware']}: {scores['overall']['n']:,} questions of "
        f"`{scores['config']}`, accuracy {_accuracy(scores['overall'])}. Chance is .500; ± is one standard error.",
        "",
        f"![Accuracy against size]({picture})",
        "",
        "| split | n | this model | " + " | ".join(scores["baselines"]) + " |",
        "|---|---|---|" + "---|" * len(scores["baselines"]),
    ]
    if asked := scores.get("asked"):
        unparsable = sum(score["unparsable"] for score in scores["splits"].values())
        wrong = f"{unparsable:,} questions got neither a Yes nor a No, or were too long, and count as wrong"
        lines[1:1] = ["", f"Asked by {_way(asked)}; {wrong}."]
    for split, score in scores["splits"].items():
        shortcuts = " | ".join(f"{by_split[split]['accuracy']:.3f}" for by_split in scores["baselines"].values())
        lines.append(f"| {TITLES.get(split, split)} | {score['n']:,} | {_accuracy(score)} | {shortcuts} |")
    if published_f1(scores):
        lines += ["", *_detection_table(scores)]
    for split, score in scores["splits"].items():
        others = {name: other["splits"].get(split) for name, other in scores.get("beside", {}).items()}
        lines += ["", *_cell_table(split, score, published_curves(scores), others)]
    if scores.get("files"):
        lines += ["", *_file_table(scores["files"])]
    task = task_of_config(scores["dataset"], scores["config"])
    if task is not None and task.reference and scores["config"] in task.scored_configs:
        lines += ["", f"Published rows: {task.reference}."]
    return "\n".join([*lines, ""])


def _title(scores: dict[str, Any]) -> str:
    """Returns the title of the scored config in reports."""
    task = task_of_config(scores.get("dataset", "axiomatic"), scores["config"])
    return task.scored_configs.get(scores["config"], scores["config"]) if task else scores["config"]


def _task_table(scored: Sequence[dict[str, Any]]) -> list[str]:
    lines = ["| task | config | n | accuracy | F1 of Yes | worst cell |", "|---|---|---|---|---|---|"]
    for scores in scored:
        # Validation is looked at in training; what counts is the rest.
        splits = {name: score for name, score in scores["splits"].items() if name != "validation"}
        count = sum(score["n"] for score in splits.values())
        hits = sum(round(score["accuracy"] * score["n"]) for score in splits.values())
        worst = min(cell["accuracy"] for score in splits.values() for cell in score["cells"])
        f1 = " / ".join(f"{score['yes']['f1']:.3f}" for score in splits.values()) if len(splits) == 1 else ""
        lines.append(
            f"| {_title(scores)} | `{scores['config']}` | {count:,} | {hits / count:.4f} | {f1} | {worst:.3f} |"
        )
    return lines


def _detection_table(scores: dict[str, Any]) -> list[str]:
    lines = [
        "**How well a Yes is found**, which accuracy does not show where most answers are No",
        "",
        "| | precision | recall | F1 | accuracy |",
        "|---|---|---|---|---|",
    ]
    for split, score in scores["splits"].items():
        found = score["yes"]
        shares = " | ".join(f"{found[name]:.3f}" for name in ("precision", "recall", "f1"))
        lines.append(f"| this model, {split} | {shares} | {score['accuracy']:.3f} |")
    for name, other in scores.get("beside", {}).items():
        for split, score in other["splits"].items():
            shares = " | ".join(f"{score['yes'][key]:.3f}" for key in ("precision", "recall", "f1"))
            lines.append(f"| {name}, {split} | {shares} | {score['accuracy']:.3f} |")
    for name, (f1, accuracy) in published_f1(scores).items():
        lines.append(f"| {name} | | | {f1:.3f} | {'' if accuracy is None else f'{accuracy:.3f}'} |")
    return lines


def _cell_table(
    split: str, score: dict[str, Any], published: Curves, others: dict[str, dict[str, Any] | None]
) -> list[str]:
    sizes = sorted({cell["num_nodes"] for cell in score["cells"]})
    groups = cell_groups(score)
    by_key = {(cell["structure"], cell["branching_factor"], cell["num_nodes"]): cell for cell in score["cells"]}
    lines = [f"**{TITLES.get(split, split)}**, by nodes", ""]
    lines += ["| | " + " | ".join(map(str, sizes)) + " |", "|---|" + "---|" * len(sizes)]
    factors = set()
    for structure, factor in groups:
        cells = [by_key.get((structure, factor, size)) for size in sizes]
        name = _group(structure, factor)
        # One above the other, so that a dozen sizes fit on a page.
        stacked = [_accuracy(cell).replace(" ± ", "<br>± ") if cell else "" for cell in cells]
        lines.append(f"| {name} | " + " | ".join(stacked) + " |")
        factors.add(factor)
    for name, other in others.items():
        for structure, factor in groups:
            if other is None:
                continue
            own = _cells_by_size(other, structure, factor)
            row = " | ".join(f"{own[size]['accuracy']:.2f}" if size in own else "" for size in sizes)
            group = f", {_group(structure, factor)}" if len(groups) > 1 else ""
            lines.append(f"| {name}{group} | {row} |")
    for name, curves in published.items():
        for factor in sorted(factors, key=lambda value: value or 0):
            if curve := curves.get((split, factor)):
                row = " | ".join(f"{curve[size]:.2f}" if size in curve else "" for size in sizes)
                lines.append(f"| {name}{f', factor {factor}' if factor else ''} | {row} |")
    return lines


def _cells_by_size(score: dict[str, Any], structure: str, factor: float | None) -> dict[int, dict[str, Any]]:
    group = (structure, factor)
    return {
        cell["num_nodes"]: cell for cell in score["cells"] if (cell["structure"], cell["branching_factor"]) == group
    }


def _group(structure: str, factor: float | None) -> str:
    return f"{structure_name(structure)}, factor {factor}" if factor else structure_name(structure)


def _file_table(files: dict[str, Any]) -> list[str]:
    lines = [
        "**External files**, scored as they are; rows whose label contradicts their own text are counted apart",
        "",
        "| file | n | accuracy | contradicted rows | accuracy over the other rows |",
        "|---|---|---|---|---|",
    ]
    for name, score in files.items():
        correct = _accuracy(score["correct_rows"]) if score["correct_rows"] else ""
        lines.append(f"| {name} | {score['n']:,} | {_accuracy(score)} | {score['contradicted']} | {correct} |")
    return lines


def _accuracy(score: dict[str, Any]) -> str:
    return f"{score['accuracy']:.3f} ± {score['stderr']:.3f}"
