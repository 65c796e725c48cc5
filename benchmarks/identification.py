"""Speed, oracles, public answers and shortcuts of `adjustment`, `identification`, `front_door` and `instrument`.

python benchmarks/identification.py [--rows 20000] [--rows-per-cell 100] [--public FOLDER] [--y0 1000] [--tasks …]

With `--y0` the verdicts of y0 (`pip install y0`) on random mixed graphs are compared with those of the package. The
linear models and rational tables that decide instruments and front doors are in tests/graphs/test_instruments.py.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import attack_rows
import networkx as nx

from hf_causal.graphs.identification import Hedge, factors_or_hedge
from hf_causal.graphs.mixed_graphs import MixedGraph
from hf_causal.tasks.proving import read
from hf_causal.tasks.registry import get_task
from hf_causal.tasks.shared.effect_questions import effects_of

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


def satisfies_front_door(prompt: Any) -> bool:
    """Decides with networkx whether a set satisfies the front-door criterion, as a user of networkx would."""
    graph, (x, y), members = nx.DiGraph(prompt.edges), prompt.question, set(prompt.given)
    graph.add_edges_from((frozenset(pair), node) for pair in prompt.hidden for node in pair)
    if y in nx.descendants(graph.subgraph(set(graph) - members), x):
        return False
    without_x, without_set = graph.copy(), graph.copy()
    without_x.remove_edges_from([*graph.out_edges(x)])
    without_set.remove_edges_from([*graph.out_edges(members)])
    to_set = nx.is_d_separator(without_x, {x}, members, set())
    return to_set and nx.is_d_separator(without_set, members, {y}, {x})


def is_instrument(prompt: Any) -> bool:
    """Decides with networkx whether a node is an instrument, as a user of networkx would."""
    graph, (x, y), z, given = nx.DiGraph(prompt.edges), prompt.question, prompt.instrument, set(prompt.given)
    graph.add_edges_from((frozenset(pair), node) for pair in prompt.hidden for node in pair)
    if nx.descendants(graph, x) & {z, *given} or nx.is_d_separator(graph, {z}, {x}, given):
        return False
    graph.remove_edges_from([*graph.in_edges(x)])
    return nx.is_d_separator(graph, {z}, {y}, given)


def compare_with_y0(count: int, seed: int = 0) -> None:
    """Prints on how many random mixed graphs y0 and the package agree, the differences, and the rates of both."""
    from y0.algorithm.identify import Unidentifiable, identify_outcomes
    from y0.dsl import Variable
    from y0.graph import NxMixedGraph

    chance, times, outcomes = random.Random(seed), [0.0, 0.0], Counter[str]()
    for _ in range(count):
        size = chance.randint(3, 7)
        pairs = list(combinations(range(size), 2))
        edges = chance.sample(pairs, chance.randint(1, len(pairs)))
        hidden = chance.sample(pairs, chance.randint(0, min(size, len(pairs))))
        # Every treatment causes its outcome.
        x, y = chance.choice(effects_of(MixedGraph.of_edges(size, edges)))
        started = time.process_time()
        ours = not isinstance(factors_or_hedge(MixedGraph.of_edges(size, edges, hidden), 1 << x, 1 << y), Hedge)
        times[0] += time.process_time() - started
        variables = [Variable(f"V{node}") for node in range(size)]
        started = time.process_time()
        graph = NxMixedGraph.from_edges(
            nodes=variables,
            directed=[(variables[a], variables[b]) for a, b in edges],
            undirected=[(variables[a], variables[b]) for a, b in hidden],
        )
        try:
            theirs = identify_outcomes(graph, treatments={variables[x]}, outcomes={variables[y]}) is not None
        except Unidentifiable:
            theirs = False
        except Exception as error:  # what y0 does on its own account
            outcomes[f"y0 raises {type(error).__name__}"] += 1
            print(f"  y0 raises {error!r:.100}: edges {edges}, hidden {hidden}, effect of {x} on {y}; here {ours}")
            continue
        finally:
            times[1] += time.process_time() - started
        outcomes[f"{'Yes' if ours else 'No'} here, {'Yes' if theirs else 'No'} in y0"] += 1
        if ours != theirs:
            print(f"  differ: edges {edges}, hidden {hidden}, effect of {x} on {y}; here {ours}")
    print(f"y0 on {count:,} random mixed graphs of 3 to 7 nodes, seed {seed}: {dict(outcomes)}")
    print(f"  {count / times[0]:,.0f} verdicts a second here, {count / times[1]:,.0f} by y0")


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
    for row in _lines(folder / "clear/frontdoor_adjustment_set.json"):
        if row["question_type"] == "YN":
            yield "CLEAR frontdoor", f"{row['description']} {row['question']}", row["answer"].rstrip(".")
    for row in _lines(folder / "calm_lite/FAS-C_FAS_EN.json"):
        for number in (1, 2, 3):
            text = f"{row['edges']}. Does {{{row[f'option{number}']}}} satisfy the front-door criterion for"
            marked = "Yes" if number == row["gt_answer"] else "No"
            yield "CaLM-Lite FAS", f"{text} the effect of {row['treatment']} on {row['outcome']}?", marked
    for row in _lines(folder / "calm_lite/IV-C_CaLM-IV_EN.json"):
        for number in (1, 2, 3):
            ends = f"the effect of {row['treatment']} on {row['outcome']}?"
            marked = "Yes" if number == row["gt_answer"] else "No"
            if "," not in (node := row[f"option{number}"]):
                yield "CaLM-Lite IV", f"{row['edges']}. Is {node} an instrument for {ends}", marked
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
        try:
            task, prompt = read(text)
            right = task.prove(prompt).answer
            outcome = "agree" if right == answer else f"{right} where {answer} is published"
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
    parser.add_argument("--y0", type=int, default=0, help="random graphs on which y0's verdicts are compared")
    tasks = ["adjustment", "identification", "front_door", "instrument"]
    parser.add_argument("--tasks", nargs="*", default=tasks, choices=tasks)
    given = parser.parse_args()
    plain = {"adjustment": adjusts, "front_door": satisfies_front_door, "instrument": is_instrument}
    for name in given.tasks:
        task = get_task(name)
        training, *generalization = task.configs
        measure_speed(name, training, given.rows if name == "adjustment" else given.rows // 4, plain.get(name))
        sizes = {"rows": given.rows // 4, "validation_rows": given.rows // 10}
        if name == "identification":
            sizes = {
                "rows": given.rows // 10,
                "validation_rows": given.rows // 20,
                "rows_per_cell": given.rows_per_cell,
            }
        measure_agreement(name, training, sizes)
        for config in generalization:
            measure_agreement(name, config, {"rows_per_cell": given.rows_per_cell})
    if given.public:
        measure_public(given.public)
    if given.y0:
        compare_with_y0(given.y0)
