"""Batched d-separation against networkx, and against the definition of an open path."""

from itertools import combinations, product

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import digraph, is_open, shortest_open_path

from hf_causal.graphs import dags as graphs
from hf_causal.graphs.d_separation import bayes_ball, is_d_separated, open_paths
from hf_causal.utils.randomness import Stream


def labelled_dags(num_nodes: int) -> list[nx.DiGraph]:
    """Every labelled DAG: each pair of nodes is not joined, or joined in one of two directions."""
    pairs = list(combinations(range(num_nodes), 2))
    dags = []
    for ways in product((None, False, True), repeat=len(pairs)):
        edges = [pair[::-1] if way else pair for pair, way in zip(pairs, ways, strict=True) if way is not None]
        if nx.is_directed_acyclic_graph(graph := digraph(edges, range(num_nodes))):
            dags.append(graph)
    return dags


def all_questions(num_nodes: int) -> list[tuple[int, int, tuple[int, ...]]]:
    questions = []
    for x, y in product(range(num_nodes), repeat=2):
        rest = [node for node in range(num_nodes) if node not in (x, y)]
        sets = [chosen for size in range(len(rest) + 1) for chosen in combinations(rest, size)]
        questions += [(x, y, chosen) for chosen in sets if x != y]
    return questions


def conditioning(sets, num_nodes: int) -> np.ndarray:
    given = np.zeros((len(sets), num_nodes), dtype=bool)
    for row, chosen in enumerate(sets):
        given[row, list(chosen)] = True
    return given


def random_questions(num_graphs: int, num_nodes: int, each: int):
    """Uniform pairs and conditioning sets of every size."""
    generator = np.random.default_rng(num_nodes)
    graph = np.repeat(np.arange(num_graphs), each)
    order = np.argsort(generator.random((len(graph), num_nodes)), axis=1)
    size = generator.integers(num_nodes - 1, size=len(graph))
    given = np.zeros((len(graph), num_nodes), dtype=bool)
    np.put_along_axis(given, order[:, 2:], np.arange(num_nodes - 2) < size[:, None], axis=1)
    return graph, order[:, 0], order[:, 1], given


def assert_right(edges, num_nodes: int, graph, x, y, given) -> None:
    """All three functions on a batch of questions, each against networkx or against its own definition."""
    oracles = [digraph(own, range(num_nodes)) for own in edges.tolist()]
    sets = [set(np.flatnonzero(row).tolist()) for row in given]
    separated = is_d_separated(edges, num_nodes, graph, x, y, given)
    expected = [
        nx.is_d_separator(oracles[g], {int(a)}, {int(b)}, z) for g, a, b, z in zip(graph, x, y, sets, strict=True)
    ]
    assert separated.tolist() == expected
    ball = bayes_ball(edges, num_nodes, graph, x, given)
    reached = ball.from_child | ball.from_parent
    assert (~reached[np.arange(len(y)), y]).tolist() == expected
    for row in range(0, len(x), max(1, len(x) // 200)):
        up = set().union(sets[row], *(nx.ancestors(oracles[graph[row]], node) for node in sets[row]))
        assert set(np.flatnonzero(ball.ancestors[row]).tolist()) == up
    rows = np.flatnonzero(~separated)
    paths = open_paths(edges, num_nodes, graph[rows], x[rows], y[rows], given[rows])
    for row, path in zip(rows, paths.tolist(), strict=True):
        assert is_open(oracles[graph[row]], [node for node in path if node >= 0], x[row], y[row], sets[row])


def test_every_question_on_every_dag_of_four_nodes_agrees_with_networkx():
    dags = labelled_dags(4)
    assert len(dags) == 543
    asked = all_questions(4)
    by_size: dict[int, list[nx.DiGraph]] = {}
    for dag in dags:
        by_size.setdefault(dag.number_of_edges(), []).append(dag)
    for size, group in by_size.items():
        edges = np.array([list(dag.edges) for dag in group], dtype=np.int64).reshape(len(group), size, 2)
        graph = np.repeat(np.arange(len(group)), len(asked))
        x, y = (np.tile([question[end] for question in asked], len(group)) for end in (0, 1))
        given = np.tile(conditioning([chosen for _, _, chosen in asked], 4), (len(group), 1))
        assert_right(edges, 4, graph, x, y, given)


@pytest.mark.parametrize(("num_nodes", "factor"), [(5, 1.0), (6, 1.4), (8, 2.0), (10, 1.4), (12, 1.4), (12, 3.0)])
def test_random_dags_agree_with_networkx(num_nodes, factor):
    edges = graphs.erdos_renyi_dags(60, num_nodes, factor, Stream("d-separation", num_nodes))
    assert_right(edges, num_nodes, *random_questions(60, num_nodes, 12))


@pytest.mark.parametrize("num_nodes", [3, 6, 64, 65, 100, 130])
def test_chains_agree_with_networkx_whatever_the_number_of_words(num_nodes):
    edges = graphs.flip_edges(graphs.chains(12, num_nodes), 0.3, Stream("chains", num_nodes))
    assert_right(edges, num_nodes, *random_questions(12, num_nodes, 10))


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_open_paths_are_the_shortest(data):
    num_nodes = data.draw(st.integers(3, 7))
    order = data.draw(st.permutations(range(num_nodes)))
    pairs = data.draw(st.sets(st.sampled_from(list(combinations(range(num_nodes), 2))), min_size=1, max_size=12))
    edges = np.array([[[order[early], order[late]] for early, late in sorted(pairs)]])
    x, y, *rest = data.draw(st.permutations(range(num_nodes)))
    chosen = rest[: data.draw(st.integers(0, len(rest)))]
    asked = (np.array([0]), np.array([x]), np.array([y]), conditioning([chosen], num_nodes))
    expected = shortest_open_path(digraph(edges[0].tolist(), range(num_nodes)), x, y, set(chosen))
    assert is_d_separated(edges, num_nodes, *asked).tolist() == [expected < 0]
    if expected > 0:
        assert open_paths(edges, num_nodes, *asked).shape == (1, expected + 1)


def test_more_questions_than_are_worked_on_at_a_time(monkeypatch):
    edges = graphs.erdos_renyi_dags(50, 7, 1.4, Stream("chunks"))
    asked = random_questions(50, 7, 20)
    whole = is_d_separated(edges, 7, *asked)
    open_ones = [array[~whole] for array in asked]
    paths = open_paths(edges, 7, *open_ones)
    ball = bayes_ball(edges, 7, asked[0], asked[1], asked[3])
    monkeypatch.setattr("hf_causal.graphs.d_separation._CHUNK", 37)
    np.testing.assert_array_equal(is_d_separated(edges, 7, *asked), whole)
    np.testing.assert_array_equal(open_paths(edges, 7, *open_ones), paths)
    np.testing.assert_array_equal(bayes_ball(edges, 7, asked[0], asked[1], asked[3]).from_child, ball.from_child)


def test_no_questions_have_no_answers():
    edges, none = graphs.chains(3, 5), np.zeros(0, dtype=np.int64)
    given = np.zeros((0, 5), dtype=bool)
    assert is_d_separated(edges, 5, none, none, none, given).shape == (0,)
    assert len(open_paths(edges, 5, none, none, none, given)) == 0
    assert bayes_ball(edges, 5, none, none, given).from_child.shape == (0, 5)


@pytest.mark.parametrize(
    ("x", "y", "given", "message"),
    [
        (0, 0, [False] * 3, "`x` and `y` are the same node in question 1"),
        (0, 2, [True, False, False], "`given` contains `x` in question 1"),
        (0, 2, [False, False, True], "`given` contains `y` in question 1"),
        (0, 2, [0, 0, 0], "`given` must be boolean of shape"),
    ],
)
def test_bad_questions_are_refused(x, y, given, message):
    edges, fine = graphs.chains(1, 3), [False, True, False]
    sets = np.array([fine, given]) if isinstance(given[0], bool) else np.array([[0, 1, 0], given])
    with pytest.raises(ValueError, match=message):
        is_d_separated(edges, 3, np.array([0, 0]), np.array([0, x]), np.array([2, y]), sets)


def test_a_separated_pair_has_no_open_path():
    with pytest.raises(ValueError, match="d-separated in question 0"):
        open_paths(
            graphs.chains(1, 3), 3, np.array([0]), np.array([0]), np.array([2]), np.array([[False, True, False]])
        )
