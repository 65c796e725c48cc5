"""Builds: the same bytes from every engine and place, and nothing lost or mixed when one is killed."""

import json
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import datasets
import pytest
import yaml
from small import needs_ray

from hf_causal.corpora import get_config
from hf_causal.corpora.atomic_build import MANIFEST, Staging
from hf_causal.corpora.build import build
from hf_causal.corpora.load import load_corpus
from hf_causal.corpora.parquet import read_manifests, write_config
from hf_causal.utils.files import Folder

NAME = "transitivity_occ"
SMALL = {"rows": 2000, "validation_rows": 400, "rows_per_shard": 500}
MANY = {"rows": 120_000, "validation_rows": 400, "rows_per_shard": 2000}


def small(**options):
    return get_config("axiomatic", NAME, **{**SMALL, **options})


def contents(folder):
    folder = Folder.at(folder) / NAME
    return {name: folder.read(name) for name in folder.sizes()}


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reference")
    write_config("axiomatic", small(), folder)
    return contents(folder)


@pytest.mark.parametrize(("engine", "num_proc"), [("local", 1), ("local", 2), pytest.param("ray", 2, marks=needs_ray)])
def test_every_engine_writes_the_same_bytes(engine, num_proc, tmp_path, reference):
    write_config("axiomatic", small(), tmp_path, num_proc, engine=engine)
    assert contents(tmp_path) == reference and len(reference) == 4 + 1 + 1
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


@pytest.mark.parametrize("prefix", ["file://", "memory://"])
def test_a_url_holds_the_same_bytes_and_is_read_back(prefix, tmp_path, reference):
    url = f"{prefix}{tmp_path}/data"
    build("axiomatic", url, [NAME], **SMALL)
    build("axiomatic", url, ["transitivity_ts2"], rows=400, validation_rows=400)
    assert contents(url) == reference
    assert [manifest["config"] for manifest in read_manifests(url)] == [NAME, "transitivity_ts2"]
    assert load_corpus("axiomatic", NAME, "train", url).num_rows == 2000
    card = Folder.at(url).read("README.md").decode()
    assert len(yaml.safe_load(card.split("---")[1])["configs"]) == 2 and 'name = "data"' in card
    if prefix == "file://":
        rows = datasets.load_dataset(str(tmp_path / "data"), NAME, split="train")
        assert rows.num_rows == 2000
    with pytest.raises(FileNotFoundError, match="holds no config 'transitivity_ts1'"):
        load_corpus("axiomatic", "transitivity_ts1", "train", url)


def test_the_memory_of_one_process_takes_no_others(tmp_path):
    with pytest.raises(ValueError, match="is the memory of one process"):
        write_config("axiomatic", small(), "memory://shared", num_proc=2)
    with pytest.raises(ValueError, match="`engine` must be one of local, ray, got 'spark'"):
        write_config("axiomatic", small(), tmp_path, engine="spark")
    assert not Folder.at("memory://shared").exists() and not list(tmp_path.iterdir())


@pytest.mark.parametrize("num_proc", [1, 2])
def test_a_killed_build_resumes_and_writes_no_finished_shard_again(num_proc, tmp_path):
    killed, config = tmp_path / "killed", get_config("axiomatic", NAME, **MANY)
    options = [f"--{name.replace('_', '-')}={value}" for name, value in MANY.items()]
    command = [sys.executable, "-m", "hf_causal.cli", "build", "axiomatic", "--config", NAME, *options]
    process = subprocess.Popen(
        [*command, "--out", str(killed), "--num-proc", str(num_proc)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    staging = Staging(Folder.at(killed), "axiomatic", config)
    records, deadline = Path(staging.partial.path, "records"), time.monotonic() + 100
    while len(list(records.glob("*.json"))) < 3 and time.monotonic() < deadline:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (killed / NAME).exists() and not (killed / "README.md").exists()
    time.sleep(0.5)  # for its workers to notice
    finished = staging.finished()
    assert 3 <= len(finished) < len(staging.jobs()) == 61
    before = {
        staging.file_name(*job): stamp(staging.partial.path, "data", staging.file_name(*job)) for job in finished
    }

    told = []
    write_config("axiomatic", config, killed, 1, lambda what, rows: told.append((what, rows)) or told.append)
    assert told[0] == (
        f"building {NAME} ({len(finished)} of 61 files are there)",
        120_400 - sum(record.rows for record in finished.values()),
    )
    assert sum(told[1:]) == told[0][1]
    assert {name: stamp(killed, NAME, name) for name in before} == before
    write_config("axiomatic", config, tmp_path / "whole")
    assert contents(killed) == contents(tmp_path / "whole")
    assert [path.name for path in killed.iterdir()] == [NAME]


def stamp(*parts):
    status = Path(*map(str, parts)).stat()
    return status.st_ino, status.st_mtime_ns


def begin(folder, config, shards):
    """What a build leaves that was killed after some shards."""
    staging = Staging(Folder.at(folder), "axiomatic", config)
    for job in staging.jobs()[:shards]:
        staging.write(*job)
    return staging


def test_shards_of_another_build_are_never_mixed_in(tmp_path, reference):
    others = [small(seed=1), small(rows=4000), small(nodes=(4, 5)), replace(small(), version="9.0.0")]
    others += [small(rows_per_shard=400), get_config("axiomatic", "transitivity_ts1", **SMALL)]
    for config in others:
        begin(tmp_path, config, 3)
    assert len({Staging(Folder.at(tmp_path), "axiomatic", config).fingerprint for config in others}) == len(others)
    write_config("axiomatic", small(), tmp_path)
    assert contents(tmp_path) == reference
    # What was begun under the same name is replaced too; another config's is not touched.
    assert sorted(path.name.partition(".")[0] or path.name[:17] for path in tmp_path.iterdir()) == [
        ".transitivity_ts1",
        NAME,
    ]


def test_another_version_of_the_package_or_of_arrow_is_another_build(tmp_path, monkeypatch):
    staging = Staging(Folder.at(tmp_path), "axiomatic", small())
    prints = [staging.fingerprint]
    monkeypatch.setattr("hf_causal.corpora.atomic_build.__version__", "99")
    prints.append(staging.fingerprint)
    monkeypatch.setattr("hf_causal.corpora.atomic_build.pa.__version__", "99")
    prints.append(staging.fingerprint)
    assert len(set(prints)) == 3


def test_a_damaged_shard_and_one_without_a_record_are_written_again(tmp_path, reference):
    staging = begin(tmp_path, small(), 3)
    data, records = Path(staging.partial.path, "data"), Path(staging.partial.path, "records")
    names = [staging.file_name(*job) for job in staging.jobs()]
    (data / names[0]).write_bytes(b"half")
    (records / f"{names[1]}.json").unlink()
    (data / ".left-by-a-killed-worker.partial").write_bytes(b"half")
    assert list(staging.finished()) == [staging.jobs()[2]]
    write_config("axiomatic", small(), tmp_path)
    assert contents(tmp_path) == reference


def test_a_complete_build_is_left_as_it_is_unless_a_file_is_missing(tmp_path, reference):
    summaries = write_config("axiomatic", small(), tmp_path)
    before = {name: stamp(tmp_path, NAME, name) for name in reference}
    assert write_config("axiomatic", small(), tmp_path) == summaries
    assert {name: stamp(tmp_path, NAME, name) for name in reference} == before
    (tmp_path / NAME / "train-00001-of-00004.parquet").unlink()
    assert write_config("axiomatic", small(), tmp_path) == summaries
    assert contents(tmp_path) == reference


def test_an_earlier_build_stays_until_the_new_one_is_complete(tmp_path, reference, monkeypatch):
    write_config("axiomatic", small(), tmp_path)
    write, written = Staging.write, []

    def third_fails(self, split, shard):
        if len(written) == 2:
            raise OSError("no space left on device")
        written.append(shard)
        return write(self, split, shard)

    monkeypatch.setattr(Staging, "write", third_fails)
    with pytest.raises(OSError, match="no space left"):
        write_config("axiomatic", small(seed=1), tmp_path)
    assert contents(tmp_path) == reference
    monkeypatch.undo()
    assert len(Staging(Folder.at(tmp_path), "axiomatic", small(seed=1)).finished()) == 2
    write_config("axiomatic", small(seed=1), tmp_path)
    assert json.loads(contents(tmp_path)[MANIFEST])["seed"] == 1
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


def test_shards_that_landed_on_another_machine_are_missed(tmp_path):
    staging = begin(tmp_path, small(), 5)
    done = staging.finished()
    Path(staging.partial.path, "data", "train-00002-of-00004.parquet").unlink()
    with pytest.raises(FileNotFoundError, match="'train-00002-of-00004.parquet' and 0 other files are not in"):
        staging.publish({}, done)
    assert not staging.final.exists()
