"""The invariants of every published corpus of stated premises; `make attack` checks training splits at full size."""

from collections import Counter
from itertools import pairwise

import networkx as nx
import numpy as np
import pyarrow.compute as pc
import pytest
from splits import (
    ALL_SPLITS,
    AXES,
    GENERALIZATIONS,
    TRAINING,
    TRAINING_ROWS,
    Generated,
    has_structure,
    published,
    published_cells,
    published_config,
    read_edges,
    runs_along,
)

from hf_causal.corpora import config_names, get_config
from hf_causal.tasks.proving import check
from hf_causal.tasks.shared.names import RESERVED_WORDS
from hf_causal.tasks.shared.schema import CELL_COLUMNS, arrow_schema


@pytest.fixture(scope="module", params=ALL_SPLITS, ids="/".join)
def data(request) -> Generated:
    return published(*request.param)


@pytest.fixture(scope="module", params=[(config, axis) for config in GENERALIZATIONS for axis in AXES], ids="/".join)
def axis(request) -> Generated:
    return published(*request.param)


@pytest.fixture(scope="module", params=TRAINING)
def train(request) -> Generated:
    return published(request.param, "train")


each_generalization = pytest.mark.parametrize("config", GENERALIZATIONS)


# Every split


def test_the_published_configs_and_splits_are_these():
    assert config_names("axiomatic") == (
        "transitivity_ts2", "transitivity_ts1", "transitivity_occ", "transitivity_generalization",
        "transitivity_further_generalization",
        "d_separation", "d_separation_trees", "d_separation_generalization",
    )  # fmt: skip
    for name in TRAINING:
        assert list(get_config("axiomatic", name).splits) == ["train", "validation"]
    for name in GENERALIZATIONS:
        assert list(get_config("axiomatic", name).splits) == list(AXES)


def test_the_number_of_rows_is_exact(data):
    if data.config in GENERALIZATIONS:
        expected = 500 * len(published_cells(data.config, data.split))
    elif data.split == "train":
        expected = TRAINING_ROWS
    else:
        expected = 25_000 if data.config.startswith("d_separation") else 17_500
    assert len(data.table) == expected
    assert published_config(data.config).num_rows(data.split) == expected
    published_rows = 175_000 if data.split == "train" else expected
    assert get_config("axiomatic", data.config).num_rows(data.split) == published_rows


def test_columns_are_those_of_a_reasoning_corpus(data):
    assert data.table.schema.equals(arrow_schema(), check_metadata=True)
    assert data.table.column_names == [
        "premise", "question", "prompt", "completion", "label", "certificate", "structure", "num_nodes", "num_edges",
        "branching_factor", "hops", "name_length", "graph_id",
    ]  # fmt: skip
    nulls = {name for name in data.table.column_names if data.table[name].null_count}
    assert nulls == (set() if data.split == "branching" else {"branching_factor"})


def test_a_prompt_is_its_premise_and_question(data):
    joined = pc.binary_join_element_wise(data.table["premise"], data.table["question"], " ")
    assert data.table["prompt"].equals(joined)


def test_no_prompt_occurs_twice(data):
    assert pc.count_distinct(data.table["prompt"]).as_py() == len(data.table)


def test_no_graph_occurs_twice_in_any_order_of_its_sentences(data):
    """Over all shards, and so between them."""
    assert len(data.edge_sets) == len(data.premises) == len(data.graphs)


def test_yes_and_no_are_equally_frequent_in_every_cell(data):
    labels = data.table.group_by(list(CELL_COLUMNS)).aggregate([("label", "sum"), ("label", "count")])
    assert labels.num_rows == len(get_config("axiomatic", data.config).splits[data.split])
    assert pc.all(pc.equal(pc.multiply(labels["label_sum"], 2), labels["label_count"])).as_py()


def test_yes_and_no_are_equally_frequent_about_every_premise(data):
    labels = data.table.group_by("graph_id").aggregate([("label", "sum"), ("label", "count")])
    assert pc.all(pc.equal(pc.multiply(labels["label_sum"], 2), labels["label_count"])).as_py()
    assert pc.max(labels["label_count"]).as_py() == (2 if data.config in GENERALIZATIONS else 8)


def test_the_first_question_about_a_premise_does_not_tell_its_answer(data):
    share = np.mean([row["label"] for row in data.graphs])
    assert abs(share - 0.5) < 4 * 0.5 / len(data.graphs) ** 0.5


def test_names_are_proper_and_of_the_published_lengths(data):
    shortest, longest = (4, 10) if data.split == "long_names" else (1, 3)
    names = {name for edges in data.premises.values() for edge in edges for name in edge}
    assert all(name.isascii() and name.isalnum() for name in names)
    assert {len(name) for name in names} == set(range(shortest, longest + 1))
    assert not {name.lower() for name in names} & (RESERVED_WORDS | {"causes", "cause", "does", "yes", "no"})


def test_names_are_unique_within_a_graph(data):
    """A repeated name would leave fewer names than nodes; only a branching graph may have nodes that stand alone."""
    for row in data.graphs:
        edges = data.premises[row["premise"]]
        names = {name for edge in edges for name in edge}
        assert len(set(edges)) == len(edges) == row["num_edges"]
        if row["structure"] == "branching":
            assert len(names) <= row["num_nodes"]
        else:
            assert len(names) == row["num_nodes"] == row["num_edges"] + 1
            assert max(map(len, names)) == row["name_length"]


def test_every_graph_is_acyclic(data):
    for edges in data.premises.values():
        assert nx.is_directed_acyclic_graph(nx.DiGraph(edges))


@pytest.mark.parametrize(
    ("text", "structures"),
    [
        ("a>b b>c c>d", {"sequential", "shuffled"}),
        ("b>a c>b d>c", {"reversed", "shuffled"}),
        ("a>b c>b c>d", {"flipped", "shuffled_flipped"}),
        ("c>d a>b b>c", {"shuffled"}),
        ("c>d a>b c>b", {"shuffled_flipped"}),
        ("a>b a>c a>d", set()),
        ("a>b b>c c>a", set()),
        ("a>b c>d e>f", set()),
    ],
)
def test_the_judge_of_structures_is_right(text, structures):
    edges = [tuple(edge.split(">")) for edge in text.split()]
    chains = ("sequential", "reversed", "flipped", "shuffled", "shuffled_flipped")
    assert {structure for structure in chains if has_structure(structure, edges)} == structures


def test_the_structure_of_every_chain_is_true(data):
    for row in data.graphs:
        if row["structure"] != "branching":
            assert has_structure(row["structure"], data.premises[row["premise"]]), row["premise"]


def test_certificates_prove_the_labels(data):
    for row in data.table.to_pylist() if data.config in GENERALIZATIONS else data.sample(5000):
        check(row)


def test_the_rows_of_a_premise_are_adjacent(data):
    ids = data.table["graph_id"].to_pylist()
    changes = 1 + sum(before != after for before, after in pairwise(ids))
    assert changes == len(set(ids)) == len(data.premises)


# Training splits


def test_trees_show_what_no_chain_does():
    """Nodes with two causes and an effect, which settle where the ball goes from one cause to the other."""
    premises = published("d_separation_trees", "validation").premises.values()
    graphs = [nx.DiGraph(edges) for edges in premises]
    assert any(max(dict(graph.degree).values()) == 5 for graph in graphs)
    assert sum(any(graph.in_degree(node) > 1 and graph.out_degree(node) for node in graph) for graph in graphs) > 500


def test_training_mixes_are_the_published_ones(train):
    shares = {
        "transitivity_ts2": {"sequential": 132_500, "flipped": 35_500, "reversed": 7_000},
        "transitivity_ts1": {"sequential": 101_500, "flipped": 61_500, "reversed": 12_000},
        "transitivity_occ": {"sequential": 175_000},
        "d_separation": {"sequential": 87_500, "flipped": 75_000, "reversed": 12_500},
        "d_separation_trees": {"tree": 175_000},
    }
    counts = train.table["structure"].value_counts().to_pylist()
    assert {count["values"]: count["counts"] * 175_000 // TRAINING_ROWS for count in counts} == shares[train.config]
    assert sum(count["counts"] for count in counts) == TRAINING_ROWS


def test_training_chains_have_three_to_six_nodes_in_equal_shares(train):
    counts = {count["values"]: count["counts"] for count in train.table["num_nodes"].value_counts().to_pylist()}
    assert set(counts) == {3, 4, 5, 6}
    assert all(abs(count - TRAINING_ROWS / 4) <= 6 for count in counts.values())


def test_training_premises_come_in_random_order(train):
    """Every tenth of the split holds all structures and sizes in about the same proportion."""
    cells = list(zip(train.table["structure"].to_pylist(), train.table["num_nodes"].to_pylist(), strict=True))
    whole, tenth = Counter(cells), TRAINING_ROWS // 10
    for start in range(0, len(cells), tenth):
        part = Counter(cells[start : start + tenth])
        for cell, count in whole.items():
            assert abs(part[cell] - count / 10) < 6 * (8 * count / 10) ** 0.5


@pytest.mark.parametrize("held_out", [pair for pair in ALL_SPLITS if pair[1] != "train"], ids="/".join)
def test_no_held_out_premise_is_trained_on_in_any_order_of_its_sentences(held_out, train):
    """Not even by the training split of another config."""
    assert not published(*held_out).edge_sets & train.edge_sets


# Generalization splits


def test_the_cells_are_the_published_ones(axis):
    cells = [(structure, size, factor and round(factor, 4)) for structure, size, factor in axis.cells()]
    assert cells == published_cells(axis.config, axis.split)


def test_every_cell_has_enough_questions_and_premises(axis):
    for cell in axis.cells().values():
        assert len(cell) >= 500
        assert len(set(cell)) >= 250


def test_generalization_axes_share_no_premise(axis):
    for other in AXES:
        if other != axis.split:
            assert not axis.premises.keys() & published(axis.config, other).premises.keys()


@each_generalization
def test_branching_graphs_have_the_promised_number_of_edges(config):
    for row in published(config, "branching").graphs:
        assert row["num_edges"] == int(round(row["branching_factor"], 4) * row["num_nodes"])
        assert row["num_edges"] == row["premise"].count(" causes ")


@each_generalization
def test_longer_shuffled_chains_are_out_of_order(config):
    rows = [row for row in published(config, "shuffled").graphs if row["num_nodes"] >= 8]
    in_order = sum(runs_along(read_edges(row["premise"])) for row in rows)
    assert in_order <= len(rows) // 500


@each_generalization
def test_long_names_have_one_length_within_a_graph(config):
    data = published(config, "long_names")
    for row in data.graphs:
        assert {len(name) for edge in data.premises[row["premise"]] for name in edge} == {row["name_length"]}
    assert {row["name_length"] for row in data.graphs} == set(range(4, 11))
