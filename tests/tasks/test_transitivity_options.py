"""Determinism, shards and options of the transitivity corpus."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from datasets import ClassLabel, Features
from splits import GENERALIZATION, Generated, generate, read_edges

from hf_causal.corpora import generate_shard, get_config
from hf_causal.tasks.shared.schema import Cell, CorpusConfig, rows_digest, split_digest

TRAINING = ("transitivity_ts2", "transitivity_ts1", "transitivity_occ")


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
    "transitivity_generalization": "6e5d527be1a0a33f7c1215d279d273bf5cce8b5e8b3d9e9eee0be6dfffc98836",
}


@pytest.mark.parametrize("name", GOLDEN)
def test_the_bytes_of_a_corpus_are_pinned(name):
    """Whoever changes them on purpose raises the version of the corpus."""
    assert digest(small(name)) == GOLDEN[name]


def test_another_process_makes_the_same_bytes():
    """Whatever the order in which its sets are walked through."""
    code = (
        "from hf_causal.corpora import generate_shard, get_config\n"
        "from hf_causal.tasks.shared.schema import rows_digest\n"
        "config = get_config('axiomatic', 'transitivity_ts2', rows=1200, rows_per_shard=300)\n"
        "print(rows_digest(generate_shard('axiomatic', config, 'train', 2)), end='')"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"PYTHONHASHSEED": seed},
            cwd=Path(__file__).resolve().parents[2],
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


def test_sizes_and_rows_of_the_generalization_cells_are_options():
    config = small(GENERALIZATION, rows_per_cell=20, nodes=(5, 8))
    for split in config.splits:
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
