"""Fresh rows: endless, the same each time, shared out, resumed exactly and never those that are scored."""

import gc
import pickle

import datasets
import pyarrow as pa
import pytest
from datasets.distributed import split_dataset_by_node
from splits import GENERALIZATION, generate, published
from torch.utils.data import DataLoader

from hf_causal.corpora import generate_shard, get_config
from hf_causal.corpora.infinite import fresh_shard
from hf_causal.corpora.stream import NUM_SHARDS, stream_corpus
from hf_causal.tasks.proving import check

SMALL = {"rows": 600, "validation_rows": 400, "rows_per_shard": 200}


def config(**options):
    return get_config("axiomatic", "transitivity_ts2", **{**SMALL, **options})


def stream(**options):
    return stream_corpus("axiomatic", "transitivity_ts2", **{**SMALL, **options})


def prompts(rows, count):
    return [row["prompt"] for _, row in zip(range(count), rows, strict=False)]


def test_a_fresh_shard_is_a_training_shard_of_another_seed():
    first, fixed = fresh_shard("axiomatic", config(), 0), generate_shard("axiomatic", config(), "train", 0)
    assert first.schema.equals(fixed.schema, check_metadata=True) and first.num_rows == fixed.num_rows
    assert first.equals(fresh_shard("axiomatic", config(), 0))
    for row in first.to_pylist()[::10]:
        check(row)
    everywhere = [fresh_shard("axiomatic", config(seed=seed), number) for seed in (0, 1) for number in range(6)]
    ids = {graph for table in everywhere[:6] for graph in table["graph_id"].unique().to_pylist()}
    assert len(ids) == sum(len(table["graph_id"].unique()) for table in everywhere[:6])
    premises = [set(table["premise"].to_pylist()) for table in [*everywhere, fixed]]
    # Short names come again by chance, in one premise of some hundreds.
    for index, some in enumerate(premises):
        assert all(len(some & other) <= 2 for other in premises[:index])


def test_no_fresh_premise_is_in_a_split_that_is_scored():
    # Single letters for three nodes: so few sets of names that premises would meet many times, were they let to.
    narrow = {"nodes": (3,), "name_lengths": (1, 1), "rows": 12_000, "validation_rows": 4000, "rows_per_shard": 6000}
    fixed = config(**narrow)
    fresh = set().union(*(name_sets(fresh_shard("axiomatic", fixed, number)) for number in range(4)))
    validation, train = (name_sets(pa.concat_tables(generate(fixed, split))) for split in ("validation", "train"))
    assert len(fresh) > 3000 and len(validation) > 500
    assert len(fresh & train) > 100
    assert not fresh & validation
    published_options = {**narrow, "nodes": (3, 4, 5, 6), "name_lengths": (1, 3)}
    shard = name_sets(fresh_shard("axiomatic", config(**published_options), 0))
    assert not shard & name_sets(published("transitivity_ts2", "validation").table)
    assert not shard & name_sets(published(GENERALIZATION, "reversed").table)


def name_sets(table):
    return {
        frozenset(premise.replace(".", "").split()) - {"causes"} for premise in table["premise"].unique().to_pylist()
    }


def test_the_stream_is_endless_typed_and_the_same_each_time():
    rows = stream()
    assert isinstance(rows, datasets.IterableDataset) and rows.features["label"] == datasets.ClassLabel(
        names=["No", "Yes"]
    )
    taken = prompts(rows, 1500)  # beyond two rounds of 600
    assert len(taken) == 1500 and len(set(taken)) > 1490
    assert taken == prompts(stream(), 1500) != prompts(stream(seed=1), 1500)
    tables = rows.with_format("arrow").iter(batch_size=300)
    assert next(tables)["prompt"].to_pylist() == taken[:300]


@pytest.mark.parametrize("format", [None, "numpy"])
@pytest.mark.parametrize("stop", [0, 1, 199, 200, 750])
def test_the_stream_resumes_at_the_exact_row_and_generates_nothing_twice(format, stop, monkeypatch):
    whole = prompts(stream(), 1000)
    rows = stream().with_format(format)
    iterator = iter(rows)
    for _ in range(stop):
        next(iterator)
    state = rows.state_dict()
    resumed = stream().with_format(format)
    resumed.load_state_dict(pickle.loads(pickle.dumps(state)))
    import hf_causal.corpora.stream as module

    numbers = []
    monkeypatch.setattr(module, "fresh_shard", lambda *args: numbers.append(args[2]) or fresh_shard(*args))
    assert prompts(resumed, 1000 - stop) == whole[stop:]
    assert min(numbers) >= stop // 300


def test_nodes_read_disjoint_shares_of_the_stream():
    rows = stream()
    nodes = [split_dataset_by_node(rows, rank, 3) for rank in range(3)]
    assert [node.num_shards for node in nodes] == [NUM_SHARDS // 3] * 3
    parts = [prompts(node, 400) for node in nodes]
    assert len(set(sum(parts, []))) > 1190
    iterator = iter(nodes[1])
    before = [next(iterator)["prompt"] for _ in range(250)]
    resumed = split_dataset_by_node(stream(), 1, 3)
    resumed.load_state_dict(nodes[1].state_dict())
    assert before + prompts(resumed, 150) == parts[1]


def test_the_workers_of_a_loader_share_the_stream_out():
    loader = DataLoader(stream(), batch_size=50, num_workers=2, collate_fn=list)
    batches = [batch for _, batch in zip(range(12), loader, strict=False)]
    for index, batch in enumerate(batches):  # of the two workers in turn
        assert {number_of(row["graph_id"]) % 2 for row in batch} == {index % 2}
    assert len({row["prompt"] for batch in batches for row in batch}) > 590


def number_of(graph_id):
    """The shard's number, from the round and the shard of a round that the id names."""
    turn, _, _, shard, _ = graph_id.split("/")
    return 3 * int(turn.removeprefix("fresh-")) + int(shard)


def test_a_shuffled_stream_that_is_left_early_ends_quietly(monkeypatch):
    ignored = []
    monkeypatch.setattr("sys.unraisablehook", ignored.append)
    iterator = iter(stream().shuffle(seed=1, buffer_size=50))
    first = [next(iterator)["prompt"] for _ in range(10)]
    del iterator
    gc.collect()
    assert not ignored
    assert first == prompts(stream().shuffle(seed=1, buffer_size=50), 10) != prompts(stream(), 10)


def test_a_config_without_training_rows_has_no_fresh_ones():
    with pytest.raises(ValueError, match="has no split 'train'; it has sequential"):
        stream_corpus("axiomatic", GENERALIZATION)
    with pytest.raises(ValueError, match="`number` must not be negative, got -1"):
        fresh_shard("axiomatic", config(), -1)
    with pytest.raises(ValueError, match="has no config 'x'"):
        stream_corpus("axiomatic", "x")
