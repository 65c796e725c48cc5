"""Speed, oracles, public answers and shortcuts of the tasks `adjustment` and `identification`.

python benchmarks/identification.py [--rows 20000] [--rows-per-cell 100] [--public FOLDER]
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attack_rows
import networkx as nx

from hf_causal.tasks.registry import get_task

Row = dict[str, Any]
_PLAIN_ROWS = 1000


def adjusts(prompt: Any) -> bool:
    """Decides with networkx whether a set is valid, as a user of networkx would."""
    graph, (x, y), given = nx.DiGraph(prompt.edges), prompt.question, set(prompt.given)
    graph.add_edges_from((frozenset(pair), node) for pair in prompt.hidden for node in pair)
    causal = {node for path in nx.all_simple_paths(graph, x, y) for node in path[1:]}
    forbidden = causal.union(*(nx.descendants(graph, node) for node in causal))
    graph.remove_edges_from([(x, node) for node in causal])
    return not forbidden & given and nx.is_d_separator(graph, {x}, {y}, given)


def measure_speed(task_name: str, config_name: str, rows: int, plain: Callable[[Any], bool] | None) -> None:
    """Prints rows and checked certificates per second of one core, and the decisions of a plain loop."""
    task = get_task(task_name)
    config = task.configs[config_name](rows=rows, validation_rows=max(600, rows // 10), rows_per_shard=rows)
    times = [time.process_time()]
    table = task.generate_shard(config, "train", 0).to_pylist()
    times.append(time.process_time())
    for row in table:
        task.check(task.parse(row["prompt"]), row["completion"], json.loads(row["certificate"]))
    times.append(time.process_time())
    print(f"{config_name}: {rows / (times[1] - times[0]):,.0f} rows/s, {rows / (times[2] - times[1]):,.0f} checks/s")
    if plain is not None:
        prompts = [task.parse(row["prompt"]) for row in table[:_PLAIN_ROWS]]
        start = time.process_time()
        answers = [plain(prompt) for prompt in prompts]
        seconds = time.process_time() - start
        assert answers == [bool(row["label"]) for row in table[:_PLAIN_ROWS]]
        print(f"  networkx, decisions alone: {len(prompts) / seconds:,.0f} a second (n = {len(prompts):,})")


def measure_agreement(task_name: str, config_name: str, options: dict[str, Any]) -> None:
    """Prints how many rows the oracle of `attack_rows` confirms, and the accuracy of each shortcut, by split."""
    task = get_task(task_name)
    config = task.configs[config_name](**options)
    for split in config.splits:
        rows = task.generate_shard(config, split, 0).to_pylist()
        prompts, labels = [task.parse(row["prompt"]) for row in rows], [row["label"] for row in rows]
        confirmed = sum(map(attack_rows.accepts, rows))
        reasons = dict(Counter(row["reason"] for row in rows))
        print(f"{config_name}/{split}: {confirmed:,} of {len(rows):,} confirmed; {reasons}")
        for name, rule in task.shortcuts.items():
            right = sum(answer == label for answer, label in zip(rule(prompts, labels), labels, strict=True))
            print(f"  {name}: {right / len(rows):.3f}")


def public_rows(folder: Path) -> Iterator[tuple[str, str, str]]:
    """Yields file, text and published answer of the public questions that the two tasks read."""
    for name in ("backdoor_adjustment_set", "identification"):
        for row in _lines(folder / f"clear/{name}.json"):
            if row["question_type"] == "YN":
                yield f"CLEAR {name}", f"{row['description']} {row['question']}", row["answer"].rstrip(".")
    for path in sorted((folder / "calm_lite").glob("CEI-B_*_EN.json")):
        for row in _lines(path):
            pairs = row["bi_edges"].replace(", and ", ", ").split(", ") if row["bi_edges"] else []
            hidden = "".join(f"{pair} share a hidden cause. " for pair in pairs)
            question = f"Is the effect of {row['treatment']} on {row['outcome']} identifiable?"
            yield f"CaLM-Lite {path.stem}", f"{row['di_edges']}. {hidden}{question}", ("No", "Yes")[row["gt_answer"]]
    for path in sorted((folder / "calm_lite").glob("BAS-C_*_EN.json")):
        for row in _lines(path):
            ends = f"treatment {row['treatment']} and outcome {row['outcome']}"
            nodes = row[f"option{row['gt_answer']}"]
            yield f"CaLM-Lite {path.stem}", f"{row['edges']}. Is {{{nodes}}} a valid adjustment set for {ends}?", "Yes"


def _lines(path: Path) -> list[Row]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def measure_public(folder: Path) -> None:
    """Prints for each public file how many answers are the exact ones, and how many questions are refused."""
    counts: dict[str, Counter[str]] = {}
    for name, text, answer in public_rows(folder):
        task = get_task("adjustment" if "adjustment set" in text else "identification")
        try:
            outcome = "agree" if task.prove(task.parse(text)).answer == answer else "differ"
        except ValueError:
            outcome = "refused"
        counts.setdefault(name, Counter())[outcome] += 1
    for name, outcomes in counts.items():
        print(f"{name}: {dict(outcomes)}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--rows-per-cell", type=int, default=100)
    parser.add_argument("--public", type=Path, help="folder of the public files of CLEAR and CaLM-Lite")
    given = parser.parse_args()
    measure_speed("adjustment", "adjustment", given.rows, adjusts)
    measure_speed("identification", "identifiable", given.rows // 4, None)
    measure_agreement("adjustment", "adjustment", {"rows": given.rows // 4, "validation_rows": given.rows // 10})
    measure_agreement("adjustment", "adjustment_generalization", {"rows_per_cell": given.rows_per_cell})
    sizes = {"rows": given.rows // 10, "validation_rows": given.rows // 20, "rows_per_cell": given.rows_per_cell}
    measure_agreement("identification", "identifiable", sizes)
    if given.public:
        measure_public(given.public)
