"""Scores, tables and report of matrix sensing models: how near they are to what all environments share."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np

from hf_causal.corpora import get_config
from hf_causal.corpora.load import load_corpus
from hf_causal.evaluation.studies import STUDIES_FILE
from hf_causal.systems.heterogeneity.sensing import invariance_scores, responses
from hf_causal.systems.heterogeneity.sensing_corpus import SensingCell
from hf_causal.systems.system import SystemEvaluation
from hf_causal.utils.hardware import describe_hardware

TOLERANCE = 0.01
"""By how much `invariant_response` may differ from what the published matrix gives: it is rounded."""

_MATRICES = ("this model", "A*", "A* + mean A(e)")
_ROWS = {"validation": "as in training", "absent": "A(e) = 0", "reversed": "mean A(e) with the other sign"}


def evaluate(
    model: str | Path,
    corpus: str | None = None,
    config: str | None = None,
    data_dir: str | Path | None = None,
    limit: int | None = None,
    device: str | None = None,
    progress: Callable[[str, int], Callable[[int], Any]] | None = None,
) -> dict[str, Any]:
    """Compares a model's matrix with the invariant one, and its responses with those of held-out rows.

    Args:
        model (`str` or `Path`): Model folder, or model on the Hub.
        corpus, config (`str`, *optional*): `environments` and `matrix_sensing` when not given.
        data_dir (`str` or `Path`, *optional*): Built rows of the published matrices; generated when not given.
        limit (`int`, *optional*): At most this many rows of each split.
        device (`str`, *optional*): Not looked at: this is one small matrix.
        progress (callable, *optional*): Told what is scored.

    Returns:
        `dict`: With `matrix`, the scores of [`invariance_scores`] of the model, of `A*` and of `A* + mean A(e)`, and
        `rows`: for each split the root mean squared error of the same three.

    Raises:
        `ValueError`: If the model is of another dimension than the data, or the data are of other matrices.
        `FileNotFoundError`: If the model or the data do not exist.
    """
    corpus, config = corpus or "environments", config or "matrix_sensing"
    if limit is not None and limit < 1:
        raise ValueError(f"`limit` must be at least 1, got {limit}")
    cells = get_config(corpus, config).splits
    cell = cells["train"][0]
    if not isinstance(cell, SensingCell):
        raise ValueError(f"`config` must be 'matrix_sensing', which {str(model)!r} is made for; got {config!r}")
    problem = cell.problem()
    estimate = _estimate(model)
    if estimate.shape != problem.invariant.shape:
        raise ValueError(
            f"the model {str(model)!r} is of dimension {len(estimate)}, and {config!r} of {len(problem.invariant)}"
        )
    matrices = dict(zip(_MATRICES, (estimate, problem.invariant, problem.pooled), strict=True))
    rows = {}
    for split in (name for name in cells if name != "train"):
        table = load_corpus(corpus, config, split, data_dir)[:limit]
        told = progress(f"scoring {split}", table.num_rows) if progress else None
        measurements = table["measurement"].combine_chunks().flatten().to_numpy().reshape(table.num_rows, -1)
        given = {name: responses(measurements, matrix) for name, matrix in matrices.items()}
        if np.abs(given["A*"] - table["invariant_response"].to_numpy()).max() > TOLERANCE:
            raise ValueError(f"`data_dir` {str(data_dir)!r} must hold rows of the published matrices of {config!r}")
        measured = table["response"].to_numpy()
        errors = {name: float(np.sqrt(np.mean((own - measured) ** 2))) for name, own in given.items()}
        rows[split] = {"n": table.num_rows, **errors}
        if told:
            told(table.num_rows)
    return {
        "kind": "matrix_sensing",
        "model": str(model),
        "dataset": corpus,
        "config": config,
        "hardware": describe_hardware("cpu"),
        "date": time.strftime("%Y-%m-%d"),
        "matrix": {
            name: {score: float(value) for score, value in _scores(matrix, problem).items()}
            for name, matrix in matrices.items()
        },
        "rows": rows,
    }


def _scores(matrix: np.ndarray, problem: Any) -> dict[str, np.ndarray]:
    return invariance_scores(matrix, problem.invariant, problem.spurious)


def _estimate(model: str | Path) -> np.ndarray:
    from transformers import AutoModel

    import hf_causal.models  # noqa: F401  (registers the architecture)

    if not (Path(model) / "config.json").is_file() and str(model).count("/") != 1:
        raise FileNotFoundError(f"no model {str(model)!r}")
    loaded = cast(Any, AutoModel.from_pretrained(str(model), trust_remote_code=False))
    return loaded.estimate().detach().double().numpy()


def table(scores: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Columns and rows for the command line."""
    lines = [
        [label, *(_number(scores["matrix"][name][score]) for name in _MATRICES)] for score, label in _LABELS.items()
    ]
    for split, own in scores["rows"].items():
        lines.append([f"error on {own['n']:,} rows, {_ROWS[split]}", *(_number(own[name]) for name in _MATRICES)])
    return ["", *_MATRICES], lines


_LABELS = {
    "to_invariant": "distance to A*",
    "to_pooled": "distance to A* + mean A(e)",
    "spurious_energy": "spurious energy",
    "other_energy": "other energy",
    "rank": "rank",
}


def _number(value: float | None) -> str:
    return "diverged" if value is None else f"{value:.0f}" if value and value == int(value) else f"{value:.3f}"


def render(scores: dict[str, Any], folder: Path, plots: str) -> str:
    """The report as Markdown, with the studies that the folder holds; its pictures go into `folder / plots`."""
    columns, rows = table(scores)
    lines = [
        f"Scored on {scores['date']} with {scores['hardware']}, against the matrices of `{scores['config']}`. "
        "Distances are relative, energies in units of |A*|, errors root mean squared.",
        "",
        f"| {' | '.join(columns)} |",
        "|---" * len(columns) + "|",
        *(f"| {' | '.join(row)} |" for row in rows),
    ]
    path = folder / STUDIES_FILE
    studies = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    if "phase" in studies:
        lines += ["", *_render_phase(studies["phase"], folder, plots)]
    if "sizes" in studies:
        lines += ["", *_render_sizes(studies["sizes"])]
    if "cues" in studies:
        lines += ["", *_render_cues(studies["cues"])]
    return "\n".join([*lines, ""])


def _measured(study: dict[str, Any]) -> str:
    return f"{len(study['seeds'])} seeds ({', '.join(map(str, study['seeds']))}), {study['date']}, {study['hardware']}"


def _render_phase(study: dict[str, Any], folder: Path, plots: str) -> list[str]:
    from hf_causal.systems.heterogeneity.plots import plot_curves, plot_phase

    plot_phase(study, folder / plots / "phase.png")
    plot_curves(study, folder / plots / "heterogeneity.png")
    return [
        "### Phase diagram",
        "",
        f"{_measured(study)}; each seed has matrices of its own. `benchmarks/heterogeneity.py phase`: "
        f"{study['steps']:,} steps with fresh batches of {study['batch_size']:,} measurements, medians over the last "
        "fifth of the run. A cell in which a seed diverged is grey.",
        "",
        f"![Distance to A* over heterogeneity and step size]({plots}/phase.png)",
        "",
        "The line is where a small spurious component stops growing with infinite batches and one environment a step, "
        "`mean log |1 + eta s(e)| = 0`, that is `M² = 2 mean / eta + mean²`. The paper's own figures place the "
        "transition near M = 5, with separation at 6 and none at 1; its step size for that is not known to us.",
        "",
        f"![Distance to A* against heterogeneity, and on the way]({plots}/heterogeneity.png)",
        "",
        "Lines are medians over seeds, shades go from the least to the most. With one environment a step and measured "
        "batches, noise revives the spurious part now and then, in bursts of some steps; medians leave them out.",
    ]


def _render_sizes(study: dict[str, Any]) -> list[str]:
    lines = [
        "### Size of the batches",
        "",
        f"{_measured(study)}; M = {study['heterogeneity']:g}, step size {study['learning_rate']:g}, `U` of full "
        f"width, {study['steps']:,} steps; median over seeds of the median over the last "
        "fifth (least to most). `benchmarks/heterogeneity.py sizes`",
        "",
        "| batch | measurements | " + " | ".join(_LABELS.values()) + " |",
        "|---" * (2 + len(_LABELS)) + "|",
    ]
    for row in study["rows"]:
        size = "infinitely many" if row["batch_size"] is None else f"{row['batch_size']:,}"
        cells = " | ".join(_range(*row[score]) for score in _LABELS)
        lines.append(f"| {_SAMPLERS[row['batches']]} | {size} | {cells} |")
    return lines


_SAMPLERS = {"environment": "one environment", "pooled": "pooled"}


def _range(median: float | None, low: float | None, high: float | None) -> str:
    return "diverged" if None in (median, low, high) else f"{median:.3f} ({low:.3f} to {high:.3f})"


def _spread(mean: float | None, deviation: float | None) -> str:
    return "diverged" if mean is None or deviation is None else f"{mean:.3f} ± {deviation:.3f}"


def _render_cues(study: dict[str, Any]) -> list[str]:
    lines = [
        "### The same question asked of text",
        "",
        f"{_measured(study)}. `benchmarks/heterogeneity.py cues`: {study['about']} Accuracy, mean ± standard "
        "deviation over seeds.",
        "",
        "| cue | right in environments | model | batches | cue as trained | cue absent | cue reversed |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in study["rows"]:
        strengths = ", ".join(f"{strength:g}" for strength in row["strengths"])
        cells = " | ".join(_spread(*row[split]) for split in ("validation", "cue_absent", "cue_reversed"))
        name = f"{row['model']}{', ' + row['change'] if row['change'] else ''}"
        lines.append(f"| {row['cue']} | {strengths} | {name} | {_SAMPLERS[row['batches']]} | {cells} |")
    return lines


CARD: dict[str, Any] = {
    "task": None,
    "tags": ["invariance", "matrix-sensing"],
    "usage": """import torch
from transformers import AutoModel

model = AutoModel.from_pretrained("{repo_id}", trust_remote_code=True)
estimate = model.estimate()  # U U^T, of shape (d, d)
model(torch.randn(4, 210)).responses  # to four measurements, the upper triangles of symmetric matrices""",
    "about": """The model is one matrix `U`; its estimate of what it measures is `U U^T`, and its response to a
symmetric matrix `X` is `<X, U U^T>`. It begins near zero and takes plain steps of gradient descent
on a quarter of the mean squared error. In environment `e` what is measured is `A* + A(e)`: `A*` is
the same in all environments and `A(e)` is not, but its mean is not zero. Pooled batches lead to `A*
+ mean A(e)`. Where each batch is of one environment, the spurious part grows in some steps and
shrinks in others, and with a large step size and much heterogeneity it shrinks more than it grows:
what is learned is `A*`. Nothing in the loss asks for that.""",
    "sources": """Xu, Gu and Fang, *The Implicit Bias of Heterogeneity towards Invariance: A Study of
Multi-Environment Matrix Sensing* (arXiv 2403.01420). The set-up is this project's own where the paper's constants are
not known; see the card of `environments`.
""",
}


EVALUATION = SystemEvaluation(CARD, evaluate, table, render)
