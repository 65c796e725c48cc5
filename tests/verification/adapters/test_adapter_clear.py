"""The adapter of CLEAR against answers that other code computes, and against the rows that were published."""

import json
import random

import networkx as nx
import pytest
from clear_rows import (
    back_door_sets,
    blocked,
    dag_sentence,
    edge_list,
    front_door_sets,
    marked_paths,
    random_dag,
    row,
    same_independences,
    separated,
    set_text,
    subsets,
    triple_list,
    yes,
)

from hf_causal.verification import fix, verify
from hf_causal.verification.adapters import find_adapter
from hf_causal.verification.adapters.clear import ADAPTER

ADMG = "Given an ADMG (acyclic directed mixed graph) with nodes A, B, C, directed edges {} and bi-directed edges {}."


def verdict(*args, **options) -> str:
    return ADAPTER.verdict(row(*args, **options)).verdict


def check(text: str, question: str, truth: bool) -> None:
    assert verdict(text, question, yes(truth)) == "proved", (text, question)
    assert verdict(text, question, yes(not truth)) == "refuted", (text, question)


@pytest.mark.parametrize("seed", range(25))
def test_yes_no_questions_agree_with_searches_of_every_path(seed):
    generator = random.Random(seed)
    graph = random_dag(generator, generator.randint(3, 5))
    text = dag_sentence(graph)
    x, y = generator.sample(sorted(graph), 2)
    others = set(graph) - {x, y}
    paths = marked_paths(graph, x, y)
    for z in subsets(others):
        given = set_text(z)
        check(text, f"Are node {x} and node {y} d-separated by nodeset {given}?", separated(graph, x, y, z))
        treated = f"adjustment set for treatment {x} and outcome {y}?"
        check(text, f"Is {given} a valid backdoor {treated}", z in back_door_sets(graph, x, y))
        check(text, f"Is {given} a valid frontdoor {treated}", z in front_door_sets(graph, x, y))
        for path in paths[:3]:
            check(text, f"Can path {path} be blocked by nodeset {given}?", blocked(graph, path, z))
    for path in paths:
        check(text, f"Is {path} a directed path from {x} to {y}?", "<-" not in path)
        check(text, f"Is {path} a backdoor path from {x} to {y}?", path.startswith(f"{x}<-"))
    check(text, f"Is {x}->{y} a path from {x} to {y}?", graph.has_edge(x, y))
    check(text, f"Is node {x} one of ancestors of node {y}?", y in nx.descendants(graph, x))
    order = generator.sample(sorted(graph), len(graph))
    right = all(order.index(i) < order.index(j) for i, j in graph.edges)
    check(text, f"Is {', '.join(order)} a valid topological ordering of this graph?", right)


@pytest.mark.parametrize("seed", range(15))
def test_lists_and_counts_agree_with_networkx(seed):
    generator = random.Random(seed)
    graph = random_dag(generator, generator.randint(3, 5))
    text = dag_sentence(graph)
    x, y = generator.sample(sorted(graph), 2)
    paths, directed = marked_paths(graph, x, y), [p for p in marked_paths(graph, x, y) if "<-" not in p]
    rows = {
        f"Find all paths from {x} to {y}.": (repr(paths), paths),
        f"Find all directed paths from node {x} to node {y}.": (", ".join(directed), directed),
        f"List all children of node {x}.": (set_text(set(graph.successors(x))), list(graph.successors(x))),
    }
    for question, (answer, items) in rows.items():
        assert verdict(text, question, answer, form="FA") == "proved", question
        if items:
            assert verdict(text, question, answer.replace(items[0], "Z->Z"), form="FA") != "proved"
    counts = {
        f"How many paths are there from {x} to {y}.": len(paths),
        f"How many ancestors does node {x} have?": len(nx.ancestors(graph, x)),
        f"How many directed paths are there from {x} to {y}?": len(directed),
    }
    for question, number in counts.items():
        assert verdict(text, question, str(number), form="HM") == "proved"
        assert verdict(text, question, str(number + 1), form="HM") == "refuted"
    chains = triple_list(graph)
    assert verdict(text, "List all chains of this graph.", repr(chains), form="FA") in ("proved", "ambiguous")
    assert verdict(text, "List all chains of this graph.", repr([*chains, (x, y, x)]), form="FA") == "refuted"


@pytest.mark.parametrize("seed", range(20))
def test_equivalent_graphs_have_the_same_independences(seed):
    generator = random.Random(seed)
    graph = random_dag(generator, 4, 0.6)
    other = graph.copy()
    for i, j in generator.sample(sorted(graph.edges), min(2, len(graph.edges))):
        other.remove_edge(i, j)
        other.add_edge(j, i)
    same = nx.is_directed_acyclic_graph(other) and same_independences(graph, other)
    sentence = f"DAG with nodes {', '.join(graph)} and directed edges {edge_list(other)}"
    question = f"Given another {sentence}, do these two graphs belong to the same markov equivalent class?"
    check(dag_sentence(graph), question, same)
    find = "Find another graph that belongs to the same Markov Equivalent Class of the given graph."
    changed = set(other.edges) != set(graph.edges)
    found = verdict(dag_sentence(graph), find, f"{sentence}.", form="FO")
    assert (found in ("proved", "ambiguous")) == (same and changed)


@pytest.mark.parametrize("seed", range(10))
def test_cycles_agree_with_networkx(seed):
    generator = random.Random(seed)
    graph = nx.gnp_random_graph(4, 0.5, seed=seed, directed=True)
    graph = nx.relabel_nodes(graph, dict(enumerate("ABCD")))
    text = f"Given a directed graph with nodes A, B, C, D and directed edges {edge_list(graph)}."
    cycles = [*nx.simple_cycles(graph)]
    for cycle in cycles:
        check(text, f"Is {'->'.join([*cycle, cycle[0]])} a cycle in this graph?", True)
        check(text, f"Is {'<-'.join([*cycle[::-1], cycle[-1]])} a cycle in this graph?", True)
        found = verdict(text, "Find one cycle in this graph.", "->".join([*cycle, cycle[0]]), form="FO")
        assert found == ("proved" if len(cycles) == 1 else "ambiguous")
    x, y = generator.sample("ABCD", 2)
    check(text, f"Is {x}->{y}->{x} a cycle in this graph?", graph.has_edge(x, y) and graph.has_edge(y, x))
    check(text, f"Is {x}<-{y}->{x} a cycle in this graph?", False)


@pytest.mark.parametrize(
    ("directed", "bidirected", "question", "answer"),
    [
        ("A->B, B->C", "A<->B, B<->C", "Is it a C-tree?", True),
        ("A->B, A->C", "A<->B, B<->C", "Is it a C-forest?", False),
        ("A->B", "A<->B, B<->C", "Is it a C-forest?", True),
        ("A->B", "A<->B, B<->C", "Is it a C-tree?", False),
        ("A->B, B->C", "A<->B", "Is it a C-component?", False),
        ("A->B, B->C", "A<->B", "Can the causal effect of treatment A on outcome C be identified or not?", False),
        ("A->B, B->C", "A<->C", "Can the causal effect of treatment A on outcome C be identified or not?", True),
        ("A->B, B->C", "A<->C", "Is {'C'} the maximal root set of this graph?", True),
    ],
)
def test_mixed_graphs(directed, bidirected, question, answer):
    check(ADMG.format(directed, bidirected), question, answer)


TREE = "Given a DAG (directed acyclic graph) with nodes A, B, C, D and directed edges A->B, B->C, A->D."


def test_each_verdict():
    order = "Find one valid topological ordering of the graph."
    assert verdict(TREE, order, "A, B, C, D", form="FO") == "ambiguous"
    assert verdict(TREE, order, "B, A, C, D", form="FO") == "refuted"
    assert verdict(TREE, order, "", form="FO") == "refuted"
    assert verdict("Given a graph of my own.", order, "A", form="FO") == "unreadable"
    assert verdict(TREE, "Is it pretty?", "Yes.") == "out_of_scope"
    assert verdict(TREE, "Is node A one of parents of node Q?", "Yes.") == "unreadable"
    separate = "Find one valid nodeset that can d-separate node A and node C."
    assert verdict(TREE, separate, "[{'B'}, {'B', 'D'}]", form="FO") == "proved"
    assert verdict(TREE, separate, "[{'B'}]", form="FO") == "ambiguous"
    assert verdict(TREE, separate, "[set(), {'B'}]", form="FO") == "refuted"
    options = "Which of the following is a path from A to C?\nA. A->B->C\nB. A->D<-C\nC. A<-B->C\nD. A->C"
    assert verdict(TREE, options, "A", form="MC") == "proved"
    assert verdict(TREE, options, "B", form="MC") == "refuted"
    two = "Which of the following is one of descendants of node A?\nA. B\nB. C\nC. A\nD. A"
    assert verdict(TREE, two, "A", form="MC") == "ambiguous"
    assert "no answer is right" in ADAPTER.verdict(row(TREE, two.replace("B\nB. C", "A\nB. A"), "A")).reason


def test_definitions_that_differ_are_named():
    shielded = "Given a DAG (directed acyclic graph) with nodes A, B, C and directed edges A->B, B->C, A->C."
    judgement = ADAPTER.verdict(row(shielded, "Does nodes {A, B, C} form a chain in this graph?", "Yes."))
    assert judgement.verdict == "ambiguous" and "adjacent ends" in judgement.reason
    assert not judgement.correction


def test_a_corrected_copy_has_no_wrong_label(tmp_path):
    rows = [
        row(TREE, "Is node A one of parents of node B?", "No."),
        row(TREE, "Find one valid nodeset that can d-separate node A and node C.", "[set(), {'D'}]", form="FO"),
        row(TREE, "Find all paths from A to C.", ["A->B"], form="FA"),
        row(TREE, "How many nodes does this graph have?", "4", form="HM"),
    ]
    path = tmp_path / "clear.json"
    path.write_text("".join(json.dumps(values) + "\n" for values in rows))
    (summary,) = fix(path, tmp_path / "fixed.json")
    assert (summary.num_changed, summary.num_marked) == (3, 0)
    (table,) = verify(tmp_path / "fixed.json").tables
    assert (table.dataset, table.verdicts) == ("CLEAR", {"proved": 4})
    lines = (tmp_path / "fixed.json").read_text().splitlines()
    assert [json.loads(line)["answer"] for line in lines] == ["Yes.", "[{'B'}, {'B', 'D'}]", ["A->B->C"], "4"]


def test_rows_of_other_formats_are_not_recognized():
    assert find_adapter({"description": "a film with nodes x", "question": "Is it good?", "answer": "Yes"}) is None


@pytest.mark.parametrize(
    ("answer", "shown"), [("A->B<-A", "no cycle"), ("A->B->C", "no cycle"), ("C->A->C", "A->C->A")]
)
def test_a_stated_path_that_is_no_cycle_is_shown(answer, shown):
    graph = "Given a directed graph with nodes A, B, C and directed edges A->B, B->A, B->C."
    judgement = ADAPTER.verdict(row(graph, "Find one cycle in this graph.", answer, "FO", "cycle"))
    assert judgement.verdict == "refuted" and judgement.reason.endswith(f"proves 'A->B->A', not {shown!r}")
