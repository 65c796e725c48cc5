"""The invariants of the published transitivity corpus, at full size, and the options of its configs."""

import os
import signal
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import pairwise
from pathlib import Path

import networkx as nx
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from datasets import ClassLabel, Features

from hf_causal.certificates import check
from hf_causal.corpora import config_names, generate_shard, get_config
from hf_causal.corpora.schema import CELL_COLUMNS, Cell, CorpusConfig, arrow_schema, rows_digest, split_digest
from hf_causal.names import RESERVED_WORDS

Edge = tuple[str, str]

GENERALIZATION = "transitivity_generalization"
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


def read_edges(premise: str) -> list[Edge]:
    """By plain splitting, independent of the package's reader."""
    return [tuple(statement.split(" causes ")) for statement in premise.removesuffix(".").split(". ")]


def generate(config: CorpusConfig, split: str) -> list[pa.Table]:
    return [generate_shard("axiomatic", config, split, shard) for shard in range(config.num_shards(split))]


@dataclass(frozen=True)
class Generated:
    """A split at full size, with what many tests read from it."""

    config: str
    split: str
    table: pa.Table

    @cached_property
    def premises(self) -> dict[str, list[Edge]]:
        return {premise: read_edges(premise) for premise in self.table["premise"].unique().to_pylist()}

    @cached_property
    def edge_sets(self) -> set[frozenset[Edge]]:
        return {frozenset(edges) for edges in self.premises.values()}

    @cached_property
    def graphs(self) -> list[dict]:
        """The first row of each premise."""
        first = np.unique(self.table["graph_id"].to_numpy(zero_copy_only=False).astype(str), return_index=True)[1]
        return self.table.take(pa.array(np.sort(first))).to_pylist()

    def sample(self, rows: int) -> list[dict]:
        """At most so many rows, evenly spread, so that every cell of an evaluation split is met."""
        return self.table.take(pa.array(np.arange(0, len(self.table), max(1, len(self.table) // rows)))).to_pylist()

    def cells(self) -> dict[tuple, list[str]]:
        """From (structure, size, branching factor) to the premise of each question."""
        cells = defaultdict(list)
        columns = (self.table[name].to_pylist() for name in ("structure", "num_nodes", "branching_factor", "premise"))
        for *cell, premise in zip(*columns, strict=True):
            cells[tuple(cell)].append(premise)
        return cells


@cache
def published(config: str, split: str) -> Generated:
    return Generated(config, split, pa.concat_tables(generate(get_config("axiomatic", config), split)))


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


def runs_along(edges: list[Edge]) -> bool:
    """Whether each sentence takes up the effect of the one before."""
    return all(before[1] == after[0] for before, after in pairwise(edges))


def has_structure(structure: str, edges: list[Edge]) -> bool:
    """What the name of a structure promises, judged from the sentences alone."""
    if len({name for edge in edges for name in edge}) != len(edges) + 1:
        return False
    backward = [(effect, cause) for cause, effect in edges]
    if structure == "sequential":
        return runs_along(edges)
    if structure == "reversed":
        return runs_along(backward)
    if structure == "flipped":
        ways = [[backward[0]], [edges[0]]]
        return any(_chain_from(start, edges) for start in ways) and not runs_along(edges) and not runs_along(backward)
    graph = nx.DiGraph(edges)
    undirected = graph.to_undirected()
    is_chain = nx.is_tree(undirected) and max(dict(undirected.degree).values()) <= 2
    one_way = max(dict(graph.in_degree).values()) <= 1 and max(dict(graph.out_degree).values()) <= 1
    return is_chain and one_way == (structure == "shuffled")


def _chain_from(start: list[Edge], edges: list[Edge]) -> bool:
    """Whether each later sentence goes on, in either direction, from the end that the chain has reached."""
    end = start[0][1]
    for cause, effect in edges[1:]:
        if end not in (cause, effect):
            return False
        end = effect if end == cause else cause
    return True


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


# Determinism


def small(name: str = "transitivity_ts2", **options) -> CorpusConfig:
    defaults = {"rows_per_cell": 20} if name == GENERALIZATION else {"rows": 1200, "validation_rows": 400}
    return get_config("axiomatic", name, **(defaults | options))


def digest(config: CorpusConfig) -> str:
    shards = (rows_digest(table) for split in config.splits for table in generate(config, split))
    return split_digest(shards)


GOLDEN = {
    "transitivity_ts2": "161e9cc7c1116807d997d1de63a326fec65ad1784538a09e6962cb7e382436c9",
    "transitivity_ts1": "373a2adaab82262c6fc0bc63c8792777f3f2498f85cc726d4a012b5b47d50789",
    "transitivity_occ": "efe6841d3c123d9d070be8a4d7ac83c2f683329d3365530ef31cd80679988e33",
    "transitivity_generalization": "86b74f6fa3a488d6e63f01d3cd5588ec84caea5d6502804b86eeb09d4d3e21f6",
}


@pytest.mark.parametrize("name", GOLDEN)
def test_the_bytes_of_a_corpus_are_pinned(name):
    """Whoever changes them on purpose raises the version of the corpus."""
    assert digest(small(name)) == GOLDEN[name]


def test_another_process_makes_the_same_bytes():
    """Whatever the order in which its sets are walked through."""
    code = (
        "from hf_causal.corpora import generate_shard, get_config\n"
        "from hf_causal.corpora.schema import rows_digest\n"
        "config = get_config('axiomatic', 'transitivity_ts2', rows=1200, rows_per_shard=300)\n"
        "print(rows_digest(generate_shard('axiomatic', config, 'train', 2)), end='')"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"PYTHONHASHSEED": seed},
            cwd=Path(__file__).resolve().parents[1],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    config = small(rows_per_shard=300)
    assert outputs == {rows_digest(generate_shard("axiomatic", config, "train", 2))}


def test_a_shard_does_not_depend_on_what_was_made_before():
    config = small(rows_per_shard=300)
    forward = [generate_shard("axiomatic", config, "train", shard) for shard in range(4)]
    backward = [generate_shard("axiomatic", config, "train", shard) for shard in reversed(range(4))]
    assert all(first.equals(second) for first, second in zip(forward, reversed(backward), strict=True))


@pytest.mark.parametrize(("name", "split"), [("transitivity_ts2", "train"), (GENERALIZATION, "branching")])
def test_another_seed_makes_other_premises(name, split):
    first, second = (generate_shard("axiomatic", small(name, seed=seed), split, 0) for seed in (0, 1))
    assert len(set(first["premise"].to_pylist()) & set(second["premise"].to_pylist())) <= 1
    assert first["structure"].value_counts() == second["structure"].value_counts()


def test_the_digest_looks_at_the_rows_and_not_at_their_chunks():
    table = generate_shard("axiomatic", small(), "train", 0)
    assert rows_digest(pa.concat_tables([table[:7], table[7:500], table[500:]])) == rows_digest(table)
    assert rows_digest(table[:-1]) != rows_digest(table)
    assert rows_digest(table.take(pa.array([1, 0, *range(2, len(table))]))) != rows_digest(table)


def test_datasets_reads_the_label_as_a_class():
    features = Features.from_arrow_schema(generate_shard("axiomatic", small(), "train", 0).schema)
    assert features["label"] == ClassLabel(names=["No", "Yes"])
    assert features["branching_factor"].dtype == "float32"


# Shards

FEW_NAMES = {"name_lengths": (1, 1), "nodes": (3,)}
"""So few that premises would meet by chance, if chance were all that kept them apart."""


def test_few_names_repeat_no_premise_and_leave_none_of_validation_in_train():
    config = small("transitivity_occ", **FEW_NAMES, rows=24_000, validation_rows=12_000)
    tables = [pa.concat_tables(generate(config, split)) for split in ("train", "validation")]
    train, validation = (Generated("transitivity_occ", "few names", table) for table in tables)
    for data in (train, validation):
        assert len(data.edge_sets) == len(data.graphs)
    assert not train.edge_sets & validation.edge_sets


@pytest.mark.parametrize(
    ("name", "split", "options"),
    [
        ("transitivity_ts2", "train", {"rows": 40_000, "rows_per_shard": 1000}),
        ("transitivity_occ", "train", {"rows": 20_000, "rows_per_shard": 100}),
        ("transitivity_occ", "validation", {"validation_rows": 4000, "rows_per_shard": 200, "nodes": (3, 6)}),
        ("transitivity_occ", "train", {**FEW_NAMES, "rows": 24_000, "rows_per_shard": 240}),
        (GENERALIZATION, "branching", {"rows_per_cell": 500, "rows_per_shard": 1000}),
    ],
)
def test_shards_share_no_premise_and_sum_to_the_split(name, split, options):
    config = small(name, **options)
    shards = generate(config, split)
    assert len(shards) == config.num_rows(split) // config.rows_per_shard
    assert sum(map(len, shards)) == config.num_rows(split)
    sets = [{frozenset(read_edges(text)) for text in shard["premise"].unique().to_pylist()} for shard in shards]
    assert len(set().union(*sets)) == sum(map(len, sets))
    for shard in shards:
        assert pc.sum(shard["label"]).as_py() * 2 == len(shard)
        assert abs(len(shard) - config.rows_per_shard) <= 2 * len(config.splits[split])


def test_a_cell_is_spread_evenly_over_shards():
    cell = Cell("sequential", 5, 26)
    shares = [cell.rows_in_shard(shard, 4) for shard in range(4)]
    assert sum(shares) == 26
    assert set(shares) <= {6, 8}


def test_every_shard_of_a_tiny_config_can_be_made():
    config = small("transitivity_occ", rows=40, validation_rows=40, rows_per_shard=4)
    assert sum(map(len, generate(config, "train"))) == 40


# Options


def test_options_shape_the_corpus():
    config = small("transitivity_occ", rows=600, nodes=(4, 9), name_lengths=(2, 5), questions_per_premise=2, seed=5)
    table = generate_shard("axiomatic", config, "train", 0)
    assert len(table) == 600
    assert set(table["num_nodes"].to_pylist()) == {4, 9}
    names = {name for text in table["premise"].to_pylist() for edge in read_edges(text) for name in edge}
    assert {len(name) for name in names} == {2, 3, 4, 5}
    assert pc.count_distinct(table["graph_id"]).as_py() == 300


def test_sizes_and_rows_of_the_generalization_cells_can_be_chosen():
    config = small(GENERALIZATION, rows_per_cell=20, nodes=(5, 8))
    for split in AXES:
        table = generate_shard("axiomatic", config, split, 0)
        assert set(table["num_nodes"].to_pylist()) == {5, 8}
        assert len(table) == 20 * len(config.splits[split])


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("transitivity_ts2", {"rows": 1201}, "`rows` must be even.*got 1201"),
        ("transitivity_ts2", {"validation_rows": 401}, "must be even.*got 401"),
        ("transitivity_ts2", {"rows": 20}, "20 rows are too few for 12 cells"),
        ("transitivity_ts2", {"rows": 0}, "0 rows are too few"),
        ("transitivity_ts2", {"nodes": (2, 3)}, r"`nodes`.*got \(2, 3\)"),
        ("transitivity_ts2", {"nodes": (3, 3)}, r"`nodes`.*got \(3, 3\)"),
        ("transitivity_ts2", {"nodes": ()}, r"`nodes`.*got \(\)"),
        ("transitivity_ts2", {"questions_per_premise": 3}, "`questions_per_premise` must be even.*got 3"),
        ("transitivity_ts2", {"questions_per_premise": 0}, "`questions_per_premise`.*got 0"),
        ("transitivity_ts2", {"rows_per_shard": 1}, "`rows_per_shard`.*got 1"),
        ("transitivity_ts2", {"row": 10}, "no option 'row'; it has rows, validation_rows"),
        (GENERALIZATION, {"rows_per_cell": 501}, "even.*got 501"),
        (GENERALIZATION, {"rows": 500}, "no option 'rows'; it has rows_per_cell"),
    ],
)
def test_bad_options_are_refused(name, options, message):
    with pytest.raises(ValueError, match=message):
        get_config("axiomatic", name, **options)


def test_unknown_corpora_and_configs_are_refused_with_those_that_exist():
    with pytest.raises(ValueError, match="`corpus` must be one of .*axiomatic.*got 'axioms'"):
        get_config("axioms", "transitivity_ts2")
    with pytest.raises(ValueError, match="no config 'ts2'; it has transitivity_ts2"):
        get_config("axiomatic", "ts2")
    stranger = CorpusConfig("stranger", "", {"train": (Cell("sequential", 3, 2),)})
    with pytest.raises(ValueError, match="no config 'stranger'"):
        generate_shard("axiomatic", stranger, "train", 0)


def test_unknown_splits_and_shards_are_refused_with_those_that_exist():
    config = small(rows_per_shard=300)
    with pytest.raises(ValueError, match="no split 'test'; it has train, validation"):
        generate_shard("axiomatic", config, "test", 0)
    for shard in (-1, 4):
        with pytest.raises(ValueError, match=rf"`shard` must lie in 0 \.\.\. 3, got {shard}"):
            generate_shard("axiomatic", config, "train", shard)


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """So that an endless search fails its test and does not stop the whole run."""

    def stop(*_):
        pytest.fail(f"still running after {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize(
    ("name", "split", "options", "message"),
    [
        (
            GENERALIZATION,
            "branching",
            {"nodes": (3,)},
            "`nodes` 3 are too few for branching graphs at branching factor 1.4",
        ),
        (GENERALIZATION, "sequential", {"nodes": (1,)}, "`n(um_n)?odes`"),
        (GENERALIZATION, "flipped", {"nodes": (2,)}, "nodes"),
        ("transitivity_occ", "train", {"name_lengths": (3, 1)}, r"`lengths`.*got \(3, 1\)"),
        ("transitivity_occ", "train", {"name_lengths": (1, 1), "nodes": (32,)}, "room for 31 nodes"),
        # There are 37,820 sets of three letters; validation draws from a sixteenth of them, with 6 questions to a set.
        ("transitivity_occ", "validation", {**FEW_NAMES, "validation_rows": 17_500}, "name"),
    ],
)
def test_what_cannot_be_made_is_refused_in_time(name, split, options, message):
    with time_limit(10), pytest.raises(ValueError, match=message):
        generate_shard("axiomatic", small(name, **options), split, 0)
