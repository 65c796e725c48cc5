import hashlib
import json

import datasets
import pyarrow.parquet as pq
import pytest
import yaml

from dataset_builders import load_builder
from dataset_builders.axiomatic import Axiomatic
from hf_causal.corpora import config_names, get_config
from hf_causal.corpora.build import build
from hf_causal.corpora.load import load_corpus
from hf_causal.corpora.parquet import write_config
from hf_causal.tasks.proving import check
from hf_causal.tasks.shared.schema import rows_digest, split_digest

SMALL = {"rows": 4000, "validation_rows": 400, "rows_per_shard": 1000}


def files_of(folder):
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*.parquet"))
    }


def test_one_and_two_processes_write_the_same_bytes(tmp_path):
    config = get_config("axiomatic", "transitivity_ts2", **SMALL)
    one = write_config("axiomatic", config, tmp_path / "one", num_proc=1)
    two = write_config("axiomatic", config, tmp_path / "two", num_proc=2)
    assert one == two
    assert files_of(tmp_path / "one") == files_of(tmp_path / "two")
    assert len(files_of(tmp_path / "one")) == 4 + 1


def test_load_dataset_loads_what_was_built(corpus_dir):
    assert datasets.get_dataset_config_names(str(corpus_dir)) == ["transitivity_ts2", "transitivity_generalization"]
    assert datasets.get_dataset_default_config_name(str(corpus_dir)) == "transitivity_ts2"
    train = datasets.load_dataset(str(corpus_dir), "transitivity_ts2", split="train")
    assert train.num_rows == 2000
    assert train.features["label"] == datasets.ClassLabel(names=["No", "Yes"])
    assert train.features["branching_factor"] == datasets.Value("float32")
    for row in train.select(range(0, 2000, 40)):
        check(row)
    stream = datasets.load_dataset(str(corpus_dir), "transitivity_generalization", split="branching", streaming=True)
    assert next(iter(stream))["structure"] == "branching"
    half = datasets.load_dataset(str(corpus_dir), "transitivity_ts2", split="validation[:50%]")
    assert half.num_rows == 200


def test_another_build_under_the_same_name_is_not_served_from_the_cache(tmp_path):
    prompts = []
    for seed in (1, 2):
        folder = tmp_path / str(seed) / "data"
        build("axiomatic", folder, ["transitivity_occ"], rows=400, validation_rows=400, seed=seed)
        prompts.append(datasets.load_dataset(str(folder), "transitivity_occ", split="train")["prompt"][:])
        assert load_corpus("axiomatic", "transitivity_occ", "train", folder)["prompt"].to_pylist() == prompts[-1]
    assert prompts[0] != prompts[1]


def test_the_default_config_is_the_first_one(corpus_dir):
    card = yaml.safe_load((corpus_dir / "README.md").read_text().split("---")[1])
    assert [config["config_name"] for config in card["configs"] if config.get("default")] == ["transitivity_ts2"]


def test_the_digests_on_the_card_are_those_of_the_rows(corpus_dir):
    manifest = json.loads((corpus_dir / "transitivity_ts2" / "manifest.json").read_text())
    files = sorted((corpus_dir / "transitivity_ts2").glob("train-*.parquet"))
    digest = split_digest(rows_digest(pq.read_table(path)) for path in files)
    assert digest == manifest["splits"]["train"]["sha256"]
    assert digest in (corpus_dir / "README.md").read_text()


def test_a_failed_build_leaves_nothing_and_keeps_what_was_there(tmp_path, monkeypatch):
    build("axiomatic", tmp_path, ["transitivity_occ"], rows=400, validation_rows=80)
    before = files_of(tmp_path)
    import hf_causal.corpora.atomic_build as staging

    def broken(*args, **kwargs):
        raise OSError("no space left on device")

    monkeypatch.setattr(staging.pq, "write_table", broken)
    with pytest.raises(OSError, match="no space left"):
        build("axiomatic", tmp_path, ["transitivity_occ"], rows=800, validation_rows=80)
    assert files_of(tmp_path) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["README.md", "transitivity_occ"]


def test_the_builder_gives_the_same_rows_as_the_files(tmp_path, corpus_dir):
    builder = load_builder("axiomatic", "transitivity_ts2", rows=2000, validation_rows=400, cache_dir=str(tmp_path))
    builder.download_and_prepare()
    built = builder.as_dataset("train")
    files = datasets.load_dataset(str(corpus_dir), "transitivity_ts2", split="train")
    assert built.to_list() == files.to_list()
    assert built.features == files.features


def test_the_builder_streams_in_shards():
    stream = Axiomatic(config_name="transitivity_ts2", **SMALL).as_streaming_dataset("train")
    assert stream.num_shards == 4
    assert sum(1 for _ in stream) == 4000


def test_options_have_a_separate_cache(tmp_path):
    names = {
        Axiomatic(config_name="transitivity_ts2", cache_dir=str(tmp_path), **options).cache_dir
        for options in ({}, {"seed": 1}, {"rows": 400})
    }
    assert len(names) == 3


def test_every_config_has_a_builder():
    assert set(Axiomatic.builder_configs) == set(config_names("axiomatic"))


def test_wrong_requests_are_refused_before_anything_is_written(tmp_path, corpus_dir):
    out = tmp_path / "out"
    for arguments, options, message in [
        (("causal", out), {}, "`corpus` must be one of axiomatic, corr2cause"),
        (("axiomatic", out, ["transitivity_ts9"]), {}, "has no config 'transitivity_ts9'; it has transitivity_ts2"),
        (("axiomatic", out, ["transitivity_ts2"]), {"rows_per_cell": 4}, "has no option 'rows_per_cell'"),
        (("axiomatic", out, ["transitivity_ts2"]), {"rows": 401}, "`rows` must be even"),
        (("axiomatic", out, ["transitivity_ts2"]), {"nodes": (2, 3)}, "`nodes` must be different sizes of at least 3"),
    ]:
        with pytest.raises(ValueError, match=message):
            build(*arguments, **options)
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="`out` must be a folder"):
        build("axiomatic", tmp_path / "file", ["transitivity_occ"])
    with pytest.raises(ValueError, match="`num_proc` must be at least 1"):
        build("axiomatic", out, ["transitivity_occ"], num_proc=0)
    assert not out.exists()
    with pytest.raises(FileNotFoundError, match="holds no config 'transitivity_occ' with a split 'train'"):
        load_corpus("axiomatic", "transitivity_occ", "train", corpus_dir)
    with pytest.raises(ValueError, match="has no config 'x'"):
        load_builder("axiomatic", "x")
