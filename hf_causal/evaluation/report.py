"""The text of the generalization report: Markdown with tables and links to figures. It also goes into model cards."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from hf_causal.evaluation.metrics import Accuracy
from hf_causal.evaluation.plots import Group, cell_groups, structure_name
from hf_causal.evaluation.reference_results import published_curves, published_f1
from hf_causal.evaluation.scores import (
    ERRORS_TITLE,
    FileScore,
    Scores,
    SplitScore,
    YesScore,
    errors_table,
    total_accuracy,
)
from hf_causal.evaluation.titles import TITLES
from hf_causal.evaluation.variant_scores import VariantScores, variant_remarks, variant_table
from hf_causal.tasks.registry import task_of_config
from hf_causal.tasks.shared.published import Curves

PLOTS = "plots"
"""Folder of the figures, in the folder of the report."""
OVERVIEW = "overview.png"
F1_TITLE = "**F1 of Yes**, which accuracy does not show where most answers are No"


def render_report(scores: Scores) -> str:
    """Renders the report on every config, with a table of the configs if there are several."""
    first, *further = scores.by_config
    sections = [render_config(first)]
    for other in further:
        sections.append(f"### {_title(other)}\n\n" + render_config(other, f"{PLOTS}/{other.config}/{OVERVIEW}"))
    if further:
        sections.insert(0, "\n".join(_config_table([first, *further])) + f"\n\n### {_title(first)}\n")
    return "\n".join(sections)


def render_config(scores: Scores, figure: str = f"{PLOTS}/{OVERVIEW}") -> str:
    """Renders the report on one config, with a figure below its first sentence.

    Raises:
        `ValueError`: If no split was scored.
    """
    if not scores.splits or scores.overall is None:
        raise ValueError("the scores have no `splits`: evaluate the model on a config, not on files alone")
    lines = [*_summary(scores), "", f"![Accuracy against size]({figure})", "", *_split_table(scores)]
    columns, rows = errors_table(scores)
    if rows:
        rows = [[TITLES.get(split, split), *cells] for split, *cells in rows]
        lines += ["", f"**{ERRORS_TITLE}**", "", *_header(columns), *(f"| {' | '.join(row)} |" for row in rows)]
    if published_f1(scores.dataset, scores.config):
        lines += ["", *_f1_table(scores)]
    for split, score in scores.splits.items():
        lines += ["", *_cell_table(split, score, scores)]
    if scores.files:
        lines += ["", *_file_table(scores.files)]
    if scores.variants:
        lines += ["", *_variant_section(scores.variants)]
    task = task_of_config(scores.dataset, scores.config or "")
    if task is not None and task.reference and scores.config in task.scored_configs:
        lines += ["", f"Published rows: {task.reference}."]
    return "\n".join([*lines, ""])


def model_label(scores: Scores) -> str:
    """Returns the name of a model in a table, with how it was prompted."""
    name = Path(scores.model).name
    return f"{name} ({prompting_words(scores.prompting)})" if scores.prompting else name


def yes_cells(yes: YesScore | None) -> str:
    """Returns three table cells: precision, recall and F1, empty without a score."""
    return " | ".join([f"{yes.precision:.3f}", f"{yes.recall:.3f}", f"{yes.f1:.3f}"] if yes else ["", "", ""])


def _summary(scores: Scores) -> list[str]:
    lines = [
        f"Scored on {scores.date} with {scores.hardware}: {_n(scores.overall)} questions of `{scores.config}`, "
        f"accuracy {scores.overall}. Chance is .500; ± is one standard error."
    ]
    if scores.prompting:
        unparsable = sum(score.unparsable or 0 for score in scores.splits.values())
        lines += ["", f"Asked by {prompting_words(scores.prompting)}; {unparsable_remark(unparsable)}."]
        lines += [f"{remark}." for remark in endpoint_remarks(scores.prompting)]
    return lines


def endpoint_remarks(prompting: Mapping[str, Any]) -> list[str]:
    """Returns sentences on what an endpoint refused: prompts, which count as wrong, and parameters."""
    remarks = []
    if refused := prompting.get("refused"):
        reasons = ", ".join(f"{count:,} for {reason}" for reason, count in refused.items())
        remarks.append(f"The endpoint refused {sum(refused.values()):,} prompts, which count as wrong: {reasons}")
    if dropped := prompting.get("parameters_not_taken"):
        remarks.append(f"The endpoint does not take {', '.join(f'`{name}`' for name in dropped)}")
    return remarks


def unparsable_remark(count: int) -> str:
    """Returns a clause on questions without a readable answer."""
    return f"{count:,} questions got neither a Yes nor a No, or were too long, and count as wrong"


def prompting_words(prompting: Mapping[str, Any]) -> str:
    """Returns how a language model was asked, such as `generation, zero-shot, chat template`."""
    shots = prompting["shots"]
    examples = f"{shots} example{'s' if shots > 1 else ''}" if shots else "zero-shot"
    return ", ".join([prompting["way"], examples, *(["chat template"] if prompting["chat_template"] else [])])


def _title(scores: Scores) -> str:
    config = scores.config or ""
    task = task_of_config(scores.dataset, config)
    return task.scored_configs.get(config, config) if task else config


def _config_table(by_config: Sequence[Scores]) -> list[str]:
    lines = ["| task | config | n | accuracy | F1 of Yes | worst cell |", "|---|---|---|---|---|---|"]
    for scores in by_config:
        # Validation splits are left out, since checkpoints are chosen by them.
        splits = [score for name, score in scores.splits.items() if name != "validation"]
        total = total_accuracy(splits)
        worst = min(cell.accuracy for score in splits for cell in score.cells)
        f1 = f"{splits[0].yes.f1:.3f}" if len(splits) == 1 and splits[0].yes else ""
        lines.append(
            f"| {_title(scores)} | `{scores.config}` | {_n(total)} | {total.accuracy:.4f} | {f1} | {worst:.3f} |"
        )
    return lines


def _split_table(scores: Scores) -> list[str]:
    lines = _header(["split", "n", "this model", *scores.baselines])
    for split, score in scores.splits.items():
        shortcuts = " | ".join(f"{by_split[split].accuracy:.3f}" for by_split in scores.baselines.values())
        lines.append(f"| {TITLES.get(split, split)} | {_n(score)} | {score} | {shortcuts} |")
    return lines


def _f1_table(scores: Scores) -> list[str]:
    lines = [F1_TITLE, "", *_header(["", "precision", "recall", "F1", "accuracy"])]
    measured = {"this model": scores.splits}
    measured |= {name: other.splits for name, other in (scores.other_models or {}).items()}
    for name, splits in measured.items():
        for split, score in splits.items():
            lines.append(f"| {name}, {split} | {yes_cells(score.yes)} | {score.accuracy:.3f} |")
    for name, (f1, accuracy) in published_f1(scores.dataset, scores.config).items():
        lines.append(f"| {name} | | | {f1:.3f} | {'' if accuracy is None else f'{accuracy:.3f}'} |")
    return lines


def _cell_table(split: str, score: SplitScore, scores: Scores) -> list[str]:
    """Returns accuracies by number of nodes: of this model, of other models, and published ones."""
    sizes = sorted({cell.num_nodes for cell in score.cells})
    groups = cell_groups(score.cells)
    lines = [f"**{TITLES.get(split, split)}**, by nodes", "", *_header(["", *map(str, sizes)])]
    for group in groups:
        cells = _cells_by_size(score, group)
        # The standard error goes below the accuracy, so that a dozen sizes fit on a page.
        lines.append(_row(_group_name(group), sizes, {n: str(c).replace(" ± ", "<br>± ") for n, c in cells.items()}))
    for name, other in (scores.other_models or {}).items():
        for group in groups if split in other.splits else ():
            label = f"{name}, {_group_name(group)}" if len(groups) > 1 else name
            cells = _cells_by_size(other.splits[split], group)
            lines.append(_row(label, sizes, {n: f"{cell.accuracy:.2f}" for n, cell in cells.items()}))
    factors = sorted({factor for _, factor in groups}, key=lambda factor: factor or 0)
    return lines + _published_lines(split, factors, sizes, published_curves(scores.dataset, scores.config))


def _published_lines(
    split: str, factors: Sequence[float | None], sizes: Sequence[int], published: Curves
) -> list[str]:
    return [
        _row(f"{name}, factor {factor}" if factor else name, sizes, {n: f"{value:.2f}" for n, value in curve.items()})
        for name, curves in published.items()
        for factor in factors
        if (curve := curves.get((split, factor)))
    ]


def _cells_by_size(score: SplitScore, group: Group) -> dict[int, Accuracy]:
    return {cell.num_nodes: cell for cell in score.cells if cell.group == group}


def _group_name(group: Group) -> str:
    structure, factor = group
    return f"{structure_name(structure)}, factor {factor}" if factor else structure_name(structure)


def _file_table(files: Mapping[str, FileScore]) -> list[str]:
    columns = ["file", "n", "accuracy", "contradicted rows", "accuracy over the other rows"]
    lines = ["**External files**, scored as they are; rows whose label contradicts their own text are counted apart"]
    lines += ["", *_header(columns)]
    for name, score in files.items():
        contradicted = len(score.contradicted_rows)
        lines.append(f"| {name} | {_n(score)} | {score} | {contradicted} | {score.correct_rows or ''} |")
    return lines


def _variant_section(variants: VariantScores) -> list[str]:
    columns, rows = variant_table(variants)
    lines = ["**Variants of the questions**, each compared with the same questions as they are", "", *_header(columns)]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    return [*lines, *(f"\n{remark}" for remark in variant_remarks(variants))]


def _header(columns: Iterable[str]) -> list[str]:
    columns = list(columns)
    return ["|" + "".join(f" {column} |" if column else " |" for column in columns), "|" + "---|" * len(columns)]


def _row(label: str, sizes: Sequence[int], cells: Mapping[int, str]) -> str:
    return f"| {label} | " + " | ".join(cells.get(size, "") for size in sizes) + " |"


def _n(score: Accuracy | None) -> str:
    return f"{score.n:,}" if score else ""
