"""What EqSim does for two small towers: group score without it, and with it in several versions, weights and margins.

    python benchmarks/equivariance.py                                       # trains and scores every arm and seed
    python benchmarks/equivariance.py --studies model_cards/two-tower       # also for the card of that model
    python benchmarks/equivariance.py --steps 1000 --arms "both, weight 5, no margin"

All arms take the same steps on the same batches from the same first weights; only EqSim differs. Runs that are
finished in `--work` are not done again. Table, picture and all figures go into `--out`, named after the steps.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from matplotlib.figure import Figure
from studies import load_studies, save_study
from study_reports.equivariance import eqsim_table

from hf_causal.corpora.build import build
from hf_causal.corpora.load import load_corpus
from hf_causal.evaluation.plots import save_figure
from hf_causal.systems.equivariance.evaluate import SPLITS, TITLES, Towers, evaluate
from hf_causal.systems.equivariance.losses import easy_mask, eqsim_v1, eqsim_v2, hard_partners
from hf_causal.systems.equivariance.objective import ImagePairs
from hf_causal.training.loop import train
from hf_causal.training.recipe import load_recipe
from hf_causal.utils.files import write_json, write_text
from hf_causal.utils.hardware import describe_hardware

ARMS: dict[str, dict[str, Any]] = {
    "without": {"eqsim_weight": 0.0},
    "v1, weight 0.5": {"eqsim_version": "v1", "eqsim_weight": 0.5},
    "v1, weight 5": {"eqsim_version": "v1", "eqsim_weight": 5.0},
    "v2, weight 0.5, margin 0.1": {"eqsim_version": "v2", "eqsim_weight": 0.5, "eqsim_margin": 0.1},
    "v2, weight 5, no margin": {"eqsim_version": "v2", "eqsim_weight": 5.0, "eqsim_margin": 0.0},
    "both, weight 0.5, margin 0.1 (published)": {"eqsim_weight": 0.5, "eqsim_margin": 0.1},
    "both, weight 0.5, no margin": {"eqsim_weight": 0.5, "eqsim_margin": 0.0},
    "both, weight 5, no margin": {"eqsim_weight": 5.0, "eqsim_margin": 0.0},
    "both, weight 50, no margin": {"eqsim_weight": 50.0, "eqsim_margin": 0.0},
}
BATCHES = 20
"""Of validation pairs, to measure what EqSim punishes."""


def run_arm(name: str, overrides: dict[str, Any], seed: int, options: argparse.Namespace) -> dict[str, Any]:
    """Trains and scores one arm with one seed, or reads what it left."""
    folder = options.work / f"{options.steps}-{list(ARMS).index(name)}-{seed}"
    kept = folder / "result.json"
    if not kept.is_file():
        cadence = {"max_steps": options.steps, "eval_steps": options.steps, "save_steps": options.steps}
        recipe = load_recipe("two-tower", {**overrides, **cadence, "seed": seed})
        result = train(recipe, folder, options.work / "data", resume_from_checkpoint="latest")
        scores = evaluate(folder, data_dir=options.work / "data")["by_split"]
        run = {
            "seed": seed,
            "validation": result.best_value,
            "seconds": round(result.seconds, 1),
            "group": {split: scores[split]["group"] for split in SPLITS},
            "kinds": {split: {cell["kind"]: cell["group"] for cell in scores[split]["by_kind"]} for split in SPLITS},
            "squares": squares(folder, options.work / "data", recipe.per_device_train_batch_size),
        }
        write_json(kept, run)
    return json.loads(kept.read_text(encoding="utf-8"))


@torch.no_grad()
def squares(folder: Path, data: Path, batch_size: int) -> dict[str, float]:
    """What v2 (the sum of its two terms) and v1 hold against the trained towers, with weight 1 and no margin.

    Means over validation batches; at twice the margin or less, neither term of v2 need exceed it.
    """
    towers = Towers.load(folder)
    rows = load_corpus("shapes", "minimal_changes", "validation", data)
    pairs = ImagePairs(rows, towers.tokenizer)
    generator = torch.Generator().manual_seed(0)
    scores_of_batches = []
    for start in range(0, min(len(pairs), BATCHES * batch_size), batch_size):
        batch = pairs.collate(np.arange(start, min(start + batch_size, len(pairs))), 0)
        logits = towers.model(**batch).logits_per_image
        partners, scores = hard_partners(logits, generator=generator), logits.softmax(1)
        scores_of_batches.append(
            (float(eqsim_v2(scores, partners, 1.0, 0.0)), float(eqsim_v1(scores, easy_mask(partners), 1.0)))
        )
    v2, v1 = np.mean(scores_of_batches, axis=0)
    return {"v2": float(v2), "v1": float(v1)}


def draw(study: dict[str, Any], path: Path) -> None:
    """Differences of the group score to the arm without EqSim, seed by seed."""
    arms = study["arms"]
    figure = Figure(figsize=(11.5, 0.36 * len(arms) + 1.5))
    axes = figure.subplots(1, len(SPLITS), sharey=True)
    for axis, split in zip(axes, SPLITS, strict=True):
        plain = np.array([run["group"][split] for run in arms[0]["runs"]])
        for row, arm in enumerate(arms[1:]):
            differences = np.array([run["group"][split] for run in arm["runs"]]) - plain
            axis.plot(differences, [row] * len(differences), "o", color="#8fb3d9", markersize=5, zorder=2)
            error = differences.std(ddof=1) / len(differences) ** 0.5 if len(differences) > 1 else 0.0
            axis.errorbar(differences.mean(), row, xerr=error, fmt="D", color="#1f5fa8", markersize=5, capsize=3)
        axis.axvline(0, color="#999999", linewidth=1, linestyle=":")
        axis.set_title(f"{TITLES[split]} (without: {plain.mean():.3f})", fontsize=10)
        axis.grid(axis="x", alpha=0.3)
    axes[0].set_yticks(range(len(arms) - 1), [arm["name"] for arm in arms[1:]], fontsize=9)
    axes[0].invert_yaxis()
    axes[1].set_xlabel("difference in group score; dots: seeds, diamond: mean and standard error")
    save_figure(figure, path)


def kind_table(study: dict[str, Any]) -> list[str]:
    """Group score by kind of change: means over seeds, of every split."""
    kinds = list(study["arms"][0]["runs"][0]["kinds"][SPLITS[0]])
    lines = [
        "**By kind of change**, means over the seeds; and what EqSim punishes, measured on validation batches of the "
        "trained towers with weight 1 and no margin",
        "",
        "| arm | split | " + " | ".join(TITLES[kind] for kind in kinds) + " | v2 | v1 |",
        "|---|---|" + "---|" * (len(kinds) + 2),
    ]
    for arm in study["arms"]:
        for split in SPLITS:
            means = [np.mean([run["kinds"][split][kind] for run in arm["runs"]]) for kind in kinds]
            punished = [np.mean([run["squares"][version] for run in arm["runs"]]) for version in ("v2", "v1")]
            shown = [f"{value:.4f}" if value >= 5e-5 else f"{value:.1e}" for value in punished]
            tail = " | ".join(shown) if split == SPLITS[0] else " | "
            lines.append(f"| {arm['name']} | {TITLES[split]} | {' | '.join(f'{m:.3f}' for m in means)} | {tail} |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/equivariance"))
    parser.add_argument("--work", type=Path, default=Path("runs/equivariance"), help="folder for corpus and trainings")
    parser.add_argument("--arms", nargs="+", default=list(ARMS), help="only these; the first one is always among them")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--steps", type=int, default=300, help="of every run; at 300 none is at its ceiling")
    parser.add_argument("--studies", type=Path, help="model folder whose card shows the table too")
    options = parser.parse_args()
    if not (options.work / "data").is_dir():
        build("shapes", options.work / "data")
    arms = []
    for name, overrides in ARMS.items():
        if name == next(iter(ARMS)) or name in options.arms:
            arms.append({"name": name, "runs": [run_arm(name, overrides, seed, options) for seed in options.seeds]})
            print(name, [run["group"] for run in arms[-1]["runs"]], flush=True)
    hardware = f"one thread of {describe_hardware()}" if torch.get_num_threads() == 1 else describe_hardware()
    study = {"arms": arms, "steps": options.steps, "hardware": hardware, "date": time.strftime("%Y-%m-%d")}
    options.out.mkdir(parents=True, exist_ok=True)
    name = f"steps-{options.steps}"
    write_json(options.out / f"{name}.json", study)
    draw(study, options.out / f"{name}.png")
    text = [*eqsim_table(study), "", f"![Differences]({name}.png)", "", *kind_table(study), ""]
    write_text(options.out / f"{name}.md", "\n".join(text))
    if options.studies:
        by_steps = load_studies(options.studies).get("eqsim", {})
        save_study(options.studies, "eqsim", {**by_steps, str(options.steps): study})


if __name__ == "__main__":
    main()
