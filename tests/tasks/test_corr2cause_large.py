"""Closed systems of 7 and 8 variables, whose classes may have more members than are listed."""

import json
import random
import re
import sys
from pathlib import Path

import numpy as np
import pytest

from hf_causal.graphs import equivalence_classes
from hf_causal.graphs.equivalence import independences
from hf_causal.scoring import score
from hf_causal.tasks.answering import write_answer
from hf_causal.tasks.corr2cause.text import ClosedSystem, Prompt
from hf_causal.tasks.proving import check, prove
from hf_causal.tasks.registry import tasks
from hf_causal.tasks.shared.proofs import CertificateError
from hf_causal.verification import verify

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))
import large_classes  # noqa: E402

TASK = tasks()["corr2cause"]


def system(dag: np.ndarray) -> ClosedSystem:
    return ClosedSystem.of_table("ABCDEFGH"[: len(dag)], independences(dag))


def clique_with_a_collider(size: int = 8) -> np.ndarray:
    """A complete graph on all variables but the last, which two variables cause that are not adjacent."""
    dag = np.triu(np.ones((size, size), dtype=bool), 1)
    dag[0, 1] = False
    return dag


COMPLETE = system(np.triu(np.ones((8, 8), dtype=bool), 1))
APART = system(np.pad(np.triu(np.ones((7, 7), dtype=bool), 1), (0, 1)))
"""Seven variables that all depend on each other, in 5,040 ways, and one that depends on nothing."""


@pytest.fixture
def not_listed(monkeypatch):
    def refuse(graph):
        raise AssertionError("the members are listed")

    monkeypatch.setattr(equivalence_classes, "members", refuse)


@pytest.mark.parametrize("size", [7, 8])
def test_proofs_agree_with_all_members_by_paths(size):
    """The same comparison with 300 classes of each size: `benchmarks/large_classes.py oracle`."""
    generator = random.Random(size)
    dags = [large_classes.random_dag(size, generator) for _ in range(12)]
    dags = sorted(dags, key=lambda dag: abs(int(dag.sum()) - 16))[:3]
    verdicts = [large_classes.compare(large_classes.question_about(dag, generator)) for dag in dags]
    assert set(verdicts) <= {"entailment", "neutral", "contradiction"}


@pytest.mark.parametrize("relation", ["parent", "child", "non-parent ancestor", "has_collider", "has_confounder"])
def test_neutral_in_the_largest_class(not_listed, relation):
    prompt = Prompt(COMPLETE, relation, ("C", "F"))
    proof = prove(prompt)
    assert json.loads(proof.certificate)["verdict"] == "neutral"
    row = {"prompt": str(prompt), "completion": "No", "certificate": proof.certificate}
    check(row)
    swapped = json.loads(proof.certificate)
    swapped["model"], swapped["counter_model"] = swapped["counter_model"], swapped["model"]
    with pytest.raises(CertificateError, match="holds in the 'counter_model'"):
        check(row | {"certificate": json.dumps(swapped)})
    assert score(write_answer(row, "proof"), row, "proof").value == 1


def test_contradiction_and_entailment_without_a_list(not_listed):
    prompt = Prompt(APART, "has_confounder", ("A", "H"))
    proof = prove(prompt)
    certificate = json.loads(proof.certificate)
    assert (certificate["verdict"], certificate["members"]) == ("contradiction", 5040)
    row = {"prompt": str(prompt), "completion": "No", "certificate": proof.certificate}
    check(row)
    for change, reason in (
        ({"members": 5039}, "'members' must be 5040"),
        ({"directed": [["A", "B"]], "undirected": certificate["undirected"][1:]}, "in common"),
        ({"undirected": certificate["undirected"][1:]}, "has not the independences"),
    ):
        with pytest.raises(CertificateError, match=reason):
            check(row | {"certificate": json.dumps(certificate | change)})
    of_another = {**certificate, "verdict": "entailment"}
    with pytest.raises(CertificateError, match="does not hold in the member"):
        check(row | {"completion": "Yes", "certificate": json.dumps(of_another)})


def test_other_graphs_are_no_counter_models_of_a_large_class(not_listed):
    row = {"prompt": str(Prompt(APART, "parent", ("A", "B")))}
    right = write_answer(row, "proof")
    assert score(right, row, "proof").value == 1
    edge = re.search(r"[A-G] -> [A-G]", right)[0]
    for wrong, reason in (
        (right.replace(f"{edge}, ", "", 1), "it has no edge"),
        (right + ", G -> H", "it has the edge"),
        (right.replace("-> A", "<- A"), "cycle|holds in it"),
    ):
        result = score(wrong, row, "proof")
        assert result.value == 0 and re.search(reason, result.reason)


def test_every_form_about_seven_variables():
    dag = clique_with_a_collider(7)
    for relation, pair in (("has_collider", ("A", "B")), ("parent", ("A", "C")), ("has_confounder", ("C", "D"))):
        row = {"prompt": str(Prompt(system(dag), relation, pair))}
        for form in TASK.forms:
            assert score(write_answer(row, form), row, form).value == 1
    measures = TASK.measures(row)
    assert (measures["nodes"], measures["edges"]) == (7, 20)


def test_a_trace_about_a_large_class_needs_paths_for_every_member(not_listed):
    """A is d-connected to all others, so B causes C or C causes B in every member, and one path is not enough."""
    row = {"prompt": str(Prompt(APART, "parent", ("A", "B")))}
    trace = write_answer(row, "trace")
    assert score(trace, row, "trace").value == 1
    head = trace[: trace.index("Counter-model")]
    for path, reason in (
        ("Path: A -> B", "no 'Path: …' is in this graph"),
        ("Path: A -> C -> B", "does not make"),
        ("Path: A -> H", "does not join"),
    ):
        result = score(f"{head}{path}\nAnswer: Yes", row, "trace")
        assert result.value == 0 and reason in result.reason


def test_rows_with_eight_variables_are_verified(tmp_path):
    rows = list(large_classes.rows(8, 6, 0, plus=False))
    rows[2]["completion"] = {"Yes": "No", "No": "Yes"}[rows[2]["completion"]]
    path = tmp_path / "eight.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    (table,) = verify(path).tables
    assert table.num_rows == 6 and table.rows("wrong_label") == [2]
    plus = list(large_classes.rows(8, 4, 1, plus=True))
    plus[0]["label"] = 1 - plus[0]["label"]
    path.write_text("".join(json.dumps(row) + "\n" for row in plus))
    assert verify(path).tables[0].verdicts == {"proved": len(plus) - 1, "refuted": 1}
