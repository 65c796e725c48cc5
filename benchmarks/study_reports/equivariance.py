"""The study of EqSim on two small towers: group score without it and with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from hf_causal.systems.equivariance.evaluate import SPLITS, TITLES


def render(studies: dict[str, Any], plots: Path) -> list[str]:
    """Returns Markdown lines of the study `eqsim`, one table for each number of steps; there are no figures."""
    lines: list[str] = []
    for study in sorted(studies.get("eqsim", {}).values(), key=lambda study: study["steps"]):
        lines += [*eqsim_table(study), ""]
    return lines


def eqsim_table(study: dict[str, Any]) -> list[str]:
    """Returns Markdown lines of the group scores, as `benchmarks/equivariance.py` measured them.

    Args:
        study (`dict`): `arms`, each with `name` and `runs`, each with a `seed` and `group` by split, the arm without
            EqSim first; `steps`, `hardware` and `date`.
    """
    arms = study["arms"]
    seeds = [run["seed"] for run in arms[0]["runs"]]
    lines = [
        f"**EqSim**: group score without it and with it, and the difference to the arm without it, seed by seed: mean "
        f"and standard error over seeds {', '.join(map(str, seeds))}; {study['steps']} steps each "
        f"({study['hardware']}, {study['date']})",
        "",
        "| arm | " + " | ".join(f"{TITLES[split]} | difference" for split in SPLITS) + " |",
        "|---|" + "---|---|" * len(SPLITS),
    ]
    baseline = {split: _group_scores(arms[0], split) for split in SPLITS}
    for arm in arms:
        cells = []
        for split in SPLITS:
            scores = _group_scores(arm, split)
            difference = "" if arm is arms[0] else _mean_and_error(scores - baseline[split], "{:+.3f}")
            cells += [_mean_and_error(scores, "{:.3f}"), difference]
        lines.append(f"| {arm['name']} | " + " | ".join(cells) + " |")
    return lines


def _group_scores(arm: dict[str, Any], split: str) -> np.ndarray:
    return np.array([run["group"][split] for run in arm["runs"]])


def _mean_and_error(values: np.ndarray, style: str) -> str:
    error = values.std(ddof=1) / len(values) ** 0.5 if len(values) > 1 else float("nan")
    return f"{style.format(values.mean())} ± {error:.3f}"
