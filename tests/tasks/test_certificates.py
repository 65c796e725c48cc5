import json

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_causal.tasks.proving import check, prove
from hf_causal.tasks.shared.proofs import CertificateError
from hf_causal.tasks.transitivity.text import Prompt

NODES = st.sampled_from("ABCDEFG")
PAIRS = st.tuples(NODES, NODES)
# Cycles, self-loops, repeated sentences and names that no sentence states all occur.
PROMPTS = st.builds(Prompt, st.lists(PAIRS, max_size=12).map(tuple), PAIRS)


def expected_path_length(prompt: Prompt) -> int:
    """Edges on the shortest walk of at least one edge from cause to effect, -1 where there is none."""
    graph = nx.DiGraph(prompt.edges)
    cause, effect = prompt.question
    graph.add_nodes_from([cause, effect])
    rest = (nx.single_source_shortest_path_length(graph, node).get(effect) for node in graph.successors(cause))
    return min((length + 1 for length in rest if length is not None), default=-1)


def row(prompt: str, completion: str, certificate: object, **columns: object) -> dict[str, object]:
    return {"prompt": prompt, "completion": completion, "certificate": json.dumps(certificate), **columns}


@given(PROMPTS)
def test_proofs_agree_with_networkx_and_are_accepted(prompt):
    proof = prove(prompt)
    assert proof.hops == expected_path_length(prompt)
    assert proof.answer == ("Yes" if proof.hops > 0 else "No")
    check({"prompt": str(prompt), "completion": proof.answer, "certificate": proof.certificate})


@given(PROMPTS)
def test_certificates_hold_a_shortest_path_or_what_is_reached(prompt):
    proof = prove(str(prompt))
    nodes = json.loads(proof.certificate)["path" if proof.answer == "Yes" else "reachable"]
    if proof.answer == "Yes":
        assert len(nodes) == proof.hops + 1
    else:
        cause = prompt.question[0]
        reached = {node for node in "ABCDEFG" if expected_path_length(Prompt(prompt.edges, (cause, node))) > 0}
        assert nodes == sorted(reached)


@given(PROMPTS, st.sampled_from(["Yes", "No"]), st.lists(NODES, max_size=5))
def test_no_certificate_proves_what_is_not_so(prompt, completion, nodes):
    try:
        check(row(str(prompt), completion, {"path": nodes, "reachable": nodes}))
    except CertificateError:
        return
    assert completion == prove(prompt).answer


@given(PROMPTS)
def test_the_contrary_answer_is_refused(prompt):
    proof = prove(prompt)
    contrary = {"Yes": "No", "No": "Yes"}[proof.answer]
    nodes = next(iter(json.loads(proof.certificate).values()))
    with pytest.raises(CertificateError):
        check(row(str(prompt), contrary, {"path": nodes, "reachable": nodes}))


def test_a_node_causes_itself_only_round_a_cycle():
    assert prove("A causes B. Does A cause A?").answer == "No"
    assert prove("A causes B. B causes A. Does A cause A?").certificate == '{"path": ["A", "B", "A"]}'
    assert prove("A causes A. Does A cause A?").hops == 1


def test_names_that_no_sentence_states_reach_nothing():
    assert prove("A causes B. Does X cause B?").certificate == '{"reachable": []}'
    assert prove("Does A cause B?").answer == "No"


def test_proofs_read_loose_text():
    assert prove("a  CAUSES b. b causes c. does a cause c").hops == 2


def test_a_path_of_a_thousand_steps_is_proved():
    chain = tuple((f"n{step}", f"n{step + 1}") for step in range(1000))
    assert prove(Prompt(chain, ("n0", "n1000"))).hops == 1000


CHAIN = "A causes B. B causes C. D causes C."
YES, NO = f"{CHAIN} Does A cause C?", f"{CHAIN} Does B cause D?"


def test_the_rows_that_are_corrupted_below_are_right():
    check(row(YES, "Yes", {"path": ["A", "B", "C"]}, label=1, premise=CHAIN, question="Does A cause C?"))
    check(row(NO, "No", {"reachable": ["C"]}, label=0, premise=CHAIN, question="Does B cause D?"))
    check(row(NO, "No", {"reachable": ["C"]}, label=None))


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        (["A", "C"], "A causes C"),
        (["A", "B", "D", "C"], "B causes D"),
        (["A", "X", "C"], "A causes X"),
        (["C", "B", "A"], "does not lead from 'A' to 'C'"),
        (["A", "B"], "does not lead"),
        (["B", "C"], "does not lead"),
        (["A"], "does not lead"),
        ([], "does not lead"),
    ],
)
def test_a_wrong_path_is_refused(path, reason):
    with pytest.raises(CertificateError, match=reason):
        check(row(YES, "Yes", {"path": path}))


def test_one_node_is_no_path_to_itself():
    with pytest.raises(CertificateError, match="does not lead"):
        check(row("A causes B. Does A cause A?", "Yes", {"path": ["A"]}))


@pytest.mark.parametrize(
    ("prompt", "nodes", "reason"),
    [
        (NO, [], "leaves out 'C'"),
        (f"{CHAIN} Does A cause D?", ["B"], "leaves out 'C'"),
        (f"{CHAIN} Does A cause D?", ["C"], "leaves out 'B'"),
        (NO, ["C", "D"], "contains the effect 'D'"),
        (YES, ["B"], "leaves out 'C'"),
        (YES, ["B", "C"], "contains the effect 'C'"),
    ],
)
def test_a_set_that_leaks_or_holds_the_effect_is_refused(prompt, nodes, reason):
    with pytest.raises(CertificateError, match=reason):
        check(row(prompt, "No", {"reachable": nodes}))


@pytest.mark.parametrize("certificate", ["", "{", '"path"', "[]", "null", "3", "{}", '{"reachable": ["B"]}', None])
def test_a_certificate_without_the_right_json_is_refused(certificate):
    with pytest.raises(CertificateError, match="must be JSON with 'path'"):
        check({"prompt": YES, "completion": "Yes", "certificate": certificate})


@pytest.mark.parametrize("nodes", [None, 5, True, "ABC", {"A": 0, "B": 1, "C": 2}, ["A", ["B"], "C"], ["A", {}, "C"]])
def test_a_path_that_is_no_list_of_names_is_refused(nodes):
    with pytest.raises(CertificateError):
        check(row(YES, "Yes", {"path": nodes}))


@pytest.mark.parametrize("nodes", [None, 5, True, "C", {"C": 0}, [["C"]], ["C", {}]])
def test_a_set_that_is_no_list_of_names_is_refused(nodes):
    with pytest.raises(CertificateError):
        check(row(NO, "No", {"reachable": nodes}))


@pytest.mark.parametrize("label", [0, -1, 2, False, "Yes"])
def test_a_label_against_the_completion_is_refused(label):
    with pytest.raises(CertificateError, match="label"):
        check(row(YES, "Yes", {"path": ["A", "B", "C"]}, label=label))


@pytest.mark.parametrize("completion", ["yes", " Yes", "", "Maybe", None, 1])
def test_a_completion_that_is_no_answer_is_refused(completion):
    with pytest.raises(CertificateError, match="'Yes' or 'No'"):
        check(row(YES, completion, {"path": ["A", "B", "C"]}))


@pytest.mark.parametrize(
    "columns",
    [
        {"premise": "A causes B. B causes C.", "question": "Does A cause C?"},
        {"premise": CHAIN, "question": "Does A cause B?"},
        {"premise": f"{CHAIN} A causes D.", "question": "Does A cause C?"},
        {"premise": "", "question": YES},
        {"premise": "A causes B. B causes C."},
        {"question": "Does A cause B?"},
    ],
)
def test_a_prompt_that_is_not_premise_and_question_is_refused(columns):
    with pytest.raises(CertificateError, match="premise|question"):
        check(row(YES, "Yes", {"path": ["A", "B", "C"]}, **columns))


@pytest.mark.parametrize("prompt", ["", "A causes B.", "A makes B. Does A cause B?"])
def test_a_prompt_that_cannot_be_read_is_an_error(prompt):
    with pytest.raises(ValueError, match="cannot read the sentence"):
        prove(prompt)
    with pytest.raises(ValueError, match="cannot read the sentence"):
        check(row(prompt, "No", {"reachable": []}))
