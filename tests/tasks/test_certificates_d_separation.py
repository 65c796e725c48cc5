"""Proofs of d-separation: right by the definition, and no wrong one is accepted."""

import json
from itertools import combinations

import networkx as nx
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from oracles import digraph, is_open, shortest_open_path

from hf_causal.tasks.d_separation.text import Prompt
from hf_causal.tasks.proving import check, prove
from hf_causal.tasks.shared.proofs import CertificateError

NODES = "ABCDEFG"
NODE = st.sampled_from(NODES)


@st.composite
def dag_prompts(draw) -> Prompt:
    """DAGs in any order of their nodes and sentences, repeated sentences and nodes that stand alone among them."""
    order = draw(st.permutations(NODES))
    pairs = draw(st.lists(st.sampled_from(list(combinations(order, 2))), max_size=12))
    x, y, *rest = draw(st.permutations(NODES))
    return Prompt(tuple(pairs), (x, y), tuple(rest[: draw(st.integers(0, len(rest)))]))


def oracle(prompt: Prompt) -> nx.DiGraph:
    return digraph(prompt.edges, NODES)


def answer_of(prompt: Prompt) -> str:
    x, y = prompt.question
    return "Yes" if nx.is_d_separator(oracle(prompt), {x}, {y}, set(prompt.given)) else "No"


def row(prompt: Prompt | str, completion: str, certificate: object) -> dict[str, object]:
    return {"prompt": str(prompt), "completion": completion, "certificate": json.dumps(certificate)}


@given(dag_prompts())
@settings(max_examples=300, deadline=None)
def test_proofs_agree_with_networkx_and_are_accepted(prompt):
    proof = prove(prompt)
    assert proof.answer == answer_of(prompt)
    assert proof.hops == shortest_open_path(oracle(prompt), *prompt.question, set(prompt.given))
    check({"prompt": str(prompt), "completion": proof.answer, "certificate": proof.certificate})
    assert prove(str(prompt)) == proof


@given(dag_prompts())
@settings(deadline=None)
def test_certificates_hold_an_open_path_or_all_that_the_ball_reaches(prompt):
    proof = prove(prompt)
    certificate, (x, y), graph = json.loads(proof.certificate), prompt.question, oracle(prompt)
    if proof.answer == "No":
        assert is_open(graph, certificate["path"], x, y, set(prompt.given))
        return
    reached = {*certificate["from_child"], *certificate["from_parent"]} - set(prompt.given)
    others = set(NODES) - {x, *prompt.given}
    assert reached - {x} == {node for node in others if not nx.is_d_separator(graph, {x}, {node}, set(prompt.given))}
    ancestors = set(prompt.given).union(*(nx.ancestors(graph, node) for node in prompt.given))
    assert certificate["ancestors"] == sorted(ancestors)


@st.composite
def certificates(draw, prompt: Prompt) -> object:
    """The right one with some of it changed, one that says the right thing about another set, or anything at all."""
    sources = [prompt, Prompt(prompt.edges, prompt.question, draw(st.lists(NODE, max_size=4).map(tuple)))]
    source = draw(st.sampled_from(sources))
    assume(not set(source.given) & set(source.question))
    certificate = json.loads(prove(source).certificate)
    for _ in range(draw(st.integers(0, 3))):
        key = draw(st.sampled_from(["path", "open", "from_child", "from_parent", "ancestors"]))
        nodes = list(certificate.get(key, []))
        if key == "open":
            reason = {"node": draw(NODE), "type": draw(st.sampled_from(["chain", "fork", "collider"]))}
            reason |= {"descendant": draw(NODE), "path": draw(st.lists(NODE, max_size=3))}
            nodes = [*nodes[:-1], reason] if draw(st.booleans()) else [*nodes, reason]
        elif nodes and draw(st.booleans()):
            nodes.pop(draw(st.integers(0, len(nodes) - 1)))
        else:
            nodes.insert(draw(st.integers(0, len(nodes))), draw(NODE))
        certificate[key] = nodes
    return certificate


@given(st.data())
@settings(max_examples=600, deadline=None)
def test_no_certificate_proves_what_is_not_so(data):
    prompt = data.draw(dag_prompts())
    completion = data.draw(st.sampled_from(["Yes", "No"]))
    try:
        check(row(prompt, completion, data.draw(certificates(prompt))))
    except CertificateError:
        return
    assert completion == answer_of(prompt)


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_no_sets_of_any_kind_prove_a_false_yes(data):
    prompt = data.draw(dag_prompts())
    assume(answer_of(prompt) == "No")
    sets = {name: data.draw(st.lists(NODE, unique=True)) for name in ("from_child", "from_parent", "ancestors")}
    sets["from_child"] = sorted({*sets["from_child"], prompt.question[0]} - {prompt.question[1]})
    sets["ancestors"] = sorted({*sets["ancestors"], *prompt.given})
    with pytest.raises(CertificateError):
        check(row(prompt, "Yes", sets))


@given(dag_prompts())
@settings(deadline=None)
def test_no_path_of_any_kind_proves_a_false_no(prompt):
    """Every path, with the reasons that fit it best."""
    assume(answer_of(prompt) == "Yes")
    graph, (x, y) = oracle(prompt), prompt.question
    for path in nx.all_simple_paths(graph.to_undirected(), x, y):
        reasons = []
        for before, node, after in zip(path, path[1:], path[2:], strict=False):
            into = graph.has_edge(before, node) + graph.has_edge(after, node)
            below = [end for end in prompt.given if nx.has_path(graph, node, end)]
            descent = nx.shortest_path(graph, node, below[0]) if below else [node]
            reason = {"node": node, "type": ("fork", "chain", "collider")[into]}
            reasons.append(reason | ({"descendant": descent[-1], "path": descent} if into == 2 else {}))
        with pytest.raises(CertificateError):
            check(row(prompt, "No", {"path": path, "open": reasons}))


@given(dag_prompts())
@settings(deadline=None)
def test_the_contrary_answer_is_refused(prompt):
    proof = prove(prompt)
    with pytest.raises(CertificateError):
        check(row(prompt, {"Yes": "No", "No": "Yes"}[proof.answer], json.loads(proof.certificate)))


def test_a_node_that_no_sentence_states_has_no_edge():
    assert prove("A causes B. Are A and X d-separated?").certificate == (
        '{"from_child": ["A"], "from_parent": ["B"], "ancestors": []}'
    )
    assert prove("A causes B. Are X and B d-separated given {Y}?").answer == "Yes"
    assert prove("Are A and B d-separated?").answer == "Yes"
    assert prove("A causes B. Are A and B d-separated given {X}?").answer == "No"


@pytest.mark.parametrize(
    ("prompt", "reason"),
    [
        ("A causes B. B causes A. Are A and B d-separated?", "no DAG: its statements close the cycle A -> B -> A"),
        ("A causes A. Are A and B d-separated?", "close the cycle A -> A"),
        (
            "A causes B. B causes C. C causes D. D causes B. Are A and X d-separated?",
            "the cycle B -> C -> D -> B",
        ),
        ("A causes B. Are A and A d-separated?", "'A' and itself"),
        ("A causes B. Are A and B d-separated given {A}?", "the conditioning set holds 'A'"),
        ("A causes B. Are A and B d-separated given {C, B}?", "the conditioning set holds 'B'"),
    ],
)
def test_questions_without_an_answer_are_refused_by_prover_and_checker(prompt, reason):
    with pytest.raises(ValueError, match=reason):
        prove(prompt)
    for completion, certificate in (
        ("No", {"path": ["A", "B"], "open": []}),
        ("Yes", {"from_child": ["A"], "from_parent": [], "ancestors": []}),
    ):
        with pytest.raises(ValueError, match=reason):
            check(row(prompt, completion, certificate))


def test_repeated_sentences_change_nothing():
    prompt = "A causes B. A causes B. B causes C. Are A and C d-separated given {B, B}?"
    assert prove(prompt).answer == "Yes"


def test_a_path_of_two_thousand_steps_is_proved():
    chain = tuple((f"n{step}", f"n{step + 1}") for step in range(2000))
    assert prove(Prompt(chain, ("n2000", "n0"))).hops == 2000


GRAPH = "A causes B. C causes B. B causes D. C causes E. E causes F."
OPEN = f"{GRAPH} Are A and F d-separated given {{D}}?"
REASONS = [
    {"node": "B", "type": "collider", "descendant": "D", "path": ["B", "D"]},
    {"node": "C", "type": "fork"},
    {"node": "E", "type": "chain"},
]
PATH = ["A", "B", "C", "E", "F"]
SEPARATED = f"{GRAPH} Are A and F d-separated given {{E}}?"
SETS = {"from_child": ["A"], "from_parent": ["B", "D"], "ancestors": ["C", "E"]}


def test_the_rows_that_are_corrupted_below_are_right():
    assert json.loads(prove(OPEN).certificate) == {"path": PATH, "open": REASONS}
    assert json.loads(prove(SEPARATED).certificate) == SETS
    check(row(OPEN, "No", {"path": PATH, "open": REASONS}))
    check(row(SEPARATED, "Yes", SETS))


def with_reason(index: int, **changes: object) -> dict[str, object]:
    reasons = [dict(reason) for reason in REASONS]
    reasons[index] |= changes
    return {"path": PATH, "open": reasons}


@pytest.mark.parametrize(
    ("certificate", "reason"),
    [
        ({"path": PATH}, "'open' must give a reason for each of the 3 inner nodes"),
        ({"path": PATH, "open": REASONS[:2]}, "reason for each of the 3"),
        ({"path": PATH, "open": [*REASONS, REASONS[0]]}, "reason for each of the 3"),
        ({"path": PATH, "open": {}}, "reason for each"),
        ({"path": PATH, "open": [None, *REASONS[1:]]}, "'B' is a collider, 'open' says None"),
        ({"path": ["A", "F"], "open": []}, "nothing between 'A' and 'F'"),
        ({"path": PATH[::-1], "open": REASONS[::-1]}, "does not lead from 'A' to 'F'"),
        ({"path": PATH[:-1], "open": REASONS[:-1]}, "does not lead"),
        ({"path": ["A", "B", "A", "B", "C", "E", "F"], "open": []}, "meeting a node twice"),
        ({"path": "ABCEF", "open": REASONS}, "must be a list of node names"),
        (with_reason(0, type="chain"), "'B' is a collider"),
        (with_reason(1, type="chain"), "'C' is a fork"),
        (with_reason(1, node="E"), "'C' is a fork"),
        (with_reason(2, type="collider"), "'E' is a chain"),
        (with_reason(0, descendant="B"), "does not lead from the collider 'B' to its descendant"),
        (with_reason(0, descendant="B", path=["B"]), "'B', the descendant of the collider 'B', is not in"),
        (with_reason(0, path=["C", "B", "D"]), "does not lead from the collider"),
        (with_reason(0, path=["B", "E", "D"]), "does not state 'B causes E.'"),
        (with_reason(0, path=[]), "does not lead from the collider"),
        (with_reason(0, path=[{}]), "must be a list of node names"),
        (SETS, "must be JSON with 'path'"),
    ],
)
def test_a_wrong_path_is_refused(certificate, reason):
    with pytest.raises(CertificateError, match=reason):
        check(row(OPEN, "No", certificate))


def test_a_node_of_the_set_blocks_a_chain_and_a_fork():
    for middle, kind in (("E", "chain"), ("C", "fork")):
        prompt = f"{GRAPH} Are A and F d-separated given {{D, {middle}}}?"
        with pytest.raises(CertificateError, match=f"the {kind} '{middle}' is in the conditioning set"):
            check(row(prompt, "No", {"path": PATH, "open": REASONS}))


def test_a_collider_in_the_set_counts_as_its_descendant():
    certificate = json.loads(prove("A causes B. C causes B. Are A and C d-separated given {B}?").certificate)
    assert certificate["open"] == [{"node": "B", "type": "collider", "descendant": "B", "path": ["B"]}]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"from_child": []}, "'from_child' must hold 'A'"),
        ({"from_parent": ["B"]}, "'from_parent' leaves out 'D', where the stated 'B causes D.' leads"),
        ({"from_parent": ["D"]}, "'from_parent' leaves out 'B'"),
        ({"ancestors": ["C"]}, "'ancestors' leaves out 'E' of the conditioning set"),
        ({"ancestors": ["E"]}, "'ancestors' leaves out 'C', where"),
        ({"ancestors": ["A", "B", "C", "E"]}, "'from_child' leaves out 'C'"),
        ({"from_child": ["A", "E", "F"]}, "the sets of a Yes contain 'F'"),
        ({"from_parent": ["B", "D", "F"]}, "the sets of a Yes contain 'F'"),
        ({"from_child": "A"}, "must be a list of node names"),
        ({"ancestors": [["C"], "E"]}, "must be a list of node names"),
    ],
)
def test_sets_that_leak_or_hold_the_other_node_are_refused(changes, reason):
    with pytest.raises(CertificateError, match=reason):
        check(row(SEPARATED, "Yes", SETS | changes))


def test_larger_closed_sets_say_what_is_untrue():
    with pytest.raises(CertificateError, match="'from_parent' has 'X'"):
        check(row(SEPARATED, "Yes", SETS | {"from_parent": ["B", "D", "X"]}))


@pytest.mark.parametrize("certificate", ["", "{", "[]", "null", "3", None])
@pytest.mark.parametrize(("prompt", "answer", "key"), [(OPEN, "No", "path"), (SEPARATED, "Yes", "from_child")])
def test_a_certificate_that_is_no_json_object_is_refused(certificate, prompt, answer, key):
    with pytest.raises(CertificateError, match=f"must be JSON with '{key}'"):
        check({"prompt": prompt, "completion": answer, "certificate": certificate})
