"""The yardstick of the benchmark writes right rows too: its speed would mean nothing otherwise."""

import random
import sys
from pathlib import Path

import networkx as nx
import pytest

from hf_causal.corpora import get_config
from hf_causal.tasks.proving import check
from hf_causal.tasks.shared.schema import Cell

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))
from networkx_rows import d_separation_rows, write_rows  # noqa: E402


@pytest.mark.parametrize("name", ["transitivity_ts2", "transitivity_generalization"])
def test_the_rows_of_networkx_are_proved_and_balanced(name):
    options = {"nodes": (5, 8)} if name == "transitivity_generalization" else {}
    rows = write_rows(get_config("axiomatic", name, **options), 400)
    assert 400 <= len(rows) <= 600
    assert 0.45 < sum(row["label"] for row in rows) / len(rows) < 0.55
    for row in rows:
        check(row)


def test_the_rows_of_networkx_about_separation_are_right():
    draw = random.Random(0)
    cell = Cell("branching", 7, 100, branching_factor=1.4)
    rows = [row for _ in range(40) for row in d_separation_rows(cell, draw)]
    assert len(rows) > 40 and sum(row["label"] for row in rows) == len(rows) / 2
    for row in rows:
        edges = [statement.split(" causes ") for statement in row["premise"].removesuffix(".").split(". ")]
        head, _, given = row["question"].removesuffix("}?").partition(" d-separated given {")
        first, second = head.removeprefix("Are ").split(" and ")
        moral = nx.DiGraph(edges)
        keep = set(given.split(", ")) | {first, second}
        keep |= set().union(*(nx.ancestors(moral, node) for node in keep))
        undirected = nx.moral_graph(moral.subgraph(keep))
        undirected.remove_nodes_from(given.split(", "))
        assert row["label"] == (not nx.has_path(undirected, first, second))
        if not row["label"]:
            check(row)


def test_a_grammar_that_networkx_does_not_write_is_said_to_be_none():
    from dataclasses import replace

    assert write_rows(replace(get_config("axiomatic", "transitivity_occ"), name="other"), 10) is None
