"""Attacks `hf_causal.score`: `python benchmarks/attack_scores.py [--corruptions 10000] [--nodes 5] [--seed 0]`.

1. Every valid answer: on all small DAGs (a sample of the large ones) all paths, reasons, orders of sets, orders of
   search and separating sets score 1, and all other node sequences and sets score less.
2. Corruptions: answers of rows of every config with one token changed, dropped, added or swapped, or a line moved.

What is valid is decided here, by networkx and a small strict reader of the canonical layout; nothing of it is the code
that is attacked. A score of 1 for an answer that is invalid by it is an error, and so is less for a valid one.
"""

from __future__ import annotations

import argparse
import random
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, combinations, islice, permutations, product
from typing import Any

import networkx as nx
from answer_oracles import ORACLES, Graph, expected_value, highest_value

from hf_causal import score
from hf_causal.tasks.answering import form_names, write_answer
from hf_causal.tasks.proving import read
from hf_causal.tasks.registry import tasks

Row = Mapping[str, Any]
TASKS = ("transitivity", "d_separation", "co_occurrence")
LAYOUT_NAMES = ("none", "Path", "From", "via", "Answer", "up", "and", "Reached", "chain", "impossible", "Open", "Set")
"""Names that are words of the layouts."""


def compare(row: Row, form: str, text: str, expected: float, highest: float | None = None) -> None:
    """Raises `AssertionError` unless a text scores what it should."""
    got, most = score(text, row, form=form), expected if highest is None else highest
    assert expected <= got.value <= most, f"{got} instead of {expected} for {text!r} as {form} of {row['prompt']!r}"


# Corruptions


def source_rows(task_name: str, size: int = 150) -> list[Row]:
    """Returns rows of every config and split of a task, some of them with words of the layouts as names."""
    rows, task = [], tasks()[task_name]
    for name in task.configs:
        config = task.small_config(name)
        for split in config.splits:
            rows += task.generate_shard(config, split, 0).select(["prompt"]).slice(0, 4 * size).to_pylist()[::4]
    rows = [row for row in rows if len(row["prompt"]) < 600]
    return rows + [with_layout_names(row, number) for number, row in enumerate(rows[::4])]


def with_layout_names(row: Row, seed: int) -> Row:
    """Returns a row with words of the layouts as names."""
    _, prompt = read(row["prompt"])
    names = sorted(Graph(prompt).names)
    words = random.Random(seed).sample(LAYOUT_NAMES, min(len(names), 6))
    new = dict(zip(names, words, strict=False))
    return {"prompt": re.sub(r"(?<![\w-])\w+(?![\w-])", lambda match: new.get(match[0], match[0]), row["prompt"])}


def corrupt(text: str, words: Sequence[str], chance: random.Random) -> str:
    """Returns a text with one token changed, dropped, added or swapped, or with a line dropped, doubled or moved."""
    if chance.random() < 0.15:
        lines = text.split("\n")
        first, second = chance.randrange(len(lines)), chance.randrange(len(lines))
        change = chance.choice((lambda: lines.pop(first), lambda: lines.insert(second, lines[first])))
        change()
        return "\n".join(lines)
    tokens = re.findall(r"\w+|->|<-|\n| |[^\w\s]", text)
    index, other = chance.randrange(len(tokens)), chance.randrange(len(tokens))
    word = chance.choice((chance.choice(words), tokens[other], chance.choice(_TOKENS)))
    action = chance.randrange(5)
    if action == 0:
        tokens[index] = word
    elif action == 1:
        del tokens[index]
    elif action == 2:
        tokens.insert(index, word)
    elif action == 3:
        tokens.insert(index, f" {word} ")
    else:
        tokens[index], tokens[other] = tokens[other], tokens[index]
    return "".join(tokens)


_TOKENS = (
    *("->", "<-", ",", ";", ":", ".", "{", "}", "\n", "none", "Yes", "No", "yes", "Path", "Answer", "via", "collider"),
    *(
        "chain",
        "fork",
        "up",
        "down",
        "direct",
        "confounded",
        "impossible",
        "А",
        "Ａ",
        "\u200b",
        "'",
        '"',
        "*",
        "_",
        "- ",
    ),
    *(
        "not",
        "maybe",
        "and",
        "or",
        "|",
        "(",
        ")",
        "[",
        "]",
        "\\",
        "$",
        "`",
        "<think>",
        "</think>",
        "1. ",
        "\u00b2",
        "?",
    ),
)


def attack_corruptions(
    task: str, count: int, seed: int = 0, rows: Sequence[Row] = (), forms: Sequence[str] = ()
) -> Counter[str]:
    """Scores corrupted answers, and returns the number of each outcome; of all rows and forms if none are passed."""
    chance, outcomes, rows = random.Random(seed), Counter[str](), rows or source_rows(task)
    forms = forms or [form for name, form in ORACLES if name == task]
    answers: dict[tuple[str, str], str] = {}
    while sum(outcomes.values()) < count:
        row, form = chance.choice(rows), chance.choice(forms)
        graph = Graph(read(row["prompt"])[1])
        key = row["prompt"], form
        if key not in answers:
            try:
                answers[key] = write_answer(row, form)
            except ValueError:  # a question that cannot be put in the form
                continue
            compare(row, form, answers[key], 1.0)
        text = corrupt(answers[key], sorted(graph.names), chance)
        expected, highest = (value(graph, task, form, text) for value in (expected_value, highest_value))
        compare(row, form, text, expected, max(expected, highest))
        outcomes[_outcome(expected, highest)] += 1
    return outcomes


def _outcome(expected: float, highest: float) -> str:
    if expected:
        return "still valid" if expected == 1 else "half valid"
    return "valid but for noise" if highest else "invalid"


# Every valid answer


def dags(size: int) -> Iterator[nx.DiGraph]:
    """Yields all DAGs of a size with named nodes."""
    names = "ABCDE"[:size]
    pairs = list(combinations(names, 2))
    for ways in product((None, 0, 1), repeat=len(pairs)):
        graph = nx.DiGraph()
        graph.add_nodes_from(names)
        graph.add_edges_from(
            pair[::-1] if way else pair for pair, way in zip(pairs, ways, strict=True) if way is not None
        )
        if graph.edges and nx.is_directed_acyclic_graph(graph):
            yield graph


def premise(graph: nx.DiGraph) -> str:
    return " ".join(f"{cause} causes {effect}." for cause, effect in graph.edges)


def attack_separating_sets(graph: nx.DiGraph) -> int:
    """Scores every set as a separating set of every pair; returns the number of scores."""
    count, names = 0, {node for edge in graph.edges for node in edge}
    for x, y in combinations(sorted(names), 2):
        row = {"prompt": f"{premise(graph)} Are {x} and {y} d-separated?"}
        others = sorted(names - {x, y})
        sets = list(chain.from_iterable(combinations(others, size) for size in range(len(others) + 1)))
        separating = [set(nodes) for nodes in sets if nx.is_d_separator(graph, {x}, {y}, set(nodes))]
        smallest = min(map(len, separating), default=None)
        for nodes in sets:
            text, ok = f"Set: {{{', '.join(nodes)}}}", set(nodes) in separating
            minimal = ok and not any(other < set(nodes) for other in separating)
            compare(row, "separating-set", text, float(ok))
            compare(row, "minimal-separating-set", text, (ok + minimal) / 2)
            compare(row, "minimum-separating-set", text, (ok + (len(nodes) == smallest)) / 2 if ok else 0.0)
        for form in ("separating-set", "minimal-separating-set", "minimum-separating-set"):
            compare(row, form, "Set: impossible", float(not separating))
            compare(row, form, write_answer(row, form), 1.0)
        count += 3 * (len(sets) + 2)
    return count


def attack_proofs(graph: nx.DiGraph, chance: random.Random) -> int:
    """Scores every sequence of nodes as a path of every pair, sets in random orders and searches in random orders."""
    count, names = 0, sorted({node for edge in graph.edges for node in edge})
    sequences = list(chain.from_iterable(permutations(names, size) for size in range(2, len(names) + 1)))
    for x, y in permutations(names, 2):
        row = {"prompt": f"{premise(graph)} Does {x} cause {y}?"}
        facts = Graph(read(row["prompt"])[1])
        texts = [f"Yes\nPath: {' -> '.join(nodes)}" for nodes in sequences if nodes[0] == x or nodes[-1] == y]
        texts += [f"No\nReached: {', '.join(nodes)}" for nodes in (*sequences, *([name] for name in names))]
        for text in texts:
            compare(row, "proof", text, expected_value(facts, "transitivity", "proof", text))
        for text in random_searches(facts, chance, 3):
            compare(row, "trace", text, 1.0)
        count += len(texts) + 3
        given = {name for name in names if name not in (x, y) and chance.random() < 0.5}
        count += attack_d_separation(graph, x, y, given, chance)
    return count


def attack_d_separation(graph: nx.DiGraph, x: str, y: str, given: set[str], chance: random.Random) -> int:
    condition = f" given {{{', '.join(sorted(given))}}}" if given else ""
    row = {"prompt": f"{premise(graph)} Are {x} and {y} d-separated{condition}?"}
    facts, count = Graph(read(row["prompt"])[1]), 0
    for path in nx.all_simple_paths(graph.to_undirected(), x, y):
        for text in islice(open_path_texts(facts, path, chance), 20):
            compare(row, "proof", text, expected_value(facts, "d_separation", "proof", text))
            count += 1
    entered = facts.ball_entered()
    sets = [[node for node, up in entered if up is way] for way in (True, False)] + [list(facts.ancestors_of_given())]
    for _ in range(3):
        for nodes in sets:
            chance.shuffle(nodes)
        labels = ("From child", "From parent", "Ancestors")
        lines = [f"{label}: {', '.join(nodes) or 'none'}" for label, nodes in zip(labels, sets, strict=True)]
        compare(row, "proof", "\n".join(["Yes", *lines]), float(facts.separated(given)))
        compare(row, "trace", random_ball_walk(facts, chance), 1.0)
    return count + 6


def open_path_texts(facts: Graph, path: list[str], chance: random.Random) -> Iterator[str]:
    """Yields a path with all reasons that its colliders may have, in random order."""
    marks = ["->" if facts.edges.has_edge(*step) else "<-" for step in zip(path, path[1:], strict=False)]
    text = path[0] + "".join(f" {mark} {node}" for mark, node in zip(marks, path[1:], strict=True))
    reasons = []
    for before, node, after in zip(marks, path[1:], marks[1:], strict=False):
        if (before, after) != ("->", "<-"):
            reasons.append([f"{node} {'fork' if before != after else 'chain'}"])
            continue
        targets = [node, *nx.descendants(facts.edges, node)]
        descents = [[node]] + [d for target in targets for d in nx.all_simple_paths(facts.edges, node, target)]
        reasons.append([f"{node} collider via {' -> '.join(descent)}" for descent in descents])
    for choice in product(*reasons):
        shuffled = chance.sample(choice, len(choice))
        yield f"No\nPath: {text}\nOpen: {'; '.join(shuffled) or 'none'}"


def random_searches(facts: Graph, chance: random.Random, count: int) -> Iterator[str]:
    """Yields searches from x in random orders, which stop at a random point after y is met."""
    for _ in range(count):
        reached, looked_up, met, lines = [facts.x], set[str](), set[str](), list[str]()
        while open_nodes := [node for node in dict.fromkeys(reached) if node not in looked_up]:
            if facts.y in met and chance.random() < 0.5:
                break
            node = chance.choice(open_nodes)
            effects = chance.sample(sorted(facts.edges.successors(node)), facts.edges.out_degree(node))
            lines.append(f"From {node}: {', '.join(effects) or 'none'}")
            looked_up.add(node)
            met.update(effects)
            reached += effects
        yield "\n".join([*lines, f"Answer: {'Yes' if facts.y in met else 'No'}"])


def random_ball_walk(facts: Graph, chance: random.Random) -> str:
    lines = [f"Ancestors: {', '.join(facts.ancestors_of_given()) or 'none'}"]
    entered, looked_up = {(facts.x, True)}, set[tuple[str, bool]]()
    while open_states := sorted(entered - looked_up):
        if any(node == facts.y for node, _ in entered) and chance.random() < 0.5:
            break
        state = chance.choice(open_states)
        moves = sorted(facts.ball_moves(*state))
        chance.shuffle(moves)
        listed = ", ".join(f"{('down', 'up')[up]} {node}" for node, up in moves)
        lines.append(f"{('Down', 'Up')[state[1]]} {state[0]}: {listed or 'none'}")
        looked_up.add(state)
        entered.update(moves)
    return "\n".join([*lines, f"Answer: {'No' if any(node == facts.y for node, _ in entered) else 'Yes'}"])


def attack_small_graphs(nodes: int, most: int, seed: int = 0) -> Counter[str]:
    """Scores every valid answer and many invalid ones about DAGs of up to `nodes` nodes, `most` of each size."""
    chance, outcomes = random.Random(seed), Counter[str]()
    for size in range(2, nodes + 1):
        graphs = list(dags(size))
        for graph in graphs if len(graphs) <= most else chance.sample(graphs, most):
            outcomes["graphs"] += 1
            outcomes["separating sets"] += attack_separating_sets(graph)
            outcomes["proofs and traces"] += attack_proofs(graph, chance)
    return outcomes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corruptions", type=int, default=10_000, help="for each task")
    parser.add_argument("--nodes", type=int, default=5, help="of the largest graphs of which all answers are scored")
    parser.add_argument("--graphs", type=int, default=100, help="most graphs of each size")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    for task in TASKS:
        assert set(form_names(tasks()[task])) == {"yes-no", *(form for name, form in ORACLES if name == task)}
        outcomes = attack_corruptions(task, options.corruptions, options.seed)
        print(f"corrupted answers, {task}: {dict(sorted(outcomes.items()))}", flush=True)
    outcomes = attack_small_graphs(options.nodes, options.graphs, options.seed)
    print(f"every answer on small graphs: {dict(sorted(outcomes.items()))}")


if __name__ == "__main__":
    main()
