"""The adapters of Corr2Cause and Corr2Cause++ against all DAGs, and against the rows that were published."""

import json
import random
from itertools import combinations, product

import networkx as nx
import pytest

from hf_causal.graphs import equivalence_classes
from hf_causal.verification import fix, verify
from hf_causal.verification.adapters import find_adapter
from hf_causal.verification.adapters.corr2cause_pp import ADAPTER
from hf_causal.verification.adapters.corr2cause_pp_texts import class_of

RELATIONS = {
    "{} directly affects {}.": lambda dag, i, j: dag.has_edge(i, j),
    "{} is directly affected by {}.": lambda dag, i, j: dag.has_edge(j, i),
    "{} influences {} through some mediator(s) but not directly.": lambda dag, i, j: (
        j in nx.descendants(dag, i) and not dag.has_edge(i, j)
    ),
    "There exists at least one collider (i.e., a common child) of {} and {}.": lambda dag, i, j: bool(
        set(dag.successors(i)) & set(dag.successors(j))
    ),
    "There exists at least one confounder (i.e., a common parent) of {} and {}.": lambda dag, i, j: bool(
        set(dag.predecessors(i)) & set(dag.predecessors(j))
    ),
}


def all_dags(names):
    """Returns every DAG over a few names, by trying all directions of all pairs."""
    pairs = list(combinations(names, 2))
    for directions in product((None, False, True), repeat=len(pairs)):
        edges = [
            pair[::-1] if turn else pair for pair, turn in zip(pairs, directions, strict=True) if turn is not None
        ]
        dag = nx.DiGraph()
        dag.add_nodes_from(names)
        dag.add_edges_from(edges)
        if nx.is_directed_acyclic_graph(dag):
            yield dag


def independences(dag) -> frozenset:
    names = sorted(dag)
    return frozenset(
        (i, j, given)
        for i, j in combinations(names, 2)
        for size in range(len(names) - 1)
        for given in combinations([k for k in names if k not in (i, j)], size)
        if nx.is_d_separator(dag, {i}, {j}, set(given))
    )


CLASSES = {}
for found in all_dags("XYZW"):
    CLASSES.setdefault(independences(found), []).append(found)


def premise(names, listed) -> str:
    texts = [f"{i} indep {j}" + (f" | {', '.join(given)}" if given else "") for i, j, given in sorted(listed)]
    return (
        f"Premise:\nSuppose there is a closed system of {len(names)} variables, {', '.join(names[:-1])}, and "
        f"{names[-1]}, whose causal structure forms a directed acyclic graph and satisfies faithfulness. "
        f"All the conditional independence relations are: {'; '.join(texts)}."
    )


def row(text, hypothesis, label, edges) -> dict:
    query = f"{text}\n\nHypothesis: {hypothesis}"
    return {
        "label": label,
        "relation_type": "any",
        "forced_edges": edges,
        "query": query,
        "num_edges": 1,
        "dataset": "x",
    }


@pytest.mark.parametrize("few", [True, False], ids=["listed", "searched"])
@pytest.mark.parametrize("seed", range(8))
def test_verdicts_agree_with_all_dags_of_the_class(seed, few, monkeypatch):
    class_of.cache_clear()
    monkeypatch.setattr(equivalence_classes, "is_small", lambda graph: few)
    generator = random.Random(seed)
    listed = generator.choice(sorted(CLASSES, key=sorted))
    members = CLASSES[listed]
    forced = [list(edge) for edge in members[0].edges if all(dag.has_edge(*edge) for dag in members)]
    i, j = generator.sample("XYZW", 2)
    for template, holds in RELATIONS.items():
        right = int(all(holds(dag, i, j) for dag in members))
        values = row(premise("XYZW", listed), template.format(i, j), right, forced)
        assert find_adapter(values) is ADAPTER or not listed
        assert ADAPTER.verdict(values).verdict == "proved"
        assert ADAPTER.verdict(values | {"label": 1 - right}).verdict == "refuted"
        assert ADAPTER.verdict(values | {"forced_edges": [*forced, [i, j]]}).verdict != "proved"
        assert ADAPTER.verdict(values | {"forced_edges": forced[1:]}).verdict == ("refuted" if forced else "proved")


def test_premises_that_no_graph_has_are_unreadable():
    text = premise("XYZ", [("X", "Y", ()), ("X", "Y", ("Z",))])
    judgement = ADAPTER.verdict(row(text, "X directly affects Y.", 0, []))
    assert judgement.verdict == "unreadable" and "no DAG" in judgement.reason
    unknown = text.replace("X indep Y |", "X indep Q |")
    assert ADAPTER.verdict(row(unknown, "X directly affects Y.", 0, [])).verdict == "unreadable"
    good = premise("XYZ", [("X", "Y", ())])
    assert ADAPTER.verdict(row(good, "X resembles Y.", 0, [])).verdict == "unreadable"
    assert ADAPTER.verdict(row(good, "X directly affects X.", 0, [])).verdict == "unreadable"
    assert ADAPTER.verdict(row(good, "X directly affects Y.", 3, [])).verdict == "unreadable"


def test_a_corrected_copy(tmp_path):
    text = premise("XYZ", [("X", "Y", ())])
    right = row(text, "X directly affects Z.", 1, [["Y", "Z"], ["X", "Z"]])
    path = tmp_path / "pp.json"
    path.write_text(json.dumps([right, right | {"label": 0}, right | {"forced_edges": []}]))
    (summary,) = fix(path, tmp_path / "fixed.json")
    assert (summary.num_changed, summary.num_marked) == (2, 0)
    first, second, third = json.loads((tmp_path / "fixed.json").read_text())
    assert [values["label"] for values in (first, second, third)] == [1, 1, 1]
    assert first["forced_edges"] == [["Y", "Z"], ["X", "Z"]] and third["forced_edges"] == [["X", "Z"], ["Y", "Z"]]
    assert verify(tmp_path / "fixed.json").tables[0].verdicts == {"proved": 3}


COLLIDER = (
    "Premise: Suppose there is a closed system of 3 variables, A, B and C. All the statistical relations among these "
    "3 variables are as follows: A correlates with C. B correlates with C. However, A is independent of B.\n"
    "Hypothesis: "
)
HYPOTHESES = {
    "A directly affects C.": 1,
    "C directly affects A.": 2,
    "A directly affects B.": 0,
    "A and B together cause some other variable(s).": 1,
}
"""The third is refuted: it holds in no graph, which is class 2."""


@pytest.mark.parametrize("suffix", [".csv", ".json"])
def test_three_classes(suffix, tmp_path):
    rows = [{"input": COLLIDER + text, "label": label, "num_variables": 3} for text, label in HYPOTHESES.items()]
    path = tmp_path / f"three{suffix}"
    lines = [",".join(rows[0]), *(f'"{r["input"]}",{r["label"]},3' for r in rows)]
    path.write_text(json.dumps(rows) if suffix == ".json" else "\n".join(lines) + "\n")
    (table,) = verify(path).tables
    assert table.verdicts == {"proved": 3, "refuted": 1}
    assert table.rows("wrong_label") == [2]
    fix(path, tmp_path / f"fixed{suffix}")
    assert verify(tmp_path / f"fixed{suffix}").tables[0].verdicts == {"proved": 4}


def test_two_classes_are_those_of_the_task(tmp_path):
    path = tmp_path / "two.json"
    path.write_text(json.dumps([{"input": COLLIDER + "C directly affects A.", "label": 0}]))
    (table,) = verify(path).tables
    assert (table.dataset, table.verdicts) == (None, {"proved": 1})
