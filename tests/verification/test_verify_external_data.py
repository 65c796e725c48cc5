"""The verifier on evaluation files of others, where they are there, and on a small file like them."""

import json
from collections import Counter

import networkx as nx
import pytest
from test_external_data import FILES, expected_answer

from hf_causal.verification import verify

WRONG = {
    "transitivity_branching_2.0_10": [216, 381],
    "transitivity_flipped_20": [108, 358, 398, 467, 498],
    "transitivity_written_here": [14],
}
"""Rows whose label contradicts their text, counted from 0; there are none in the other files."""


@pytest.fixture(params=FILES, ids=lambda path: path.stem)
def path(request):
    return request.param


def test_findings_agree_with_networkx(path):
    (report,) = verify(path).tables
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    found, premises = Counter(), Counter()
    for number, row in enumerate(rows):
        *statements, question = row["prompt"].removesuffix("?").split(". ")
        edges = [tuple(statement.split(" causes ")) for statement in statements]
        graph = nx.DiGraph(edges)
        cause, effect = question.removeprefix("Does ").split(" cause ")
        premises[frozenset(edges)] += 1
        for kind, holds in {
            "wrong_label": row["completion"] != expected_answer(row["prompt"]),
            "cyclic_premise": not nx.is_directed_acyclic_graph(graph),
            "self_loop": nx.number_of_selfloops(graph) > 0,
            "self_question": cause == effect,
            "absent_node": cause not in graph or effect not in graph,
            "repeated_statement": graph.number_of_edges() < len(edges),
            "case_variants": len({node.lower() for node in graph}) < len(graph),
            "duplicate_prompt": row["prompt"] in [earlier["prompt"] for earlier in rows[:number]],
        }.items():
            assert (number in report.rows(kind)) == holds, (kind, number, row)
            found[kind] += holds
    assert set(report.findings) - {"revisited_name"} == {kind for kind, count in found.items() if count}
    assert (report.num_premises, report.max_rows_per_premise) == (len(premises), max(premises.values()))
    assert (report.num_rows, report.num_yes) == (len(rows), sum(row["completion"] == "Yes" for row in rows))


def test_the_wrong_labels_are_where_they_are(path):
    (report,) = verify(path).tables
    assert report.rows("wrong_label") == WRONG.get(path.stem, [])
    assert report.is_clean == (path.stem not in WRONG)
    if path.stem in WRONG:
        assert report.findings["wrong_label"].reasons[0].endswith("proves 'No'")
