"""Accuracy by axiom on `relevance_axioms`: `python benchmarks/axioms_table.py [--scores model/generalization.json]`.

Each cell has the questions of which a Yes needs one axiom. The script proves this of every Yes of a split: its
conclusion is derived with the axiom, and is not in what the five axioms without cases give without it. It prints a
line for each axiom with the accuracy of the shortcuts, and of models whose scores `hf-causal evaluate --json` wrote.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from hf_causal.evaluation.report_files import parse_scores
from hf_causal.evaluation.scores import Scores, read_scores
from hf_causal.graphs.relevance import AXIOMS, Statement, derive, steps
from hf_causal.tasks.registry import get_task
from hf_causal.tasks.relevance_axioms.derivations import Nodes
from hf_causal.tasks.relevance_axioms.rows import relevance_axioms
from hf_causal.tasks.relevance_axioms.text import Prompt
from hf_causal.utils.hardware import describe_hardware

CONFIG, NUM_NODES = "relevance_axioms", 4
TASK = get_task(CONFIG)


def closure(premises: Iterable[Statement], without: str) -> set[Statement]:
    """Returns what follows without cases and without one axiom."""
    known, before = set(premises), -1
    while before != (before := len(known)):
        for step in steps(NUM_NODES):
            if step.axiom != without and known.issuperset(step.premises):
                known.add(step.conclusion)
    return known


def needs(prompt: Prompt, axiom: str) -> bool:
    """Returns whether a conclusion can be derived, and no derivation without cases does without the axiom."""
    nodes = Nodes(prompt.names)
    premises, conclusion = [nodes.statement(claim) for claim in prompt.statements], nodes.statement(prompt.question)
    derivation = derive(premises, conclusion, len(nodes.names), NUM_NODES)
    return derivation is not None and axiom in derivation.axioms and conclusion not in closure(premises, axiom)


def line(axiom: str, rows: list[Mapping[str, Any]], models: Mapping[str, float | None]) -> str:
    """Returns the line of an axiom, with the number of Yes that need it."""
    prompts, labels = [TASK.parse(row["prompt"]) for row in rows], [row["label"] for row in rows]
    yes = [prompt for prompt, label in zip(prompts, labels, strict=True) if label]
    needed = sum(needs(prompt, axiom) for prompt in yes)
    accuracies = [
        sum(map(int.__eq__, shortcut(prompts, labels), labels)) / len(labels) for shortcut in TASK.shortcuts.values()
    ]
    cells = [f"{value:.3f}".lstrip("0") for value in accuracies]
    cells += ["" if value is None else f"{value:.2f}".lstrip("0") for value in models.values()]
    return f"| {axiom} | {needed} of {len(yes)} | {' | '.join(cells)} |"


def accuracy_of(scores: Scores, split: str, structure: str) -> float | None:
    """Returns the accuracy of a model on a cell, `None` where it was not scored."""
    cells = scores.splits[split].cells if split in scores.splits else ()
    return next((cell.accuracy for cell in cells if cell.structure == structure), None)


def main() -> None:
    """Runs the script."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows-per-cell", type=int, default=500, help="rows of a cell")
    parser.add_argument("--split", default="test", choices=["test", "more_statements"])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--scores", type=Path, nargs="+", default=[], help="scores of models")
    options = parser.parse_args()
    config = relevance_axioms(rows_per_cell=options.rows_per_cell, seed=options.seed)
    rows = TASK.generate_shard(config, options.split, 0).to_pylist()
    models = [scores for path in options.scores for scores in parse_scores(read_scores(path)).by_config]
    models = [scores for scores in models if scores.config == CONFIG]
    print(f"{date.today()}, {describe_hardware()}, seed {options.seed}, `{options.split}`\n")
    names = [Path(scores.model).name for scores in models]
    columns = ["axiom", "Yes that need it", *TASK.shortcuts, *names]
    print(f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}")
    for axiom in AXIOMS:
        structure = axiom.replace("-", "_")
        of_cell = [row for row in rows if row["structure"] == structure]
        accuracies = {
            name: accuracy_of(scores, options.split, structure) for name, scores in zip(names, models, strict=True)
        }
        print(line(axiom, of_cell, accuracies), flush=True)


if __name__ == "__main__":
    main()
