"""Speed and agreement of the relevance tasks: `python benchmarks/relevance.py [--rows 20000] [--seed 0]`.

Rows per second of processor time of one core, text and proofs included, compared with a plain loop that draws, answers
and writes such rows with networkx; rows per second that `hf_causal.check` proves; and for every split the rows
whose answers networkx confirms, the invariants, and the accuracy of shortcuts.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections import Counter
from datetime import date
from itertools import permutations
from typing import Any

import networkx as nx

from hf_causal.tasks.proving import check
from hf_causal.tasks.registry import get_task
from hf_causal.tasks.task import Task
from hf_causal.utils.hardware import describe_hardware

Row = dict[str, Any]


def networkx_row(chance: random.Random) -> str:
    """Draws a chain of 3 to 6 nodes and a question, and writes the row as a plain loop does."""
    size = chance.randint(3, 6)
    names = [f"N{number}" for number in chance.sample(range(100), size)]
    graph = nx.DiGraph(step if chance.random() < 0.5 else step[::-1] for step in zip(names, names[1:], strict=False))
    x, y, *others = chance.sample(names, size)
    held = others[: chance.randint(0, min(2, len(others)))]
    kept = graph.subgraph(set(names) - set(held))
    proof = (
        {"path": nx.shortest_path(kept, x, y)}
        if nx.has_path(kept, x, y)
        else {"reached": list(nx.descendants(kept, x))}
    )
    premise = " ".join(f"{cause} causes {effect}." for cause, effect in graph.edges)
    return f"{premise} Can changing {x} affect {y} if {' and '.join(held)} is held fixed? {json.dumps(proof)}"


def confirmed(task: Task, row: Row) -> bool:
    """Returns whether networkx confirms a row's answer; of a Yes of the axioms, on 200 random graphs."""
    prompt = task.parse(row["prompt"])
    if task.name == "relevance":
        graph = nx.DiGraph(prompt.edges)
        graph.add_nodes_from(prompt.question)
        graph.remove_nodes_from(prompt.given)
        return any(nx.has_path(graph, x, y) for x in prompt.changed for y in prompt.targets) == bool(row["label"])
    if not row["label"]:
        return refutes(prompt, nx.DiGraph(json.loads(row["certificate"])["graph"]))
    chance, pairs = random.Random(row["prompt"]), list(permutations(prompt.names, 2))
    return not any(refutes(prompt, nx.DiGraph(chance.sample(pairs, chance.randint(1, 6)))) for _ in range(200))


def refutes(prompt: Any, graph: nx.DiGraph) -> bool:
    """Returns whether all statements hold in a graph, and the conclusion does not."""
    graph.add_nodes_from(prompt.names)

    def cannot(claim: Any) -> bool:
        kept = graph.subgraph(set(graph) - set(claim.held))
        return not any(nx.has_path(kept, x, y) for x in claim.changed for y in claim.targets)

    return all(map(cannot, prompt.statements)) and not cannot(prompt.question)


def measure_split(task: Task, config: Any, split: str, most: int) -> None:
    """Prints a line about one split."""
    started = time.process_time()
    table = task.generate_shard(config, split, 0)
    generated = len(table) / (time.process_time() - started)
    rows = table.to_pylist()
    sample = rows[:: max(1, len(rows) // most)]
    started = time.process_time()
    for row in sample:
        check(row)
    proved = len(sample) / (time.process_time() - started)
    agree = sum(confirmed(task, row) for row in sample)
    different = len({row["prompt"] for row in rows}) == len(rows)
    cells = Counter((row["structure"], row["num_nodes"], row["branching_factor"], row["label"]) for row in rows)
    balanced = all(cells[*cell, 0] == cells[*cell, 1] for *cell, _ in cells)
    prompts, labels = [task.parse(row["prompt"]) for row in sample], [row["label"] for row in sample]
    accuracy = {
        name: sum(map(int.__eq__, shortcut(prompts, labels), labels)) / len(labels)
        for name, shortcut in task.shortcuts.items()
    }
    shortcuts = ", ".join(f"{name} {value:.3f}" for name, value in accuracy.items())
    sound = "yes" if different and balanced else "NO"
    cells_of_line = (config.name, split, f"{len(rows):,}", f"{generated:,.0f}", f"{proved:,.0f}",
                     f"{agree:,} of {len(sample):,}", sound, shortcuts)  # fmt: skip
    print(f"| {' | '.join(cells_of_line)} |", flush=True)


def main() -> None:
    """Runs the script."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000, help="rows of a split that are checked at most")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    print(f"{date.today()}, {describe_hardware()}, seed {options.seed}\n")
    chance, count = random.Random(options.seed), 2000
    started = time.process_time()
    for _ in range(count):
        networkx_row(chance)
    print(f"A plain loop with networkx: {count / (time.process_time() - started):,.0f} rows/s\n")
    print("| config | split | rows | rows/s | proved/s | confirmed | balanced, different | shortcuts |")
    print("|---|---|---|---|---|---|---|---|")
    for name in ("relevance", "relevance_axioms"):
        task = get_task(name)
        for make_config in task.configs.values():
            config = make_config(seed=options.seed)
            for split in config.splits:
                measure_split(task, config, split, options.rows)


if __name__ == "__main__":
    main()
