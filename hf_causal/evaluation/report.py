"""The generalization report: one Markdown page with tables and pictures, which also goes into the model's card."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hf_causal.evaluation.plots import plot_scores
from hf_causal.evaluation.published import PUBLISHED
from hf_causal.evaluation.studies import STUDIES_FILE, render_studies
from hf_causal.evaluation.titles import TITLES
from hf_causal.files import write_json, write_text
from hf_causal.hub.cards import REPORT_FILE, SCORES_FILE, write_model_card

PLOTS = "plots"


def write_report(folder: str | Path, scores: dict[str, Any] | None = None) -> Path:
    """Writes `report.md`, `generalization.json` and `plots/` into a model folder and renews its card.

    Args:
        folder (`str` or `Path`): Model folder.
        scores (`dict`, *optional*): As [`evaluate_model`] returns them; those that the folder holds when not given.

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
    if not isinstance(scores, dict) or not scores.get("splits"):
        raise ValueError("the scores have no `splits`: evaluate the model on `transitivity_generalization`")
    write_json(folder / SCORES_FILE, scores)
    plot_scores(scores, folder / PLOTS)
    studies = folder / STUDIES_FILE
    beside = json.loads(studies.read_text(encoding="utf-8")) if studies.is_file() else {}
    text = "\n".join([render_report(scores), *render_studies(beside, folder / PLOTS)])
    report = write_text(folder / REPORT_FILE, text)
    write_model_card(folder)
    return report


def render_report(scores: dict[str, Any]) -> str:
    """The report as Markdown."""
    lines = [
        f"Scored on {scores['date']} with {scores['hardware']}: {scores['overall']['n']:,} questions of "
        f"`{scores['config']}`, accuracy {_accuracy(scores['overall'])}. Chance is .500; ± is one standard error.",
        "",
        f"![Accuracy against size]({PLOTS}/overview.png)",
        "",
        "| split | n | this model | " + " | ".join(scores["baselines"]) + " |",
        "|---|---|---|" + "---|" * len(scores["baselines"]),
    ]
    for split, score in scores["splits"].items():
        shortcuts = " | ".join(f"{by_split[split]['accuracy']:.3f}" for by_split in scores["baselines"].values())
        lines.append(f"| {TITLES.get(split, split)} | {score['n']:,} | {_accuracy(score)} | {shortcuts} |")
    for split, score in scores["splits"].items():
        lines += ["", *_cell_table(split, score)]
    if scores.get("files"):
        lines += ["", *_file_table(scores["files"])]
    lines += [
        "",
        "Published rows: arXiv 2407.07612, version 1, on that paper's own evaluation files of the same families.",
        "",
    ]
    return "\n".join(lines)


def _cell_table(split: str, score: dict[str, Any]) -> list[str]:
    sizes = list(dict.fromkeys(cell["num_nodes"] for cell in score["cells"]))
    groups = list(dict.fromkeys((cell["structure"], cell["branching_factor"]) for cell in score["cells"]))
    by_key = {(cell["structure"], cell["branching_factor"], cell["num_nodes"]): cell for cell in score["cells"]}
    lines = [f"**{TITLES.get(split, split)}**, by nodes", ""]
    lines += ["| | " + " | ".join(map(str, sizes)) + " |", "|---|" + "---|" * len(sizes)]
    factors = set()
    for structure, factor in groups:
        cells = [by_key.get((structure, factor, size)) for size in sizes]
        name = f"{structure.replace('_', ' and ')}, factor {factor}" if factor else structure.replace("_", " and ")
        # One above the other, so that a dozen sizes fit on a page.
        stacked = [_accuracy(cell).replace(" ± ", "<br>± ") if cell else "" for cell in cells]
        lines.append(f"| {name} | " + " | ".join(stacked) + " |")
        factors.add(factor)
    for name, curves in PUBLISHED.items():
        for factor in sorted(factors, key=lambda value: value or 0):
            if curve := curves.get((split, factor)):
                row = " | ".join(f"{curve[size]:.2f}" if size in curve else "" for size in sizes)
                lines.append(f"| {name}{f', factor {factor}' if factor else ''} | {row} |")
    return lines


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
