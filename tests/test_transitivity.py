"""The invariants of the published transitivity corpus, at full size."""

from collections import Counter
from itertools import pairwise

import networkx as nx
import numpy as np
import pyarrow.compute as pc
import pytest
from splits import GENERALIZATION, Generated, has_structure, published, read_edges, runs_along

from hf_causal.certificates import check
from hf_causal.corpora import config_names, get_config
from hf_causal.corpora.schema import CELL_COLUMNS, arrow_schema
from hf_causal.names import RESERVED_WORDS

TRAINING = ("transitivity_ts2", "transitivity_ts1", "transitivity_occ")
AXES = ("sequential", "flipped", "reversed", "shuffled", "branching", "long_names")

LONG_SIZES = [*range(7, 16), 20, 50, 100]
SMALL_SIZES = [*range(3, 16)]
PUBLISHED_CELLS = {
    "sequential": [("sequential", size, None) for size in LONG_SIZES],
    "flipped": [("flipped", size, None) for size in LONG_SIZES],
    "reversed": [("reversed", size, None) for size in SMALL_SIZES],
    "shuffled": [(kind, size, None) for kind in ("shuffled", "shuffled_flipped") for size in [*SMALL_SIZES, 50]],
    "branching": [("branching", size, factor) for factor in (1.4, 2.0) for size in (5, 8, 10, 12, 20, 40)],
    "long_names": [("sequential", size, None) for size in SMALL_SIZES],
}


ALL_SPLITS = [
    *((config, split) for config in TRAINING for split in ("train", "validation")),
    *((GENERALIZATION, axis) for axis in AXES),
]


@pytest.fixture(scope="module", params=ALL_SPLITS, ids="/".join)
def data(request) -> Generated:
    return published(*request.param)


@pytest.fixture(scope="module", params=AXES)
def axis(request) -> Generated:
    return published(GENERALIZATION, request.param)


@pytest.fixture(scope="module", params=TRAINING)
def train(request) -> Generated:
    return published(request.param, "train")


# Every split


def test_the_published_configs_and_splits_are_these():
    assert config_names("axiomatic")[:4] == (*TRAINING, GENERALIZATION)
    for name in TRAINING:
        assert list(get_config("axiomatic", name).splits) == ["train", "validation"]
    assert list(get_config("axiomatic", GENERALIZATION).splits) == list(AXES)


def test_the_number_of_rows_is_exact(data):
    expected = {"train": 175_000, "validation": 17_500}
    if data.config == GENERALIZATION:
        expected = {axis: 500 * len(cells) for axis, cells in PUBLISHED_CELLS.items()}
    assert len(data.table) == expected[data.split]
    assert get_config("axiomatic", data.config).num_rows(data.split) == expected[data.split]


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
    assert pc.max(labels["label_count"]).as_py() == (2 if data.config == GENERALIZATION else 8)


def test_the_first_question_about_a_premise_does_not_tell_its_answer(data):
    share = np.mean([row["label"] for row in data.graphs])
    assert abs(share - 0.5) < 4 * 0.5 / len(data.graphs) ** 0.5


def test_completion_label_and_hops_say_the_same(data):
    yes = pc.greater(data.table["hops"], 0)
    assert pc.equal(data.table["label"], 1).equals(yes)
    assert pc.equal(data.table["completion"], "Yes").equals(yes)
    assert set(data.table["completion"].unique().to_pylist()) == {"Yes", "No"}
    assert pc.all(pc.equal(data.table["hops"].filter(pc.invert(yes)), -1)).as_py()


def test_no_question_asks_about_a_node_and_itself(data):
    pattern = "^Does (?P<cause>[A-Za-z0-9]+) cause (?P<effect>[A-Za-z0-9]+)[?]$"
    asked = pc.extract_regex(data.table["question"], pattern)
    assert asked.null_count == 0
    assert not pc.any(pc.equal(pc.struct_field(asked, "cause"), pc.struct_field(asked, "effect"))).as_py()


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


def test_labels_and_hops_agree_with_networkx(data):
    for row in data.sample(1500):
        graph = nx.DiGraph(data.premises[row["premise"]])
        cause, effect = row["question"].removeprefix("Does ").removesuffix("?").split(" cause ")
        graph.add_nodes_from([cause, effect])
        connected = nx.has_path(graph, cause, effect)
        assert row["completion"] == ("Yes" if connected else "No")
        assert row["hops"] == (nx.shortest_path_length(graph, cause, effect) if connected else -1)


def test_certificates_prove_the_labels(data):
    for row in data.table.to_pylist() if data.config == GENERALIZATION else data.sample(5000):
        check(row)


def test_the_rows_of_a_premise_stand_together(data):
    ids = data.table["graph_id"].to_pylist()
    changes = 1 + sum(before != after for before, after in pairwise(ids))
    assert changes == len(set(ids)) == len(data.premises)


# Training splits


def test_training_mixes_are_the_published_ones(train):
    shares = {
        "transitivity_ts2": {"sequential": 132_500, "flipped": 35_500, "reversed": 7_000},
        "transitivity_ts1": {"sequential": 101_500, "flipped": 61_500, "reversed": 12_000},
        "transitivity_occ": {"sequential": 175_000},
    }
    counts = train.table["structure"].value_counts().to_pylist()
    assert {count["values"]: count["counts"] for count in counts} == shares[train.config]


def test_training_chains_have_three_to_six_nodes_in_equal_shares(train):
    counts = {count["values"]: count["counts"] for count in train.table["num_nodes"].value_counts().to_pylist()}
    assert set(counts) == {3, 4, 5, 6}
    assert all(abs(count - 43_750) <= 6 for count in counts.values())


def test_training_premises_come_in_random_order(train):
    """Every tenth of the split holds all structures and sizes in about the same proportion."""
    cells = list(zip(train.table["structure"].to_pylist(), train.table["num_nodes"].to_pylist(), strict=True))
    whole = Counter(cells)
    for start in range(0, len(cells), 17_500):
        part = Counter(cells[start : start + 17_500])
        for cell, count in whole.items():
            assert abs(part[cell] - count / 10) < 6 * (8 * count / 10) ** 0.5


@pytest.mark.parametrize("held_out", [pair for pair in ALL_SPLITS if pair[1] != "train"], ids="/".join)
def test_no_held_out_premise_is_trained_on_in_any_order_of_its_sentences(held_out, train):
    """Not even by the training split of another config."""
    assert not published(*held_out).edge_sets & train.edge_sets


# Generalization splits


def test_the_cells_are_the_published_ones(axis):
    cells = [(structure, size, factor and round(factor, 4)) for structure, size, factor in axis.cells()]
    assert cells == PUBLISHED_CELLS[axis.split]


def test_every_cell_has_enough_questions_and_premises(axis):
    for cell in axis.cells().values():
        assert len(cell) >= 500
        assert len(set(cell)) >= 250


def test_generalization_axes_share_no_premise(axis):
    for other in AXES:
        if other != axis.split:
            assert not axis.premises.keys() & published(GENERALIZATION, other).premises.keys()


def test_branching_graphs_have_the_promised_number_of_edges():
    for row in published(GENERALIZATION, "branching").graphs:
        assert row["num_edges"] == int(round(row["branching_factor"], 4) * row["num_nodes"])
        assert row["num_edges"] == row["premise"].count(" causes ")


def test_longer_shuffled_chains_are_out_of_order():
    rows = [row for row in published(GENERALIZATION, "shuffled").graphs if row["num_nodes"] >= 8]
    in_order = sum(runs_along(read_edges(row["premise"])) for row in rows)
    assert in_order <= len(rows) // 500


def test_long_names_have_one_length_within_a_graph():
    data = published(GENERALIZATION, "long_names")
    for row in data.graphs:
        assert {len(name) for edge in data.premises[row["premise"]] for name in edge} == {row["name_length"]}
    assert {row["name_length"] for row in data.graphs} == set(range(4, 11))
