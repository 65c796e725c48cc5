"""What the questions of the d-separation corpus ask and answer, its options and its bytes."""

import re

import networkx as nx
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from oracles import digraph, is_open
from splits import ALL_SPLITS, D_SEPARATION, Generated, generate, published, read_edges

from hf_causal.corpora import generate_shard, get_config
from hf_causal.graphs import dags as graphs
from hf_causal.tasks.d_separation.rows import _ask, _draw_questions
from hf_causal.tasks.proving import check, prove
from hf_causal.tasks.shared.names import draw_names
from hf_causal.tasks.shared.schema import Cell, CorpusConfig, rows_digest, split_digest
from hf_causal.utils.randomness import Stream

QUESTION = re.compile(r"Are ([A-Za-z0-9]+) and ([A-Za-z0-9]+) d-separated(?: given \{([A-Za-z0-9, ]+)\})?\?")


@pytest.fixture(scope="module", params=[pair for pair in ALL_SPLITS if "d_sep" in pair[0]], ids="/".join)
def data(request) -> Generated:
    return published(*request.param)


def read_question(text: str) -> tuple[str, str, list[str]]:
    x, y, members = QUESTION.fullmatch(text).groups()
    return x, y, members.split(", ") if members else []


def small(name: str = "d_separation", **options) -> CorpusConfig:
    defaults = {"rows_per_cell": 20} if name == D_SEPARATION else {"rows": 1200, "validation_rows": 400}
    return get_config("axiomatic", name, **(defaults | options))


# Published splits


def test_completion_label_and_hops_say_the_same(data):
    yes = pc.equal(data.table["hops"], -1)
    assert pc.equal(data.table["label"], 1).equals(yes)
    assert pc.equal(data.table["completion"], "Yes").equals(yes)
    assert pc.min(data.table["hops"].filter(pc.invert(yes))).as_py() == 1


def test_questions_are_about_two_nodes_and_a_sorted_set_of_others(data):
    for question in data.table["question"].to_pylist():
        x, y, members = read_question(question)
        assert members == sorted(set(members))
        assert len({x, y, *members}) == len(members) + 2


def test_no_question_occurs_twice_with_its_nodes_exchanged(data):
    asked = set()
    for graph, question in zip(data.table["graph_id"].to_pylist(), data.table["question"].to_pylist(), strict=True):
        x, y, members = read_question(question)
        asked.add((graph, frozenset((x, y)), *members))
    assert len(asked) == len(data.table)


def test_labels_and_hops_agree_with_networkx(data):
    for row in data.sample(1500):
        x, y, members = read_question(row["question"])
        graph = digraph(data.premises[row["premise"]], [x, y, *members])
        separated = nx.is_d_separator(graph, {x}, {y}, set(members))
        assert row["completion"] == ("Yes" if separated else "No")
        assert row["hops"] == prove(row["prompt"]).hops
        if not separated:
            path = re.match(r'\{"path": \[([^]]*)\]', row["certificate"])[1].replace('"', "").split(", ")
            assert len(path) == row["hops"] + 1
            assert is_open(graph, path, x, y, set(members))


def test_either_node_may_come_first(data):
    """Whatever the order in which the premise names them."""
    first = []
    for row in data.sample(4000):
        words = row["premise"].replace(".", "").split()
        x, y, _ = read_question(row["question"])
        first.append(words.index(x) < words.index(y) if {x, y} <= set(words) else x < y)
    assert abs(np.mean(first) - 0.5) < 4 * 0.5 / len(first) ** 0.5


def test_conditioning_sets_have_every_size_in_every_cell(data):
    sizes = {}
    for row in data.table.select(["structure", "num_nodes", "branching_factor", "question"]).to_pylist():
        cell = (row["structure"], row["num_nodes"], row["branching_factor"])
        sizes.setdefault(cell, set()).add(len(read_question(row["question"])[2]))
    for (_, num_nodes, _), found in sizes.items():
        assert found == set(range(num_nodes - 1))


# How questions are drawn


def test_candidates_are_uniform_over_pairs_sizes_and_sets():
    count, num_nodes = 48_000, 4
    x, y, given = _draw_questions(count, num_nodes, Stream("uniform"))
    rows = np.arange(count)
    assert not (given[rows, x] | given[rows, y] | (x == y)).any()
    pairs = np.bincount(x * num_nodes + y, minlength=16)
    assert set(np.flatnonzero(pairs == 0)) == {0, 5, 10, 15}
    assert abs(pairs[pairs > 0] - count / 12).max() < 5 * (count / 12) ** 0.5
    size = given.sum(axis=1)
    assert abs(np.bincount(size) - count / 3).max() < 5 * (count / 3) ** 0.5
    # Of the two nodes that are neither x nor y, a set of one holds either equally often.
    lower = given[rows, [min({0, 1, 2, 3} - {a, b}) for a, b in zip(x, y, strict=True)]][size == 1]
    assert abs(lower.mean() - 0.5) < 5 * 0.5 / len(lower) ** 0.5


def test_candidates_of_large_graphs_have_the_size_that_was_drawn():
    _, _, given = _draw_questions(4000, 100, Stream("large"))
    sizes = given.sum(axis=1)
    assert sizes.min() < 5 and sizes.max() > 93 and abs(sizes.mean() - 49) < 2


# Bytes, shards, options

GOLDEN = {
    "d_separation": "99c7d8142f519c06eec7811ece5371b9aacf204ad6759fa9f1c14ef742a77a33",
    "d_separation_generalization": "db93327d6194b62bc44dee4fdde5c15f6b0c2dd1c83fd0377f8658ecdb6b82bf",
}


@pytest.mark.parametrize("name", GOLDEN)
def test_the_bytes_of_a_corpus_are_pinned(name):
    """Whoever changes them on purpose raises the version of the corpus."""
    config = small(name)
    shards = [rows_digest(table) for split in config.splits for table in generate(config, split)]
    assert split_digest(shards) == GOLDEN[name]


@pytest.mark.parametrize("name", GOLDEN)
def test_every_row_of_a_small_build_is_proved(name):
    config = small(name, seed=11)
    for split in config.splits:
        for row in generate_shard("axiomatic", config, split, 0).to_pylist():
            check(row)


def test_a_shard_does_not_depend_on_what_was_made_before():
    config = small(rows_per_shard=300)
    forward = [generate_shard("axiomatic", config, "train", shard) for shard in range(4)]
    backward = [generate_shard("axiomatic", config, "train", shard) for shard in reversed(range(4))]
    assert all(first.equals(second) for first, second in zip(forward, reversed(backward), strict=True))


def test_shards_share_no_premise_and_sum_to_the_split():
    config = small(rows=20_000, rows_per_shard=1000)
    shards = generate(config, "train")
    assert [len(shard) for shard in shards] == pytest.approx([1000] * 20, abs=24)
    assert sum(map(len, shards)) == 20_000
    sets = [{frozenset(read_edges(text)) for text in shard["premise"].unique().to_pylist()} for shard in shards]
    assert len(set().union(*sets)) == sum(map(len, sets))


def test_few_names_leave_no_premise_of_validation_in_train():
    config = small(nodes=(3,), name_lengths=(1, 1), rows=24_000, validation_rows=2_000)
    train, validation = (
        Generated("d_separation", split, pa.concat_tables(generate(config, split))) for split in config.splits
    )
    assert len(train.edge_sets) == len(train.graphs)
    assert not train.edge_sets & validation.edge_sets


def test_options_shape_the_corpus():
    config = small(rows=600, nodes=(4, 9), name_lengths=(2, 5), questions_per_premise=4, seed=5)
    table = generate_shard("axiomatic", config, "train", 0)
    assert len(table) == 600
    assert set(table["num_nodes"].to_pylist()) == {4, 9}
    assert pc.max(table.group_by("graph_id").aggregate([("label", "count")])["label_count"]).as_py() == 4
    for row in table.to_pylist():
        assert {len(name) for edge in read_edges(row["premise"]) for name in edge} <= {2, 3, 4, 5}
        check(row)


def test_large_graphs_get_questions():
    config = small(D_SEPARATION, nodes=(70, 130))
    for split in config.splits:
        rows = generate_shard("axiomatic", config, split, 0).to_pylist()
        assert {row["num_nodes"] for row in rows} == {70, 130}
        for row in rows:
            check(row)


def test_no_cell_consists_of_complete_graphs():
    cells = get_config("axiomatic", D_SEPARATION, nodes=(5, 8)).splits["branching"]
    assert [(cell.num_nodes, cell.branching_factor) for cell in cells] == [(5, 1.4), (8, 1.4), (8, 2.0)]


def test_complete_graphs_get_no_questions():
    cell = Cell("branching", 5, 20, branching_factor=2.0)
    edges = graphs.erdos_renyi_dags(10, 5, 2.0, Stream("complete"))
    asked = _ask(cell, edges, draw_names(Stream("names"), 10, 5), 20, Stream("questions"))
    assert len(asked.edges) == len(asked.question) == len(asked.certificate) == 0


def test_what_cannot_be_made_is_refused():
    with pytest.raises(ValueError, match="`nodes` 3 are too few for branching graphs at branching factor 1.4"):
        small(D_SEPARATION, nodes=(3,))
    with pytest.raises(ValueError, match="no option 'rows'; it has rows_per_cell, nodes, seed, rows_per_shard"):
        small(D_SEPARATION, rows=500)
    with pytest.raises(ValueError, match="leave too few different premises for the cell sequential, 3 nodes"):
        generate_shard("axiomatic", small(nodes=(3,), name_lengths=(1, 1), validation_rows=17_500), "validation", 0)
