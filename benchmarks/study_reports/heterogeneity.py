"""Studies of heterogeneity: the phase diagram, batch sizes, and cues in text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hf_causal.systems.heterogeneity.evaluate import SCORE_TITLES
from study_reports.heterogeneity_plots import plot_curves, plot_phase

_SAMPLERS = {"environment": "one environment", "pooled": "pooled"}


def render(studies: dict[str, Any], plots: Path) -> list[str]:
    """Returns Markdown lines of the studies `phase`, `sizes` and `cues`; writes their figures into `plots`."""
    lines: list[str] = []
    if "phase" in studies:
        lines += [*_phase(studies["phase"], plots), ""]
    if "sizes" in studies:
        lines += [*_sizes(studies["sizes"]), ""]
    if "cues" in studies:
        lines += [*_cues(studies["cues"]), ""]
    return lines


def _provenance(study: dict[str, Any]) -> str:
    return f"{len(study['seeds'])} seeds ({', '.join(map(str, study['seeds']))}), {study['date']}, {study['hardware']}"


def _phase(study: dict[str, Any], plots: Path) -> list[str]:
    plot_phase(study, plots / "phase.png")
    plot_curves(study, plots / "heterogeneity.png")
    return [
        "### Phase diagram",
        "",
        f"{_provenance(study)}; each seed has matrices of its own. `benchmarks/heterogeneity.py phase`: "
        f"{study['steps']:,} steps with fresh batches of {study['batch_size']:,} measurements, medians over the last "
        "fifth of the run. A cell in which a seed diverged is grey.",
        "",
        f"![Distance to A* over heterogeneity and step size]({plots.name}/phase.png)",
        "",
        "The line is where a small spurious component stops growing with infinite batches and one environment a step, "
        "`mean log |1 + eta s(e)| = 0`, that is `M² = 2 mean / eta + mean²`. The paper's own figures place the "
        "transition near M = 5, with separation at 6 and none at 1; its step size for that is not known to us.",
        "",
        f"![Distance to A* against heterogeneity, and on the way]({plots.name}/heterogeneity.png)",
        "",
        "Lines are medians over seeds, shades go from the least to the most. With one environment a step and measured "
        "batches, noise revives the spurious part now and then, in bursts of some steps; medians leave them out.",
    ]


def _sizes(study: dict[str, Any]) -> list[str]:
    lines = [
        "### Size of the batches",
        "",
        f"{_provenance(study)}; M = {study['heterogeneity']:g}, step size {study['learning_rate']:g}, `U` of full "
        f"width, {study['steps']:,} steps; median over seeds of the median over the last "
        "fifth (least to most). `benchmarks/heterogeneity.py sizes`",
        "",
        "| batch | measurements | " + " | ".join(SCORE_TITLES.values()) + " |",
        "|---" * (2 + len(SCORE_TITLES)) + "|",
    ]
    for row in study["rows"]:
        size = "infinitely many" if row["batch_size"] is None else f"{row['batch_size']:,}"
        cells = " | ".join(_median_and_range(*row[score]) for score in SCORE_TITLES)
        lines.append(f"| {_SAMPLERS[row['batches']]} | {size} | {cells} |")
    return lines


def _cues(study: dict[str, Any]) -> list[str]:
    lines = [
        "### The same question asked of text",
        "",
        f"{_provenance(study)}. `benchmarks/heterogeneity.py cues`: {study['about']} Accuracy, mean ± standard "
        "deviation over seeds.",
        "",
        "| cue | right in environments | model | batches | cue as trained | cue absent | cue reversed |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in study["rows"]:
        strengths = ", ".join(f"{strength:g}" for strength in row["strengths"])
        cells = " | ".join(_mean_and_deviation(*row[split]) for split in ("validation", "cue_absent", "cue_reversed"))
        name = f"{row['model']}{', ' + row['change'] if row['change'] else ''}"
        lines.append(f"| {row['cue']} | {strengths} | {name} | {_SAMPLERS[row['batches']]} | {cells} |")
    return lines


def _median_and_range(median: float | None, low: float | None, high: float | None) -> str:
    return "diverged" if None in (median, low, high) else f"{median:.3f} ({low:.3f} to {high:.3f})"


def _mean_and_deviation(mean: float | None, deviation: float | None) -> str:
    return "diverged" if mean is None or deviation is None else f"{mean:.3f} ± {deviation:.3f}"
