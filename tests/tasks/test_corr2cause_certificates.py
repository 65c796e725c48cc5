import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hf_causal.graphs.enumeration import SIZES, classes
from hf_causal.graphs.equivalence import RELATIONS, acyclic, independences, relations
from hf_causal.graphs.equivalence_classes import EquivalenceClass
from hf_causal.tasks.corr2cause.text import ClosedSystem, Prompt
from hf_causal.tasks.proving import check, prove
from hf_causal.tasks.registry import task_of_prompt
from hf_causal.tasks.shared.proofs import CertificateError

NAMES = "ZYXWVU"


def row(prompt: object, completion: str, certificate: object) -> dict[str, object]:
    text = certificate if isinstance(certificate, str) else json.dumps(certificate)
    return {"prompt": str(prompt), "completion": completion, "certificate": text}


@st.composite
def prompts(draw, sizes=SIZES):
    cpdag = draw(st.sampled_from(list(classes(draw(st.sampled_from(sizes))))))
    order = np.array(draw(st.permutations(range(len(cpdag)))))
    system = ClosedSystem.of_table(NAMES[: len(cpdag)], EquivalenceClass(cpdag).relabelled(order).independences)
    pair = tuple(draw(st.permutations(system.variables))[:2])
    return Prompt(system, draw(st.sampled_from(RELATIONS)), pair, draw(st.booleans()))


def all_dags_of(prompt: Prompt) -> np.ndarray:
    """The DAGs with the premise's independences, by looking at every DAG over its variables."""
    size = len(prompt.system.variables)
    pairs = np.argwhere(np.triu(np.ones((size, size), dtype=bool), 1))
    states = (np.arange(3 ** len(pairs))[:, None] // 3 ** np.arange(len(pairs))) % 3
    graphs = np.zeros((len(states), size, size), dtype=bool)
    graphs[:, pairs[:, 0], pairs[:, 1]], graphs[:, pairs[:, 1], pairs[:, 0]] = states == 1, states == 2
    return np.array(
        [dag for dag in graphs[acyclic(graphs)] if np.array_equal(independences(dag), prompt.system.table)]
    )


@given(prompts((2, 3, 4)))
@settings(max_examples=40, deadline=None)
def test_answers_agree_with_looking_at_every_dag(prompt):
    first, second = map(prompt.system.variables.index, prompt.pair)
    held = relations(all_dags_of(prompt))[:, RELATIONS.index(prompt.relation), first, second]
    verdict = "entailment" if held.all() else "neutral" if held.any() else "contradiction"
    proof = prove(prompt)
    assert json.loads(proof.certificate)["verdict"] == verdict
    assert proof.answer == ("Yes" if verdict == "entailment" else "No")
    assert json.loads(proof.certificate).get("members", len(held)) == len(held)


@given(prompts())
@settings(deadline=None)
def test_proofs_are_accepted_and_the_contrary_is_refused(prompt):
    proof = prove(str(prompt))
    assert proof == prove(prompt)
    check(row(prompt, proof.answer, proof.certificate))
    contrary = {"Yes": "No", "No": "Yes"}[proof.answer]
    with pytest.raises(CertificateError, match="contradicts the answer"):
        check(row(prompt, contrary, proof.certificate))


@given(prompts(), st.data())
@settings(deadline=None)
def test_the_certificate_of_another_hypothesis_or_premise_proves_only_what_is_so(prompt, data):
    other = prove(data.draw(prompts((len(prompt.system.variables),))))
    try:
        check(row(prompt, other.answer, other.certificate))
    except CertificateError:
        return
    proof = prove(prompt)
    assert other.answer == proof.answer
    assert json.loads(other.certificate)["verdict"] == json.loads(proof.certificate)["verdict"]


def prompt_of(*edges: str, hypothesis: str, size: int = 3) -> Prompt:
    dag = np.zeros((size, size), dtype=bool)
    for cause, effect in edges:
        dag["ABCD".index(cause), "ABCD".index(effect)] = True
    relation, first, second = hypothesis.split("/")
    return Prompt(ClosedSystem.of_table("ABCD"[:size], independences(dag)), relation, (first, second))


def test_the_task_is_recognized():
    assert task_of_prompt(str(prompt_of("AB", hypothesis="parent/A/B"))).name == "corr2cause"
    assert task_of_prompt("A causes B. Does A cause B?").name == "transitivity"


def test_the_three_verdicts_on_a_collider_and_a_chain():
    collider = ("AC", "BC")
    assert json.loads(prove(prompt_of(*collider, hypothesis="parent/A/C")).certificate) == {
        "verdict": "entailment",
        "directed": [["A", "C"], ["B", "C"]],
        "undirected": [],
        "members": 1,
    }
    assert json.loads(prove(prompt_of(*collider, hypothesis="has_confounder/A/B")).certificate) == {
        "verdict": "contradiction",
        "directed": [["A", "C"], ["B", "C"]],
        "undirected": [],
        "members": 1,
        "counter_model": [["A", "C"], ["B", "C"]],
    }
    neutral = json.loads(prove(prompt_of("AB", "BC", hypothesis="parent/A/B")).certificate)
    assert neutral["verdict"] == "neutral"
    assert ["A", "B"] in neutral["model"]
    assert ["B", "A"] in neutral["counter_model"]
    assert prove(prompt_of("AB", hypothesis="parent/A/B")).hops == -1


ENTAILED = prompt_of("AC", "BC", hypothesis="parent/A/C")
NEUTRAL = prompt_of("AB", "BC", hypothesis="parent/A/B")
REFUTED = prompt_of("AB", "BC", hypothesis="has_collider/A/C")
CPDAG = {"directed": [["A", "C"], ["B", "C"]], "undirected": [], "members": 1}
CHAIN = [["A", "B"], ["B", "C"]]
BACK = [["B", "A"], ["C", "B"]]
CHAIN_CPDAG = {"directed": [], "undirected": [["A", "B"], ["B", "C"]], "members": 3}


def test_the_rows_that_are_corrupted_below_are_right():
    check(row(ENTAILED, "Yes", {"verdict": "entailment", **CPDAG}))
    check(row(NEUTRAL, "No", {"verdict": "neutral", "model": CHAIN, "counter_model": BACK}))
    check(row(REFUTED, "No", {"verdict": "contradiction", **CHAIN_CPDAG, "counter_model": CHAIN}))


@pytest.mark.parametrize(
    ("prompt", "certificate", "reason"),
    [
        (ENTAILED, {"verdict": "entailment", **CPDAG, "members": 2}, "'members' must be 1"),
        (ENTAILED, {"verdict": "entailment", **CPDAG, "directed": [["A", "C"]]}, "in common"),
        (ENTAILED, {"verdict": "entailment", **CPDAG, "directed": [["A", "C"], ["C", "B"]]}, "in common"),
        (ENTAILED, {"verdict": "entailment", **CHAIN_CPDAG}, "has not the independences of the premise: it lists"),
        (ENTAILED, {"verdict": "entailment", **CPDAG, "directed": [["A", "D"]]}, "pairs of the variables A, B, C"),
        (ENTAILED, {"verdict": "entailment", **CPDAG, "directed": "AC"}, "pairs of the variables"),
        (ENTAILED, {"verdict": "entailment", **CPDAG, "directed": [["A", {}]]}, "pairs of the variables"),
        (ENTAILED, {"verdict": "entailment"}, "'directed' must be a list"),
        (NEUTRAL, {"verdict": "entailment", **CHAIN_CPDAG}, "contradicts the answer"),
        (NEUTRAL, {"verdict": "neutral", "model": CHAIN, "counter_model": CHAIN}, "holds in the 'counter_model'"),
        (NEUTRAL, {"verdict": "neutral", "model": BACK, "counter_model": BACK}, "does not hold in the 'model'"),
        (NEUTRAL, {"verdict": "neutral", "counter_model": BACK}, "'model' must be a list"),
        (NEUTRAL, {"verdict": "neutral", "model": CHAIN, "counter_model": [["B", "A"]]}, "has not the independences"),
        (NEUTRAL, {"verdict": "neutral", "model": CHAIN, "counter_model": [*BACK, ["A", "C"]]}, "has a cycle"),
        (NEUTRAL, {"verdict": "contradiction", **CHAIN_CPDAG, "counter_model": BACK}, "holds in the member"),
        (REFUTED, {"verdict": "neutral", "model": CHAIN, "counter_model": CHAIN}, "does not hold in the 'model'"),
        (REFUTED, {"verdict": "contradiction", **CHAIN_CPDAG}, "'counter_model' must be a list"),
        (REFUTED, {"verdict": "no"}, "a 'verdict' of"),
        (REFUTED, [], "a 'verdict' of"),
        (REFUTED, "{", "a 'verdict' of"),
    ],
)
def test_a_certificate_that_does_not_prove_is_refused(prompt, certificate, reason):
    with pytest.raises(CertificateError, match=reason):
        check(row(prompt, "Yes" if prompt is ENTAILED else "No", certificate))


def test_a_hypothesis_that_holds_in_some_members_only_is_not_entailed():
    with pytest.raises(CertificateError, match="does not hold in the member"):
        check(row(NEUTRAL, "Yes", {"verdict": "entailment", **CHAIN_CPDAG}))


def test_premises_that_no_dag_fits_are_refused_with_the_sentence():
    premise, asked = str(NEUTRAL).split("\n")
    incomplete = str(prompt_of("AB", "BC", "CD", hypothesis="parent/A/B", size=4))
    incomplete = incomplete.replace(" A and D are independent given B and C.", "")
    with pytest.raises(ValueError, match="leaves out 'A and D are independent given B and C.'"):
        prove(incomplete)
    with pytest.raises(ValueError, match="leaves out 'A is independent of B.'"):
        prove(f"{premise} A and B are independent given C.\n{asked}")
    everything = f"{premise} A and B are independent given C. B and C are independent given A.\n{asked}"
    with pytest.raises(ValueError, match="no DAG has exactly the independences that the premise lists"):
        prove(everything)
    with pytest.raises(CertificateError, match="has not the independences of the premise"):
        check(row(everything, "No", {"verdict": "neutral", "model": CHAIN, "counter_model": BACK}))


def test_other_names_and_words_are_proved():
    text = str(ENTAILED).replace("directly causes", "directly affects")
    for short, name in (("A", "ice cream sales"), ("B", "rain"), ("C", "umbrellas")):
        text = (
            text.replace(f" {short} ", f" {name} ")
            .replace(f" {short},", f" {name},")
            .replace(f" {short}.", f" {name}.")
        )
    proof = prove(text)
    assert proof.answer == "Yes"
    assert '["ice cream sales", "umbrellas"]' in proof.certificate


def test_a_published_label_that_is_wrong_is_refuted():
    """Issue 5 of causalNLP/corr2cause: C → A → B with C → D ← B is a DAG of the class, and C has no cause in it."""
    premise = (
        "Suppose there is a closed system of 4 variables, A, B, C and D. All the statistical relations among these 4 "
        "variables are as follows: A correlates with B. A correlates with C. A correlates with D. B correlates with "
        "C. B correlates with D. C correlates with D. However, B and C are independent given A."
    )
    asked = "There exists at least one confounder (i.e., common cause) of C and D."
    proof = prove(f"Premise: {premise}\nHypothesis: {asked}")
    assert proof.answer == "No"
    assert ["C", "A"] in json.loads(proof.certificate)["counter_model"]


def test_systems_of_more_variables_than_the_corpus_has_are_proved():
    chain = np.eye(7, k=1, dtype=bool)
    system = ClosedSystem.of_table("ABCDEFG", independences(chain))
    proof = prove(Prompt(system, "has_collider", ("A", "G")))
    assert json.loads(proof.certificate)["verdict"] == "contradiction"
    assert json.loads(proof.certificate)["members"] == 7
    check(row(Prompt(system, "has_collider", ("A", "G")), "No", proof.certificate))
