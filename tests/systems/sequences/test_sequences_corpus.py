"""The corpus of sequences: rows, splits, determinism, the builder, and fresh rows."""

import datasets
import numpy as np
import pyarrow as pa
import pytest

from dataset_builders import load_builder
from hf_causal.corpora import config_names, generate_shard, get_config
from hf_causal.corpora.build import build
from hf_causal.corpora.infinite import fresh_shard
from hf_causal.systems.sequences.corpus import SHIFTED, graph_of, matrix_of
from hf_causal.systems.sequences.latent_graphs import bayes_predictive, soft_cross_entropy

CORPUS = "causal_sequences"
SMALL = {"rows": 60, "validation_rows": 30, "rows_per_cell": 40, "rows_per_shard": 25}
each_config = pytest.mark.parametrize("name", config_names(CORPUS))


def whole(config, split):
    return pa.concat_tables(generate_shard(CORPUS, config, split, shard) for shard in range(config.num_shards(split)))


@each_config
def test_rows_are_what_their_columns_say(name):
    config = get_config(CORPUS, name, **SMALL)
    graphs = set()
    for split in config.splits:
        rows = whole(config, split)
        assert rows.num_rows == config.num_rows(split) and len(set(rows["graph_id"].to_pylist())) == rows.num_rows
        graph, states, alpha = graph_of(rows), rows["num_states"][0].as_py(), rows["alpha"][0].as_py()
        graphs.add(graph.parents)
        tokens, targets = matrix_of(rows["tokens"]), matrix_of(rows["target_probabilities"])
        assert tokens.shape == (rows.num_rows, graph.length) and tokens.min() >= 0 and tokens.max() < states
        assert targets.sum(1) == pytest.approx(np.ones(rows.num_rows), abs=1e-5)
        assert targets[np.arange(len(targets)), rows["target"].to_numpy()].min() > 0
        bayes = bayes_predictive(tokens, graph, states, alpha)
        assert matrix_of(rows["bayes_probabilities"]) == pytest.approx(bayes, abs=1e-5)
        assert alpha == pytest.approx(SHIFTED.get(split, 0.1))
    assert len(graphs) == 1 and set(SHIFTED) < set(config.splits)


def test_a_row_depends_on_its_key_alone():
    config = get_config(CORPUS, "random", **SMALL)
    assert generate_shard(CORPUS, config, "train", 1).equals(generate_shard(CORPUS, config, "train", 1))
    others = [get_config(CORPUS, "random", seed=1, **SMALL), get_config(CORPUS, "random", graph_seed=1, **SMALL)]
    for other in others:
        assert (
            generate_shard(CORPUS, other, "train", 1)["tokens"] != generate_shard(CORPUS, config, "train", 1)["tokens"]
        )
    graphs = [graph_of(generate_shard(CORPUS, one, "train", 1)).parents for one in (config, *others)]
    assert graphs[0] == graphs[1] != graphs[2]  # the seed of the sequences leaves the graph as it is


def test_fresh_rows_have_the_same_graph_and_other_sequences():
    config = get_config(CORPUS, "forest", **SMALL)
    first, second = (fresh_shard(CORPUS, config, number) for number in (0, 3))
    fixed = generate_shard(CORPUS, config, "train", 0)
    assert graph_of(first) == graph_of(second) == graph_of(fixed)
    seen = [rows["target_probabilities"].to_pylist() for rows in (first, second, fixed)]
    assert seen[0] != seen[1] and seen[0] != seen[2]


def test_other_priors_are_harder_or_easier_for_the_reference():
    config = get_config(CORPUS, "chain", rows_per_cell=2000)
    losses = []
    for split in ("peaked_transitions", "test", "broad_transitions", "flat_transitions"):
        rows = generate_shard(CORPUS, config, split, 0)
        losses.append(soft_cross_entropy(*(matrix_of(rows[f"{name}_probabilities"]) for name in ("bayes", "target"))))
    assert losses == sorted(losses)


def test_the_builder_and_load_dataset_give_the_same_rows(tmp_path):
    build(CORPUS, tmp_path / "out", ["multi_parent"], length=8, states=3, **SMALL)
    loaded = datasets.load_dataset(str(tmp_path / "out"), "multi_parent", split="test")
    builder = load_builder(CORPUS, "multi_parent", length=8, states=3, cache_dir=str(tmp_path / "cache"), **SMALL)
    builder.download_and_prepare()
    assert builder.as_dataset("test")[:] == loaded[:]
    assert loaded.features["tokens"] == datasets.List(datasets.Value("int8"))
    assert loaded[0]["parents"] == [[], [], [0, 1], [1, 2], [1, 3], [2, 4], [2, 5], [3, 6], [3, 7]]
    card = (tmp_path / "out" / "README.md").read_text()
    assert "flat_transitions" in card and "SFTTrainer" not in card and "hf-causal verify" not in card


def test_rows_of_several_graphs_are_refused():
    tables = [
        generate_shard(CORPUS, get_config(CORPUS, "random", graph_seed=seed, **SMALL), "test", 0) for seed in (0, 1)
    ]
    with pytest.raises(ValueError, match="several graphs"):
        graph_of(pa.concat_tables(tables))
    with pytest.raises(ValueError, match="`rows` is empty"):
        graph_of(tables[0][:0])


def test_mistakes_are_named():
    for options, message in [
        ({"states": 1}, "`states` must lie in 2 ... 100, got 1"),
        ({"alpha": 0.0}, r"`alpha` must lie in \(0, 100\], got 0.0"),
        ({"length": 2}, "`length` must lie in 3 ... 127, got 2"),
        ({"rows": 0}, "`rows` of a cell must be at least 1, got 0"),
        ({"nodes": (3,)}, "has no option 'nodes'"),
    ]:
        with pytest.raises(ValueError, match=message):
            get_config(CORPUS, "chain", **options)
