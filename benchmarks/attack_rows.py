"""Attacks the checker with mutated rows and files: `python benchmarks/attack_rows.py [--rows 100000] [--seed 0]`.

Rows of every task are changed in their text, label, certificate and columns. Whatever the change, the checker must
accept the row or refuse it with a `ValueError`. A row that it accepts is checked again with networkx: the label must
be the answer to its text, the certificate true, and no word of the text may have been left out in reading it. Files of
every format with changed bytes are verified and corrected, or refused with a `ValueError`.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from functools import cache
from itertools import chain, combinations, product
from pathlib import Path
from typing import Any

import networkx as nx
import pyarrow as pa

from hf_causal.tasks.proving import check, read
from hf_causal.tasks.registry import tasks
from hf_causal.verification import DEFECTS, fix, verify
from hf_causal.verification.checks.row import check_row
from hf_causal.verification.io import SUFFIXES, find_columns, write_rows

Row = dict[str, Any]

_CONFIGS = {
    "transitivity_ts2": {"rows": 400, "validation_rows": 400},
    "d_separation": {"rows": 400, "validation_rows": 400},
    "co_occurrence": {"rows": 360, "validation_rows": 180, "rows_per_cell": 2, "nodes": (5,)},
    "relevance": {"rows": 400, "validation_rows": 400},
    "relevance_axioms": {"rows": 360, "validation_rows": 120, "rows_per_cell": 2},
    "adjustment": {"rows": 400, "validation_rows": 400},
    "identifiable": {"rows": 400, "validation_rows": 400, "rows_per_cell": 2, "nodes": (5,)},
    "default": {"nodes": (2, 3, 4)},
}
"""Small configs that rows are taken from, by name."""
_CHARACTERS = "aZ0 .,?{}:\n\t\"'\\\u00a0\u200b\x00é因\U0001f600\ud800-"
_WORDS = (
    *("causes", "cause", "does", "are", "is", "and", "given", "d-separated", "not", "only", "A", "B", "C", "Premise:"),
    *("Question:", "Hypothesis:", "Answer:", "often", "appear", "together", "correlates", "with", "independent", "of"),
    *("can", "changing", "affect", "or", "if", "held", "fixed", "cannot", "follow"),
    *("share", "a", "hidden", "valid", "adjustment", "set", "for", "the", "effect", "on", "computed", "from", "alone"),
    *("because.", "Suppose", "unless"),
)
_REMOVABLE = {
    *("answer", "this", "the", "following", "question", "below", "with", "by", "using", "only", "just", "either"),
    *(
        "exactly",
        "yes",
        "or",
        "no",
        "variable",
        "premise",
        "premises",
        "context",
        "hypothesis",
        "however",
        "often",
        "and",
        "is",
        "are",
    ),
}
"""Words that reading may leave out: those of instructions and labels, and those that join sentences."""
_VALUES = (None, 0, 1, -1, 2, True, 0.5, float("nan"), "", " ", "Yes", "No", "yes", [], ["Yes"], {}, {"a": 1}, b"Yes")


def attack(rows: int, seed: int = 0) -> Counter[str]:
    """Checks mutated rows, and returns the number of each outcome.

    Raises:
        `AssertionError`: If a wrong row is accepted; other errors than `ValueError` of the checker are raised as well.
    """
    chance = random.Random(seed)
    sources, outcomes = source_rows(), Counter[str]()
    columns = find_columns(list(sources[0]), "the rows")
    for _ in range(rows):
        row = mutate(chance.choice(sources), sources, chance)
        outcomes["rows right" if accepts(row) else "rows refused"] += 1
        result = check_row(row, columns)
        if not any(name in DEFECTS for name, _ in result.findings):
            # `verify` reads other spellings of an answer, such as 1.
            assert accepts({**row, "completion": result.answer, "label": None}), f"a defect was not found: {row!r}"
    return outcomes


def attack_files(files: int, seed: int = 0) -> Counter[str]:
    """Verifies and corrects files with changed bytes, and returns the number of each outcome."""
    chance, outcomes = random.Random(seed), Counter[str]()
    rows = source_rows()[::40]
    schema = pa.Table.from_pylist(rows).schema
    with tempfile.TemporaryDirectory() as folder:
        originals = [write_rows(Path(folder, f"rows{suffix}"), [rows], list(rows[0]), schema) for suffix in SUFFIXES]
        contents = {path: path.read_bytes() for path in originals}
        for _ in range(files):
            path = chance.choice(originals)
            path.write_bytes(_change_bytes(contents[path], chance))
            try:
                verify(path)
                fix(path, path.with_stem("copy"))
                outcomes["files read"] += 1
            except ValueError:
                outcomes["files refused"] += 1
        # A refused copy leaves nothing half-written.
        assert {path.stem for path in Path(folder).iterdir()} <= {"rows", "copy"}
    return outcomes


def _change_bytes(content: bytes, chance: random.Random) -> bytes:
    for _ in range(chance.randint(1, 4)):
        start = chance.randrange(len(content))
        end = start + chance.choice((0, 1, 1, 8, 200))
        new = chance.choice(
            (b"", bytes([chance.randrange(256)]), content[start:end] * 2, b'"', b"\n", b",", b"[" * 50)
        )
        content = content[:start] + new + content[end:]
        content = content or b"\n"
    return content


@cache
def source_rows() -> list[Row]:
    """Returns right rows of all tasks."""
    columns = ("prompt", "premise", "question", "completion", "label", "certificate")
    rows = []
    for task in tasks().values():
        for name, options in _CONFIGS.items():
            if name in task.configs:
                config = task.configs[name](**options)
                rows += task.generate_shard(config, "train", 0).select(columns).to_pylist()[:200]
    return rows


def mutate(row: Row, rows: list[Row], chance: random.Random) -> Row:
    """Returns a copy of a row with one to three changes."""
    # Without these columns, which repeat the prompt, a change of the prompt cannot be known by them.
    row = {**row, "premise": None, "question": None} if chance.random() < 0.5 else dict(row)
    for _ in range(chance.randint(1, 3)):
        column = chance.choice(("prompt", "prompt", "certificate", "certificate", *row))
        change = chance.choice((_change_value, _change_text, _change_text, _change_json))
        row[column] = change(row[column], column, rows, chance)
    return row


def _change_value(value: Any, column: str, rows: list[Row], chance: random.Random) -> Any:
    return chance.choice((*_VALUES, chance.choice(rows)[column], chance.choice(rows)[column]))


def _change_text(value: Any, column: str, rows: list[Row], chance: random.Random) -> Any:
    if not isinstance(value, str) or not value:
        return value
    start = chance.randrange(len(value))
    end = min(len(value), start + chance.choice((0, 1, 1, 2, 12)))
    words = value.split(" ")
    first, second = chance.randrange(len(words)), chance.randrange(len(words))
    swapped = [*words]
    swapped[first], swapped[second] = words[second], words[first]
    sentences = value.split(". ")
    chance.shuffle(sentences)
    return chance.choice(
        (
            value[:start] + value[end:],
            value[:start] + chance.choice(_CHARACTERS) + value[end:],
            value[:end] + value[start:end] + value[end:],
            value[:start],
            " ".join([*words[:first], chance.choice(_WORDS), *words[first:]]),
            " ".join([*words[:first], chance.choice(_WORDS), *words[first + 1 :]]),
            " ".join(swapped),
            ". ".join(sentences),
            ". ".join([*sentences, sentences[0]]),
            value.replace(f"{sentences[0]}. ", ""),
            value.swapcase(),
            value.replace(". ", "\n"),
            f"Answer the following question with ONLY 'Yes' or 'No'.\n\nPremise: {value}",
        )
    )


def _change_json(value: Any, column: str, rows: list[Row], chance: random.Random) -> Any:
    try:
        decoded = json.loads(value)
    except (ValueError, TypeError):
        return value
    if not isinstance(decoded, dict) or not decoded:
        return value
    names = re.findall(r"\w+", str(rows[chance.randrange(len(rows))]["certificate"])) + ["A", "B", "X"]
    key = chance.choice(list(decoded))
    decoded[key] = _change_node(decoded[key], names, chance)
    return json.dumps(decoded)


def _change_node(value: Any, names: list[str], chance: random.Random) -> Any:
    if isinstance(value, list) and value and chance.random() < 0.8:
        index = chance.randrange(len(value))
        changes = (
            [*value[:index], *value[index + 1 :]],
            [*value, value[index]],
            [*value, chance.choice(names)],
            [*value[:index], _change_node(value[index], names, chance), *value[index + 1 :]],
            value[::-1],
            [],
        )
        return chance.choice(changes)
    return chance.choice((chance.choice(names), chance.choice(names), [], None, 3, [chance.choice(names)]))


def accepts(row: Mapping[str, Any]) -> bool:
    """Returns whether the checker accepts a row; raises `AssertionError` if it should not."""
    try:
        check(row)
    except ValueError:
        return False
    task, prompt = read(row["prompt"])
    left_out = Counter(_words(row["prompt"])) - Counter(_words(str(prompt)))
    assert set(left_out) <= _REMOVABLE, f"left out {sorted(left_out)}: {row!r}"
    certificate = json.loads(row["certificate"])
    assert _ORACLES[task.name](prompt, row["completion"], certificate), f"wrong row accepted: {row!r}"
    return True


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.lower())


def _digraph(prompt: Any) -> nx.DiGraph:
    graph = nx.DiGraph(prompt.edges)
    graph.add_nodes_from(prompt.question)
    return graph


def _reached(graph: nx.DiGraph, node: str) -> set[str]:
    """Returns the nodes that a node reaches by at least one edge."""
    return set().union(*({child, *nx.descendants(graph, child)} for child in graph.successors(node)))


def _is_path(graph: nx.DiGraph, path: list[str], start: str, end: str) -> bool:
    return len(path) > 1 and (path[0], path[-1]) == (start, end) and nx.is_path(graph, path)


def _transitivity(prompt: Any, answer: str, certificate: Mapping[str, Any]) -> bool:
    graph, (cause, effect) = _digraph(prompt), prompt.question
    if answer == "Yes":
        return _is_path(graph, certificate["path"], cause, effect)
    reached = _reached(graph, cause)
    return effect not in reached and sorted(certificate["reachable"]) == sorted(reached)


def _relevance(prompt: Any, answer: str, certificate: Mapping[str, Any]) -> bool:
    graph, changed, targets = _digraph(prompt), set(prompt.changed), set(prompt.targets)
    graph.remove_nodes_from(prompt.given)
    if len({*prompt.question, *prompt.given}) < len(prompt.question) + len(prompt.given):
        return False
    if answer == "Yes":
        path = certificate["path"]
        return len(path) > 1 and path[0] in changed and path[-1] in targets and nx.is_path(graph, path)
    reached = set().union(*(nx.descendants(graph, node) for node in changed)) - changed
    return not reached & targets and sorted(certificate["reached"]) == sorted(reached)


def _relevance_axioms(prompt: Any, answer: str, certificate: Mapping[str, Any]) -> bool:
    """A No is checked exactly, a Yes on random digraphs."""
    if answer == "No":
        graph = nx.DiGraph(certificate["graph"])
        return all(_cannot(claim, graph) for claim in prompt.statements) and not _cannot(prompt.question, graph)
    chance, pairs = random.Random(str(prompt)), list(product(prompt.names, repeat=2))
    graphs = (nx.DiGraph(chance.sample(pairs, chance.randint(1, len(prompt.names)))) for _ in range(60))
    return not any(
        all(_cannot(claim, graph) for claim in prompt.statements) and not _cannot(prompt.question, graph)
        for graph in graphs
    )


def _cannot(claim: Any, graph: nx.DiGraph) -> bool:
    """Returns whether a statement of irrelevance holds in a graph."""
    open_graph = graph.subgraph(set(graph) - set(claim.held))
    reached = [nx.descendants(open_graph, node) for node in claim.changed if node in open_graph]
    return not set().union(*reached) & set(claim.targets)


def _with_hidden_causes(prompt: Any) -> nx.DiGraph:
    graph = _digraph(prompt)
    graph.add_edges_from((frozenset(pair), node) for pair in prompt.hidden for node in pair)
    return graph


def _adjustment(prompt: Any, answer: str, certificate: Mapping[str, Any]) -> bool:
    graph, (x, y), given = _with_hidden_causes(prompt), prompt.question, set(prompt.given)
    if not graph.nodes >= {x, y, *given} or x == y or given & {x, y}:
        return False
    causal = (nx.descendants(graph, x) & nx.ancestors(graph, y)) | ({y} & nx.descendants(graph, x))
    forbidden = causal.union(*(nx.descendants(graph, node) for node in causal))
    graph.remove_edges_from([(x, node) for node in causal])
    valid = not forbidden & given and nx.is_d_separator(graph, {x}, {y}, given)
    if valid != (answer == "Yes"):
        return False
    if answer == "Yes":
        return sorted(certificate["forbidden"]) == sorted(forbidden)
    if "descent" in certificate:
        path, descent = certificate["causal_path"], certificate["descent"]
        return (path[0], path[-1]) == (x, y) and descent[0] in path[1:] and descent[-1] in given & forbidden
    return (certificate["path"][0], certificate["path"][-1]) == (x, y)


def _identification(prompt: Any, answer: str, certificate: Mapping[str, Any]) -> bool:
    graph, (x, y) = _digraph(prompt), prompt.question
    graph.add_nodes_from(node for pair in prompt.hidden for node in pair)
    if not graph.nodes >= {x, y} or x == y:
        return False
    hidden = nx.Graph(prompt.hidden)
    hidden.add_nodes_from(graph)

    def connected(nodes: Any, start: Any) -> set[Any]:
        return nx.node_connected_component(hidden.subgraph(nodes), next(iter(start)))

    def is_identified(district: set[Any], nodes: set[Any]) -> bool:
        ancestors = district.union(*(nx.ancestors(graph.subgraph(nodes), node) for node in district))
        smaller = connected(ancestors, district)
        return smaller == district or (smaller != nodes and is_identified(district, smaller))

    without = graph.subgraph(set(graph) - {x})
    relevant = nx.ancestors(without, y) | {y}
    districts = [set(part) for part in nx.connected_components(hidden.subgraph(relevant))]
    identified = all(is_identified(part, connected(graph, part)) for part in districts)
    return identified == (answer == "Yes")


def _co_occurrence(prompt: Any, answer: str, certificate: Mapping[str, Any]) -> bool:
    if not _transitivity(prompt, answer, certificate):
        return False
    graph, (cause, effect) = _digraph(prompt), prompt.question
    if answer == "Yes":
        return True
    stated = cause != effect and {cause, effect} in map(set, prompt.together)
    ancestors = nx.ancestors(graph, cause), nx.ancestors(graph, effect)
    common = (ancestors[0] & ancestors[1]) - {cause, effect}
    paths = certificate["together"]
    if not paths:
        return not (stated and (effect in ancestors[0] or common))
    start = paths[0][0]
    if len(paths) == 1:
        return stated and _is_path(graph, paths[0], effect, cause)
    ends = zip(paths, (cause, effect), strict=False)
    return (
        len(paths) == 2 and stated and start in common and all(_is_path(graph, path, start, end) for path, end in ends)
    )


def _d_separation(prompt: Any, answer: str, certificate: Mapping[str, Any]) -> bool:
    graph, given = _digraph(prompt), set(prompt.given)
    graph.add_nodes_from(given)
    x, y = prompt.question
    if nx.is_d_separator(graph, {x}, {y}, given) != (answer == "Yes"):
        return False
    if answer == "Yes":
        ancestors = given.union(*(nx.ancestors(graph, node) for node in given))
        return sorted(certificate["ancestors"]) == sorted(ancestors)
    path = certificate["path"]
    return (path[0], path[-1]) == (x, y) and nx.is_path(graph.to_undirected(), path)


def _corr2cause(prompt: Any, answer: str, certificate: Mapping[str, Any]) -> bool:
    variables = prompt.system.variables
    if len(variables) > 4:
        return True  # too many graphs for this oracle
    index = {name: number for number, name in enumerate(variables)}
    independent = frozenset(
        (frozenset((index[first], index[second])), frozenset(map(index.__getitem__, given)))
        for first, second, given in prompt.system.independences
    )
    correlated = {frozenset(map(index.__getitem__, pair)) for pair in prompt.system.correlations}
    marginal = {pair for pair, given in independent if not given}
    pairs = set(map(frozenset, combinations(range(len(variables)), 2)))
    if correlated | marginal != pairs or correlated & marginal:
        return False
    first, second = (index[name] for name in prompt.pair)
    graphs = graphs_by_independences(len(variables)).get(independent, [])
    if not graphs:  # no graph has these independences
        return False
    holds = [RELATION_TESTS[prompt.relation](graph, first, second) for graph in graphs]
    verdict = "entailment" if all(holds) else "neutral" if any(holds) else "contradiction"
    return (certificate["verdict"], answer) == (verdict, "Yes" if verdict == "entailment" else "No")


def _descendants_around(graph: nx.DiGraph, node: int, avoided: int) -> set[int]:
    """Returns the nodes that a directed path from a node leads to without touching another node."""
    return nx.descendants(graph.subgraph(set(graph) - {avoided}), node)


def _mediated(graph: nx.DiGraph, first: int, second: int) -> bool:
    return any(second in nx.descendants(graph, child) for child in graph.successors(first))


def _meet(graph: nx.DiGraph, first: int, second: int) -> bool:
    return bool(_descendants_around(graph, first, second) & _descendants_around(graph, second, first))


RELATION_TESTS: Mapping[str, Callable[[nx.DiGraph, int, int], bool]] = {
    "parent": lambda graph, first, second: graph.has_edge(first, second),
    "non-parent ancestor": _mediated,
    "child": lambda graph, first, second: graph.has_edge(second, first),
    "non-child descendant": lambda graph, first, second: _mediated(graph, second, first),
    "has_collider": _meet,
    "has_confounder": lambda graph, first, second: _meet(graph.reverse(), first, second),
}
"""The definitions of `hf_causal.graphs.equivalence.relations`, by networkx."""


@cache
def graphs_by_independences(size: int) -> dict[frozenset[Any], list[nx.DiGraph]]:
    """Returns all DAGs of a size by the independences that they have."""
    pairs = list(combinations(range(size), 2))
    classes: dict[frozenset[Any], list[nx.DiGraph]] = {}
    for directions in product((None, 0, 1), repeat=len(pairs)):
        edges = [pair[::-1] if way else pair for pair, way in zip(pairs, directions, strict=True) if way is not None]
        graph = nx.DiGraph(edges)
        graph.add_nodes_from(range(size))
        if nx.is_directed_acyclic_graph(graph):
            classes.setdefault(frozenset(_independences(graph)), []).append(graph)
    return classes


def _independences(graph: nx.DiGraph) -> list[tuple[frozenset[int], frozenset[int]]]:
    triples = []
    for first, second in combinations(graph, 2):
        others = sorted(set(graph) - {first, second})
        sets = chain.from_iterable(combinations(others, count) for count in range(len(others) + 1))
        triples += [(frozenset((first, second)), frozenset(given)) for given in sets]
    return [
        (pair, given) for pair, given in triples if nx.is_d_separator(graph, *({node} for node in pair), set(given))
    ]


_ORACLES: Mapping[str, Callable[[Any, str, Mapping[str, Any]], bool]] = {
    "transitivity": _transitivity,
    "d_separation": _d_separation,
    "corr2cause": _corr2cause,
    "co_occurrence": _co_occurrence,
    "relevance": _relevance,
    "relevance_axioms": _relevance_axioms,
    "adjustment": _adjustment,
    "identification": _identification,
}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    outcomes = attack(options.rows, options.seed) + attack_files(options.rows // 50, options.seed)
    for outcome, count in sorted(outcomes.items()):
        print(f"{outcome}: {count:,}")
