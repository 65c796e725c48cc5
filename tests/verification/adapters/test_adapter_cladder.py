"""The adapters of CLadder: each query against a model, and rows with a changed word or number."""

import random
from fractions import Fraction

import pytest

from hf_causal.graphs.causal_effects import (
    average_effect,
    effect_on_treated,
    natural_direct_effect,
    natural_indirect_effect,
)
from hf_causal.graphs.structural_models import BinaryModel, Variable, probability
from hf_causal.verification.adapters import find_adapter

X, M, Y = range(3)
QUESTIONS = {
    "ate": "Will rixq increase the chance of xevu?",
    "ett": "For those who are rixq, would it be more likely to see xevu if the individual was not rixq?",
    "nde": "If we disregard the mediation effect through zuph, would rixq positively affect xevu?",
    "nie": "Does rixq positively affect xevu through zuph?",
    "correlation": "Is the chance of xevu larger when observing rixq?",
    "marginal": "Is xevu more likely than not xevu overall?",
}


def drawn(seed):
    """Returns a model of X -> V2 -> Y with X -> Y, and its tables in whole percent."""
    generator = random.Random(seed)
    share = lambda: Fraction(generator.randint(1, 99), 100)  # noqa: E731
    tables = ((share(),), (share(), share()), (share(), share(), share(), share()))
    return BinaryModel(((), (X,), (X, M)), tables), tables


def row(tables, query, answer, question=None, **meta) -> dict:
    (x,), (m0, m1), (y00, y01, y10, y11) = [[float(share) for share in table] for table in tables]
    info = {"p(Y | X, V2)": [[y00, y01], [y10, y11]], "p(V2 | X)": [m0, m1], "P(X)": x}
    printed = [
        f"For those who are {a}rixq and are {b}zuph, the probability of xevu is {number:.0%}."
        for a, b, number in (("not ", "not ", y00), ("not ", "", y01), ("", "not ", y10), ("", "", y11))
    ]
    printed += [f"For those who are not rixq, the probability of zuph is {m0:.0%}."]
    printed += [f"For those who are rixq, the probability of zuph is {m1:.0%}."]
    printed += [f"The overall probability of rixq is {x:.0%}."]
    formal = {
        "graph_id": "mediation", "query_type": query, "given_info": info, "treatment": "X", "outcome": "Y",
        "polarity": True,
    }  # fmt: skip
    return {
        "given_info": " ".join(printed),
        "question": question or QUESTIONS[query],
        "answer": answer,
        "meta": formal | meta,
    }


def verdict(values) -> str:
    return find_adapter(values).verdict(values).verdict


@pytest.mark.parametrize("seed", range(10))
def test_queries_agree_with_the_model(seed):
    model, tables = drawn(seed)
    outcome = {Variable(0, Y): 1}
    seen = [probability(model, outcome, {Variable(0, X): value}) for value in (0, 1)]
    exact = {
        "ate": average_effect(model, X, Y),
        "ett": -effect_on_treated(model, X, Y),
        "nde": natural_direct_effect(model, X, Y, [M]),
        "nie": natural_indirect_effect(model, X, Y, [M]),
        "correlation": seen[1] - seen[0],
        "marginal": probability(model, outcome) - Fraction(1, 2),
    }
    for query, value in exact.items():
        right = "yes" if value > 0 else "no"
        wrong = "no" if value > 0 else "yes"
        assert verdict(row(tables, query, right)) == "proved", query
        assert verdict(row(tables, query, wrong)) == "refuted", query
    answer = "no" if exact["ate"] > 0 else "yes"
    negative = row(tables, "ate", answer, "Will rixq decrease the chance of xevu?", polarity=False)
    assert verdict(negative) == "proved"


def test_rows_that_are_not_understood():
    _, tables = drawn(1)
    good = row(tables, "ate", "yes")
    assert verdict(good | {"question": "Will rixq change the chance of xevu?"}) == "unreadable"
    assert verdict(good | {"question": "Will rixq decrease the chance of xevu?"}) == "unreadable"
    assert verdict(good | {"given_info": good["given_info"].replace("%", " percent", 1)}) == "unreadable"
    assert verdict(good | {"given_info": good["given_info"] + " The probability is 3%."}) == "unreadable"
    assert verdict(good | {"answer": "perhaps"}) == "unreadable"
    assert verdict(good | {"reasoning": {"step1": "X->Y"}}) == "unreadable"
    assert verdict(row(tables, "ate", "yes", treated=False)) == "out_of_scope"
    assert verdict(good | {"meta": good["meta"] | {"graph_id": "moon"}}) == "out_of_scope"


def test_rounding_that_turns_the_answer_round():
    tables = ((Fraction(1, 2),), (Fraction(1, 2), Fraction(1, 2)), (Fraction(1, 2),) * 4)
    values = row(tables, "correlation", "yes")
    values["meta"]["given_info"] = {"P(Y | X)": [0.2049, 0.2051]}
    stated = "For those who are {}rixq, the probability of xevu is {}%."
    values["given_info"] = f"{stated.format('not ', 21)} {stated.format('', 20)}"
    assert verdict(values) == "precision"
    assert verdict(values | {"answer": "no"}) == "proved"


@pytest.mark.parametrize(
    ("graph", "methods", "answer", "expected"),
    [
        ("mediation", [["V2"], []], "no", "proved"),
        ("mediation", [["V2"], []], "yes", "refuted"),
        ("confounding", [["V1"], []], "yes", "proved"),
        ("confounding", [[], ["V1"]], "no", "proved"),
        ("fork", [["V2"], []], "no", "proved"),
        ("fork", [[], ["V2"]], "yes", "ambiguous"),
    ],
)
def test_methods(graph, methods, answer, expected):
    question = "To understand how a affects b, is it more correct to use the Method 1 than Method 2?"
    meta = {"graph_id": graph, "query_type": "backadj", "given_info": methods, "polarity": True}
    words = (
        "directly at how a correlates with b in general",
        "at how a correlates with b case by case according to c",
    )
    given = " ".join(f"Method {k}: We look {words[bool(names)]}." for k, names in enumerate(methods, 1))
    assert verdict({"given_info": given, "question": question, "answer": answer, "meta": meta}) == expected


def test_counterfactuals():
    meta = {
        "graph_id": "fork",
        "query_type": "det-counterfactual",
        "given_info": {"V2": 0},
        "action": 0,
        "polarity": 1,
    }
    values = {
        "given_info": "We know that rixq or zuph causes xevu. We observed the man is not zuph.",
        "question": "Would the man be xevu if not rixq instead of rixq?",
        "answer": "no",
        "meta": meta,
        "reasoning": {"step4": "V2 = 0\nY = X or V2"},
    }
    assert verdict(values) == "proved"
    assert verdict(values | {"answer": "yes"}) == "refuted"
    assert (
        verdict(values | {"meta": meta | {"given_info": {"Y": 1}}, "reasoning": {"step4": "Y = X or V2"}})
        == "underdetermined"
    )
    assert verdict(values | {"reasoning": {"step4": "Y = V2"}}) == "unreadable"


def test_models():
    model, tables = drawn(3)
    (x,), (m0, m1), ys = [[float(share) for share in table] for table in tables]
    params = {"p(X)": x, "p(V2 | X)": [m0, m1], "p(Y | X, V2)": [ys[:2], ys[2:]]}
    truth = {
        "ATE(Y | X)": float(average_effect(model, X, Y)),
        "NIE(Y | X)": float(natural_indirect_effect(model, X, Y, [M])),
        "P(Y=1)": float(probability(model, {Variable(0, Y): 1})),
        "P(Y=1 | X=0)": float(probability(model, {Variable(0, Y): 1}, {Variable(0, X): 0})),
    }
    values = {"model_id": 0, "structure": "X->V2,X->Y,V2->Y", "params": params, "groundtruth": truth}
    assert verdict(values) == "proved"
    for name in truth:
        judgement = find_adapter(values).verdict(values | {"groundtruth": truth | {name: truth[name] + 0.01}})
        assert judgement.verdict == "refuted" and list(judgement.question.solution.proof) == [name]
        assert judgement.reason.count(" = ") == 2 and ", not " in judgement.reason
    for changed, refused in (
        ({"params": {**params, "p(V2)": 0.5}}, "out_of_scope"),
        ({"params": {"p(X)": x, "p(V2)": m0, "p(Y | X, V2)": [ys[:2], ys[2:]]}}, "unreadable"),
        ({"params": {"p(X)": x, "p(V2 | Y)": [m0, m1], "p(Y | X, V2)": [ys[:2], ys[2:]]}}, "unreadable"),
        ({"groundtruth": {**truth, "PN(Y | X)": 0.5}}, "out_of_scope"),
        ({"groundtruth": {**truth, "P(Y=1)": str(truth["P(Y=1)"])}}, "unreadable"),
        ({"groundtruth": {}}, "unreadable"),
        *(
            ({"structure": edges}, "unreadable")
            for edges in ("X->V2,X->Y,->", "X->X", "X->V2,V2->Y,Y->X", "X->Y,X->Y")
        ),
    ):
        assert verdict(values | changed) == refused
