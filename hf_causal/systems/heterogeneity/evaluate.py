"""Scores, tables and report of matrix sensing models: how near they are to what all environments share."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, cast

import numpy as np

from hf_causal.corpora import get_config
from hf_causal.corpora.load import load_corpus
from hf_causal.systems.heterogeneity.sensing import invariance_scores, responses
from hf_causal.systems.heterogeneity.sensing_corpus import SensingCell
from hf_causal.systems.system import SystemEvaluation
from hf_causal.utils.hardware import describe_hardware
from hf_causal.utils.progress import Progress

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
    progress: Progress | None = None,
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
    """Returns columns and rows for the command line."""
    matrix = scores["matrix"]
    lines = [[title, *(_number(matrix[name][score]) for name in _MATRICES)] for score, title in SCORE_TITLES.items()]
    for split, own in scores["rows"].items():
        lines.append([f"error on {own['n']:,} rows, {_ROWS[split]}", *(_number(own[name]) for name in _MATRICES)])
    return ["", *_MATRICES], lines


SCORE_TITLES = {
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
    return "\n".join([*lines, ""])


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
