"""Several builds at once in one folder, and builds whose files were damaged."""

import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from hf_causal.cli import main
from hf_causal.corpora import get_config
from hf_causal.corpora.atomic_build import MANIFEST, Staging, read_rows_digest
from hf_causal.corpora.build import build
from hf_causal.corpora.parquet import write_config
from hf_causal.utils.files import Folder

NAME = "transitivity_occ"
SMALL = {"rows": 800, "validation_rows": 400, "rows_per_shard": 400}


def small(**options):
    return get_config("axiomatic", NAME, **{**SMALL, **options})


def contents(folder):
    return {path.name: path.read_bytes() for path in (Path(folder) / NAME).iterdir()}


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reference")
    write_config("axiomatic", small(), folder)
    return contents(folder)


def test_equal_builds_at_once_all_succeed(tmp_path, reference):
    options = [f"--{name.replace('_', '-')}={value}" for name, value in SMALL.items()]
    command = [sys.executable, "-m", "hf_causal.cli", "build", "axiomatic", "--config", NAME, *options]
    builds = [
        subprocess.Popen([*command, "--num-proc", "1", "--out", str(tmp_path)], stdout=subprocess.DEVNULL)
        for _ in range(3)
    ]
    assert [process.wait() for process in builds] == [0, 0, 0]
    assert contents(tmp_path) == reference
    assert sorted(path.name for path in tmp_path.iterdir()) == ["README.md", NAME]


def test_a_build_of_another_seed_waits_and_takes_nothing_from_the_running_one(tmp_path, monkeypatch):
    write, waiting, second = Staging.write, threading.Event(), []
    monkeypatch.setattr(Staging, "_tell_waiting", lambda self: waiting.set())

    def slow(self, split, shard):
        if self.config.seed == 0 and not second:
            second.append(threading.Thread(target=write_config, args=("axiomatic", small(seed=1), tmp_path)))
            second[0].start()
            assert waiting.wait(60)
        assert self.config.seed == 0 or json.loads((tmp_path / NAME / MANIFEST).read_text())["seed"] == 0
        return write(self, split, shard)

    monkeypatch.setattr(Staging, "write", slow)
    write_config("axiomatic", small(), tmp_path)
    second[0].join()
    assert json.loads(contents(tmp_path)[MANIFEST])["seed"] == 1
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


def test_two_equal_builds_write_each_shard_once(tmp_path, monkeypatch, reference):
    write, waiting, threads, written = Staging.write, threading.Event(), [], []
    monkeypatch.setattr(Staging, "_tell_waiting", lambda self: waiting.set())

    def counted(self, split, shard):
        if not threads:
            threads.append(threading.Thread(target=write_config, args=("axiomatic", small(), tmp_path)))
            threads[0].start()
            assert waiting.wait(60)
        written.append((split, shard))
        return write(self, split, shard)

    monkeypatch.setattr(Staging, "write", counted)
    write_config("axiomatic", small(), tmp_path)
    threads[0].join()
    assert len(written) == len(set(written)) == 3 and contents(tmp_path) == reference


def flip_a_byte(path, position):
    content = bytearray(path.read_bytes())
    content[position] ^= 255
    path.write_bytes(content)


@pytest.mark.parametrize("position", [100, -200, 0.5])
@pytest.mark.parametrize("name", ["train-00001-of-00002.parquet", "validation-00000-of-00001.parquet"])
def test_a_damaged_file_of_the_right_size_is_built_again(name, position, tmp_path, reference):
    write_config("axiomatic", small(), tmp_path)
    path = tmp_path / NAME / name
    flip_a_byte(path, int(path.stat().st_size * position) if isinstance(position, float) else position)
    damaged = read_rows_digest(path)
    (tmp_path / "undamaged.parquet").write_bytes(reference[name])
    right = read_rows_digest(tmp_path / "undamaged.parquet")
    write_config("axiomatic", small(), tmp_path)
    # Some bytes, such as statistics of a page, are no part of the rows, which the manifest's SHA-256 is about.
    assert damaged == right or contents(tmp_path) == reference
    assert read_rows_digest(path) == right
    assert position != 100 or damaged != right


def test_a_finished_shard_that_was_damaged_is_written_again(tmp_path, reference):
    staging = Staging(Folder.at(tmp_path), "axiomatic", small())
    for job in staging.jobs():
        staging.write(*job)
    flip_a_byte(Path(staging.partial.path, "data", staging.file_name(*staging.jobs()[0])), 300)
    Path(staging.partial.path, "records", f"{staging.file_name(*staging.jobs()[1])}.json").write_text("{")
    assert list(staging.finished()) == staging.jobs()[2:]
    write_config("axiomatic", small(), tmp_path)
    assert contents(tmp_path) == reference


BROKEN = ["", "{", "[]", "3", '{"corpus": "axiomatic"}', '{"corpus": "axiomatic", "config": 3, "splits": {}}',
          '{"corpus": "axiomatic", "config": "x", "splits": [1]}', "\x00", '{"a": ' * 5000]  # fmt: skip


@pytest.mark.parametrize("text", BROKEN)
def test_a_broken_manifest_is_built_again(text, tmp_path, reference):
    write_config("axiomatic", small(), tmp_path)
    (tmp_path / NAME / MANIFEST).write_text(text)
    write_config("axiomatic", small(), tmp_path)
    assert contents(tmp_path) == reference


@pytest.mark.parametrize("text", [*BROKEN, '{"corpus": "axiomatic", "config": "../x", "splits": {}}'])
def test_a_broken_manifest_of_another_config_is_named_before_anything_is_built(text, tmp_path, capsys):
    (tmp_path / "transitivity_ts2").mkdir()
    (tmp_path / "transitivity_ts2" / MANIFEST).write_text(text)
    assert main(["build", "axiomatic", "--config", NAME, "--out", str(tmp_path)]) == 2
    shown = capsys.readouterr().err
    assert "transitivity_ts2/manifest.json" in shown and shown.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["transitivity_ts2"]


def test_a_split_that_leads_out_of_its_folder_is_refused(tmp_path):
    build("axiomatic", tmp_path, [NAME], **SMALL)
    path = tmp_path / NAME / MANIFEST
    manifest = json.loads(path.read_text())
    manifest["splits"] = {"../../secret": manifest["splits"]["train"]}
    path.write_text(json.dumps(manifest))
    with pytest.raises(ValueError, match="split '../../secret'"):
        build("axiomatic", tmp_path, ["transitivity_ts2"], rows=400)
