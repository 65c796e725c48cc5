"""Measures of difficulty, compared with networkx and with enumeration."""

import networkx as nx
import numpy as np
import pytest

from hf_causal.graphs.dags import erdos_renyi_dags
from hf_causal.tasks.d_separation.difficulty import count_open_paths
from hf_causal.tasks.d_separation.text import Prompt
from hf_causal.tasks.registry import get_task, tasks
from hf_causal.tasks.shared.measures import MOST_COUNTED, count_paths, edges_between
from hf_causal.tasks.task import Task
from hf_causal.utils.randomness import Stream


def random_graphs(count, nodes, branching):
    """Yields the edges of random DAGs as pairs of names."""
    for edges in erdos_renyi_dags(count, nodes, branching, Stream("difficulty")).tolist():
        yield [(f"N{cause}", f"N{effect}") for cause, effect in edges]


def is_open(path, graph, given):
    """Returns whether a path is open, from the definition (Pearl, 2009, section 1.2.3)."""
    for before, node, after in zip(path, path[1:], path[2:], strict=False):
        if graph.has_edge(before, node) and graph.has_edge(after, node):
            if not given & (nx.descendants(graph, node) | {node}):
                return False
        elif node in given:
            return False
    return True


@pytest.mark.parametrize("ends", [{"N0", "N3"}, {"N0", "N3", "N6"}])
def test_edges_between_are_those_of_the_paths(ends):
    for edges in random_graphs(20, 7, 1.3):
        skeleton = nx.Graph(edges)
        skeleton.add_nodes_from(ends)
        used = {
            frozenset(step)
            for start in ends
            for end in ends
            if start < end
            for path in nx.all_simple_edge_paths(skeleton, start, end)
            for step in path
        }
        assert {frozenset(edge) for edge in edges_between(edges, ends)} == used


def test_directed_paths_are_counted():
    for edges in random_graphs(20, 8, 2.0):
        graph = nx.DiGraph(edges)
        graph.add_nodes_from([f"N{node}" for node in range(8)])
        for cause in graph:
            paths = list(nx.all_simple_paths(graph, cause, "N7"))
            assert count_paths(edges, cause, "N7") == (len(paths) if cause != "N7" else 0)
    cycle = [("A", "B"), ("B", "A"), ("B", "C"), ("A", "C")]
    assert count_paths(cycle, "A", "C") == 2


def test_open_paths_are_counted():
    counts = set()
    for number, edges in enumerate(random_graphs(30, 7, 1.5)):
        graph = nx.DiGraph(edges)
        graph.add_nodes_from([f"N{node}" for node in range(7)])
        given = {f"N{node}" for node in range(1, 6) if number >> (node - 1) & 1}
        paths = nx.all_simple_paths(graph.to_undirected(), "N0", "N6")
        expected = sum(is_open(path, graph, given) for path in paths)
        assert count_open_paths(Prompt(tuple(edges), ("N0", "N6"), tuple(given))) == expected
        counts.add(expected)
    assert len(counts) > 3


def test_counting_ends():
    layers = [(f"L{layer}{a}", f"L{layer + 1}{b}") for layer in range(8) for a in "abc" for b in "abc"]
    assert count_paths(layers, "L0a", "L8a") == 3**7
    assert count_open_paths(Prompt(tuple(layers), ("L0a", "L8a"))) == MOST_COUNTED


@pytest.mark.parametrize(
    "prompt, measures",
    [
        (
            "A causes B. B causes C. A causes C. C causes D. Does A cause C?",
            {"nodes": 4, "edges": 3 + 1, "distractors": 1, "hops": 1, "valid_answers": 2},
        ),
        ("A causes B. B causes C. Does C cause A?", {"distractors": 0, "hops": -1, "valid_answers": 1}),
        (
            "A causes B. C causes B. B causes D. D causes E. Are A and C d-separated given {D}?",
            {"conditioning_set": 1, "colliders": 1, "distractors": 1, "hops": 2, "valid_answers": 1},
        ),
        (
            "A and B often appear together. C causes A. C causes B. C and A often appear together. Does A cause B?",
            {"together": 2, "other_pairs": 1, "valid_answers": 1, "distractors": 0},
        ),
        (
            "A causes B. B causes C. A causes C. D causes C. C causes B. "
            "Can changing A or D affect B if C is held fixed?",
            {"changed": 2, "held": 1, "edges": 5, "hops": 1, "valid_answers": 1},
        ),
        (
            "A causes B. B causes C. A causes C. Can changing A affect C or B?",
            {"changed": 1, "held": 0, "targets": 2, "hops": 1, "valid_answers": 3},
        ),
    ],
)
def test_measures_of_a_prompt(prompt, measures):
    task = next(task for task in tasks().values() if task.recognizes(prompt) and not task.fallback) if (
        "d-separated" in prompt or "together" in prompt or "affect" in prompt
    ) else get_task("transitivity")  # fmt: skip
    assert measures.items() <= task.measures({"prompt": prompt}).items()


def test_measures_of_a_closed_system():
    task = get_task("corr2cause")
    measures = task.measures({"prompt": task.example})
    assert measures == {"nodes": 3, "edges": 2, "independences": 1, "distractors": 1, "members": 1, "hops": -1,
                        "valid_answers": 1}  # fmt: skip
    chain = task.example.replace("However, A is independent of C.", "A correlates with C. However, A and C are "
                                 "independent given B.")  # fmt: skip
    measures = task.measures({"prompt": chain})
    assert (measures["members"], measures["valid_answers"]) == (3, 2)  # A -> B in one of three graphs


@pytest.mark.parametrize("task", tasks().values(), ids=lambda task: task.name)
def test_levels_are_numbered_and_described(task: Task):
    assert [level.number for level in task.levels] == list(range(1, len(task.levels) + 1))
    assert 5 <= len(task.levels) <= 8
    assert len({level.cells for level in task.levels}) == len(task.levels)
    assert all(level.description and level.block_rows <= 64 for level in task.levels)
    sizes = [np.mean([cell.num_nodes for cell in level.cells]) for level in task.levels]
    assert sizes == sorted(sizes)


@pytest.mark.parametrize("number", [0, 8, -1, 1.0, True, "3", None])
def test_an_unknown_level_is_an_error(number):
    with pytest.raises(ValueError, match=r"`level` of transitivity must lie in 1 \.\.\. 7, got "):
        get_task("transitivity").level(number)
