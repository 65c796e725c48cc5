"""The cache of published configs: one build for all processes, complete or absent."""

import signal
import subprocess
import sys
import time

import pytest

from hf_causal import __version__
from hf_causal.corpora import get_config, load
from hf_causal.corpora.parquet import read_manifests

NAME = "transitivity_occ"
SMALL = {"rows": 400, "validation_rows": 400, "rows_per_shard": 100}
LOADER = f"""
import sys, time
from functools import partial
from pathlib import Path
from hf_causal.corpora import atomic_build, get_config, load
load.CACHE = Path(sys.argv[1])
load.get_config = partial(get_config, **{SMALL!r})
write, count = atomic_build.Staging.write, 0
def slow(staging, *job):
    print(*job, flush=True)
    time.sleep(float(sys.argv[2]))
    return write(staging, *job)
atomic_build.Staging.write = slow
print("rows", load.load_corpus("axiomatic", "{NAME}", "train").num_rows, flush=True)
"""


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr(load, "CACHE", tmp_path)
    monkeypatch.setattr(load, "get_config", lambda corpus, name: get_config(corpus, name, **SMALL))
    return tmp_path


def start_loader(folder, seconds_per_shard):
    command = [sys.executable, "-c", LOADER, str(folder), str(seconds_per_shard)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_a_config_is_built_once(cache, monkeypatch):
    rows = load.load_corpus("axiomatic", NAME, "train")
    folder = cache / __version__ / "axiomatic"
    assert rows.num_rows == 400 and [manifest["config"] for manifest in read_manifests(folder)] == [NAME]
    monkeypatch.setattr(load, "write_config", None)  # any use would fail
    assert load.load_corpus("axiomatic", NAME, "train").equals(rows)
    assert load.load_corpus("axiomatic", NAME, "validation").num_rows == 400


def test_the_cache_holds_the_rows_of_a_build(cache, tmp_path):
    from hf_causal.corpora.build import build

    build("axiomatic", tmp_path / "built", [NAME], **SMALL)
    cached = load.load_corpus("axiomatic", NAME, "train")
    assert cached.equals(load.load_corpus("axiomatic", NAME, "train", tmp_path / "built"))


def test_two_processes_at_once_share_one_build(tmp_path):
    loaders = [start_loader(tmp_path, 0.2) for _ in range(2)]
    outputs = [loader.communicate(timeout=120) for loader in loaders]
    assert [loader.returncode for loader in loaders] == [0, 0], outputs
    lines = "".join(output for output, _ in outputs).splitlines()
    assert lines.count("rows 400") == 2
    assert len(lines) == 2 + 4 + 4  # each shard was written by one of them


def test_after_a_kill_the_next_process_resumes(tmp_path):
    killed = start_loader(tmp_path, 1)
    for _ in range(3):  # the third shard begins when two are written
        killed.stdout.readline()
    waiting = start_loader(tmp_path, 0)
    time.sleep(0.2)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert not (tmp_path / __version__ / "axiomatic" / NAME).exists()
    output, errors = waiting.communicate(timeout=120)
    assert waiting.returncode == 0, errors
    lines = output.splitlines()
    assert lines[-1] == "rows 400" and len(lines) == 1 + 8 - 2
    assert not list((tmp_path / __version__ / "axiomatic").glob(".*.partial"))
