"""Tables and figures of `real_language_model.py`, from its JSON files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from real_lm_scores import IN_FAMILY, TRAINED, pooled, standard_error

from hf_causal.tasks.forms import YES_NO
from hf_causal.utils.files import write_text

Scored = dict[str, Any]
NINE = 9
"""Nodes at which the axes are compared: the trained chains have up to 6."""
_COLORS = {"before, 0-shot": "tab:gray", "before, 4-shot": "black", YES_NO: "tab:blue", "proof": "tab:orange"}
_COLORS |= {"trace": "tab:green", "grpo": "tab:red"}


def write(folder: Path) -> Path:
    """Writes `report.md` and a figure a task; returns the path of the report."""
    files = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))}
    scored = {name: values for name, values in files.items() if "cells" in values}
    training = {name: values for name, values in files.items() if "training" in values}
    lines = ["# A real language model", "", _introduction(scored), ""]
    for task in TRAINED:
        of_task = {name: values for name, values in scored.items() if values["task"] == task}
        if of_task:
            lines += [f"## {task}", "", *_table(of_task), "", *_nine(of_task), ""]
            _plot(of_task, folder / f"{task}.png")
            lines += [f"![Right answers and valid proofs by size]({task}.png)", ""]
    if training:
        lines += ["## Training", "", *_training_table(training), ""]
    return write_text(folder / "report.md", "\n".join(lines))


def _introduction(scored: dict[str, Scored]) -> str:
    one = next(iter(scored.values()), {})
    return (
        f"{one.get('model')} on {one.get('hardware')}, seed {one.get('seed')}, up to {one.get('date')}; "
        "`benchmarks/real_language_model.py`. Shares ± one standard error. Right answers to Yes/No are chosen by "
        "likelihood, chance is .500; other forms are generated greedily, and a proof has to be valid and right."
    )


def _title(name: str, values: Scored) -> str:
    """Returns what a row of a table is called."""
    form = "Yes/No" if values["form"] == YES_NO else values["form"]
    if name.startswith("before"):
        return f"as it is, {form}, {values['shots']} examples"
    return f"after {'GRPO' if 'grpo' in name else 'fine-tuning'} on {form}"


def _share(cells: list[Scored], measure: str) -> str:
    share, n = pooled(cells, measure)
    return f"{share:.2f} ± {standard_error(share, n):.2f}" if n else "–"


def _measure(values: Scored) -> str:
    return "answer_right" if values["form"] == YES_NO else "proof_valid"


def _splits(scored: dict[str, Scored]) -> list[str]:
    return list(dict.fromkeys(cell["split"] for values in scored.values() for cell in values["cells"]))


def _table(scored: dict[str, Scored]) -> list[str]:
    """Returns the shares over all sizes of each axis: right answers, and valid proofs where there are any."""
    splits = _splits(scored)
    lines = ["| model | measure | n | " + " | ".join(splits) + " | unreadable |"]
    lines.append("|" + "---|" * (len(splits) + 4))
    for name, values in scored.items():
        for measure in dict.fromkeys(("answer_right", _measure(values))):
            shares = [_share([c for c in values["cells"] if c["split"] == split], measure) for split in splits]
            unreadable, n = pooled(values["cells"], "unreadable")
            row = [_title(name, values), measure.replace("_", " "), str(n), *shares, f"{unreadable:.2f}"]
            lines.append("| " + " | ".join(row) + " |")
    return lines


def _nine(scored: dict[str, Scored]) -> list[str]:
    """Returns the shares at nine nodes, which are beyond the trained sizes."""
    splits = [split for split in _splits(scored) if split not in (IN_FAMILY, "branching")]
    lines = [f"At {NINE} nodes:", "", "| model | measure | " + " | ".join(splits) + " |"]
    lines.append("|" + "---|" * (len(splits) + 2))
    for name, values in scored.items():
        nine = [cell for cell in values["cells"] if cell["nodes"] == NINE]
        shares = [_share([cell for cell in nine if cell["split"] == split], _measure(values)) for split in splits]
        lines.append(f"| {_title(name, values)} | {_measure(values).replace('_', ' ')} | " + " | ".join(shares) + " |")
    return lines


def _training_table(training: dict[str, Scored]) -> list[str]:
    lines = ["| run | steps | questions a step | minutes | first loss | last loss | validation loss | seed | date |"]
    lines.append("|" + "---|" * 9)
    for name, values in training.items():
        summary, curve = values["training"], values["loss"] or [[0, float("nan")]]
        validation = summary["validation"].get("loss", float("nan"))
        row = [name, summary["steps"], summary["rows_per_step"], round(summary["seconds"] / 60), curve[0][1]]
        row += [curve[-1][1], round(validation, 4), values["seed"], values["date"]]
        lines.append("| " + " | ".join("–" if value != value else str(value) for value in row) + " |")
    return lines


def _label(name: str, values: Scored) -> str:
    if name.startswith("before"):
        return f"before, {values['shots']}-shot"
    return "grpo" if "grpo" in name else values["form"]


def _plot(scored: dict[str, Scored], path: Path) -> None:
    """Draws right answers (above) and valid proofs (below) against the number of nodes, a column an axis."""
    splits = _splits(scored)
    figure = Figure(figsize=(2.4 * len(splits), 5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(2, len(splits), sharey=True, squeeze=False)
    for row, measure in enumerate(("answer_right", "proof_valid")):
        for column, split in enumerate(splits):
            axis = axes[row][column]
            for name, values in scored.items():
                if _is_drawn(name, values["form"], measure):
                    _draw(axis, values, split, measure, _label(name, values))
            axis.set_ylim(-0.03, 1.03)
            axis.set_title(split if row == 0 else "")
            axis.set_xlabel("nodes" if row == 1 else "")
        axes[row][0].set_ylabel(measure.replace("_", " "))
        if axes[row][-1].get_legend_handles_labels()[1]:
            axes[row][-1].legend(fontsize=7)
    figure.savefig(path, dpi=110)


def _is_drawn(name: str, form: str, measure: str) -> bool:
    """Returns whether a model is in a row of the figure; before training, answers are those chosen by likelihood."""
    if measure == "proof_valid":
        return form != YES_NO
    return form == YES_NO or not name.startswith("before")


def _draw(axis: Any, values: Scored, split: str, measure: str, label: str) -> None:
    cells = sorted((cell for cell in values["cells"] if cell["split"] == split), key=lambda cell: cell["nodes"])
    shares = [cell[measure] for cell in cells]
    errors = [standard_error(cell[measure], cell["n"]) for cell in cells]
    nodes = [cell["nodes"] for cell in cells]
    color = _COLORS.get(label)
    axis.errorbar(nodes, shares, errors, label=label, color=color, marker="o", markersize=3, linewidth=1)
