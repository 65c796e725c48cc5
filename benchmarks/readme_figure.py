"""Draws the figure of the README: accuracy by length of the chain, from committed scores and published results.

    python benchmarks/readme_figure.py

It reads `model_cards/*/generalization.json` and the published results of the task, and
writes `docs/_static/chains.svg`.
"""

from __future__ import annotations

import json
from pathlib import Path

from matplotlib.figure import Figure

from hf_causal.tasks.registry import get_task

ROOT = Path(__file__).resolve().parents[1]
MODELS = {"axiom-looped": "axiom-looped (3,572 parameters)", "axiom-cpu": "axiom-cpu (0.8M, decoder)"}
STYLES = {
    "axiom-looped (3,572 parameters)": {"color": "#4338ca", "marker": "o", "linewidth": 2.4},
    "axiom-cpu (0.8M, decoder)": {"color": "#0d9488", "marker": "s"},
    "TS2 NoPE 67M (published)": {"color": "#b45309", "marker": "^", "linestyle": "--"},
    "GPT-4 (published)": {"color": "#64748b", "marker": "v", "linestyle": "--"},
}


def chain_accuracies(model: str, most_nodes: int = 50) -> dict[int, float]:
    """Returns the accuracy of a released model on longer chains, by number of nodes."""
    scores = json.loads((ROOT / "model_cards" / model / "generalization.json").read_text(encoding="utf-8"))
    cells = scores["splits"]["sequential"]["cells"]
    return {cell["num_nodes"]: cell["accuracy"] for cell in cells if cell["num_nodes"] <= most_nodes}


def main() -> None:
    """Writes the figure."""
    published = get_task("transitivity").published_curves
    lines = {label: chain_accuracies(model) for model, label in MODELS.items()}
    lines |= {name: rows["sequential", None] for name, rows in published.items()}
    figure = Figure(figsize=(7.6, 3.1), layout="constrained")
    axes = figure.subplots()
    axes.axvspan(3, 6, color="#e2e8f0", zorder=0)
    axes.text(3.05, 0.43, " trained on", fontsize=8, color="#475569")
    for label, points in lines.items():
        nodes = sorted(points)
        axes.plot(nodes, [points[node] for node in nodes], label=label, markersize=4, **STYLES[label])
    axes.axhline(0.5, color="#cbd5e1", linewidth=1, zorder=0)
    axes.text(51, 0.505, "chance", fontsize=8, color="#64748b", ha="right")
    axes.set(xscale="log", xlabel="nodes of the chain", ylabel="accuracy", ylim=(0.4, 1.03), xlim=(3, 52))
    axes.set_xticks([3, 6, 10, 15, 20, 50], [3, 6, 10, 15, 20, 50])
    axes.minorticks_off()
    axes.legend(fontsize=8, frameon=False, loc="lower left", bbox_to_anchor=(0.26, 0.02))
    axes.spines[["top", "right"]].set_visible(False)
    # Without a date, the file is the same every time.
    figure.savefig(ROOT / "docs" / "_static" / "chains.svg", metadata={"Date": None})


if __name__ == "__main__":
    main()
