"""Certificates promise exactly what their task documents: less, more and anything else is refused."""

import json
from itertools import combinations

import networkx as nx
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from hf_causal.corpora import get_config
from hf_causal.tasks.co_occurrence.text import Prompt as CoOccurrence
from hf_causal.tasks.d_separation.text import Prompt as DSeparation
from hf_causal.tasks.proving import check, prove, read
from hf_causal.tasks.registry import tasks
from hf_causal.tasks.shared.proofs import CertificateError, find_cycle
from hf_causal.tasks.transitivity.text import Prompt as Transitivity

NODES = st.sampled_from("ABCDEFG")
PAIRS = st.tuples(NODES, NODES)
DIGRAPHS = st.lists(PAIRS, max_size=12).map(tuple)
EXTRA = st.lists(st.sampled_from("ABCDEFGXY"), min_size=1, max_size=3)


def check_row(prompt, answer, certificate):
    check({"prompt": str(prompt), "completion": answer, "certificate": json.dumps(certificate)})


@given(st.builds(Transitivity, DIGRAPHS, PAIRS), EXTRA)
def test_reachable_has_no_other_node_and_none_twice(prompt, extra):
    proof = prove(prompt)
    assume(proof.answer == "No")
    nodes = json.loads(proof.certificate)["reachable"]
    check_row(prompt, "No", {"reachable": nodes[::-1]})
    with pytest.raises(CertificateError):
        check_row(prompt, "No", {"reachable": nodes + extra})


@pytest.mark.parametrize(
    ("nodes", "reason"),
    [
        (["R", "S", "Z"], "has 'Z', which 'Q' does not reach"),
        (["P", "R", "S"], "leaves out 'Q'"),
        (["Q", "R", "S"], "has 'Q', which 'Q' does not reach"),
        (["R", "S", "S"], "lists 'S' twice"),
        (["S"], "leaves out 'R'"),
    ],
)
def test_what_is_wrong_with_reachable_is_named(nodes, reason):
    row = {"prompt": "P causes Q. Q causes R. R causes S. T causes P. Does Q cause T?", "completion": "No"}
    check({**row, "certificate": '{"reachable": ["S", "R"]}'})
    with pytest.raises(CertificateError, match=reason):
        check({**row, "certificate": json.dumps({"reachable": nodes})})


@given(st.data())
def test_the_sets_of_the_ball_have_no_other_node(data):
    edges = data.draw(st.lists(PAIRS.filter(lambda edge: edge[0] < edge[1]), max_size=12).map(tuple))
    question = data.draw(PAIRS.filter(lambda pair: pair[0] != pair[1]))
    others = sorted(set("ABCDEFG") - set(question))
    prompt = DSeparation(edges, question, tuple(data.draw(st.lists(st.sampled_from(others), max_size=3, unique=True))))
    proof = prove(prompt)
    assume(proof.answer == "Yes")
    sets = json.loads(proof.certificate)
    key = data.draw(st.sampled_from(sorted(sets)))
    with pytest.raises(CertificateError):
        check_row(prompt, "Yes", sets | {key: sets[key] + data.draw(EXTRA)})
    for node in sets[key]:
        with pytest.raises(CertificateError):
            check_row(prompt, "Yes", sets | {key: [other for other in sets[key] if other != node]})


def explanation_exists(prompt: CoOccurrence) -> bool:
    """Decides with networkx whether the premise says that two nodes appear together, and why."""
    graph = nx.DiGraph(prompt.edges)
    cause, effect = prompt.question
    graph.add_nodes_from((cause, effect))
    if cause == effect or {cause, effect} not in [set(pair) for pair in prompt.together]:
        return False
    ancestors = [nx.ancestors(graph, node) for node in (cause, effect)]
    return effect in ancestors[0] or bool((ancestors[0] & ancestors[1]) - {cause, effect})


@given(st.lists(st.tuples(NODES, NODES, st.booleans()), min_size=1, max_size=12).map(tuple), PAIRS)
def test_together_is_empty_only_without_an_explanation(statements, question):
    prompt = CoOccurrence((*statements, ("X", "Y", False)), question)
    proof = prove(prompt)
    assume(proof.answer == "No")
    certificate = json.loads(proof.certificate)
    assert bool(certificate["together"]) == explanation_exists(prompt)
    check_row(prompt, "No", certificate)
    if certificate["together"]:
        with pytest.raises(CertificateError, match="'together' is empty"):
            check_row(prompt, "No", certificate | {"together": []})


def test_a_cycle_is_no_common_cause():
    prompt = "e causes c. e causes e. c and e often appear together. Does c cause e?"
    check_row(prompt, "No", {"reachable": [], "together": [["e", "c"]]})
    with pytest.raises(CertificateError, match="nor from a common cause"):
        check_row(prompt, "No", {"reachable": [], "together": [["e", "c"], ["e", "e"]]})


def system(names, correlated):
    sentences = [
        f"{a} correlates with {b}." if (a, b) in correlated else f"However, {a} is independent of {b}."
        for a, b in combinations(names, 2)
    ]
    listed = f"{', '.join(names[:-1])} and {names[-1]}"
    return (
        f"Suppose there is a closed system of {len(names)} variables, {listed}. All the statistical relations among "
        f"these {len(names)} variables are as follows: ",
        sentences,
    )


@pytest.mark.parametrize("missing", [0, 1, 2])
def test_a_premise_lists_the_relation_of_every_pair(missing):
    head, sentences = system(["tar", "ash", "soot"], {("tar", "ash"), ("ash", "soot")})
    sentences += ["tar and soot are independent given ash."]
    del sentences[missing]
    pair = [("tar", "ash"), ("tar", "soot"), ("ash", "soot")][missing]
    with pytest.raises(ValueError, match=f"the premise must say '{pair[0]} correlates with {pair[1]}.'"):
        read(f"Premise: {head}{' '.join(sentences)}\nHypothesis: tar directly causes ash.")


@pytest.mark.parametrize("name", [name for task in tasks().values() for name in task.configs])
def test_published_rows_keep_their_certificates(name):
    task = next(task for task in tasks().values() if name in task.configs)
    config = get_config(task.dataset.name, name, **task.small_options.get(name, {}))
    for split in config.splits:
        for row in task.generate_shard(config, split, 0).slice(0, 400).to_pylist():
            check(row)
            check({**row, "question": f"{row['question']} "})


@given(DIGRAPHS)
def test_a_cycle_is_stated_and_there_is_one_exactly_if_networkx_has_one(edges):
    cycle = find_cycle(edges)
    assert (cycle is None) == nx.is_directed_acyclic_graph(nx.DiGraph(edges))
    if cycle:
        assert cycle[0] == cycle[-1] and len(set(cycle)) == len(cycle) - 1
        assert set(zip(cycle, cycle[1:], strict=False)) <= set(edges)
